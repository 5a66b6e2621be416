// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes

/// The fields this library looks at, so that one walk over a message's fields finds them all.
enum FieldKind: UInt8 {
    case other
    case age, authorization, cacheControl, connection, contentLength, contentRange, contentType, date, etag, expires
    case ifMatch, ifModifiedSince, ifNoneMatch, ifRange, ifUnmodifiedSince
    case lastModified, pragma, range, setCookie, vary
    case http2Settings, keepAlive, proxyAuthenticate, proxyAuthenticationInfo, proxyAuthorization, proxyConnection, te, trailer
    case transferEncoding, upgrade

    init(_ name: HTTPField.Name) { self.init(name.canonicalName) }

    /// - Parameter text: The name in lower case.
    init(_ text: String) {
        self = .other
        // The length is known without a walk; most names end here.
        switch text.utf8.count {
        case 2: if text == "te" { self = .te }
        case 3: if text == "age" { self = .age }
        case 4:
            if text == "date" { self = .date } else if text == "etag" { self = .etag } else if text == "vary" { self = .vary }
        case 5: if text == "range" { self = .range }
        case 6: if text == "pragma" { self = .pragma }
        case 7:
            if text == "expires" {
                self = .expires
            } else if text == "upgrade" {
                self = .upgrade
            } else if text == "trailer" {
                self = .trailer
            }
        case 8: if text == "if-match" { self = .ifMatch } else if text == "if-range" { self = .ifRange }
        case 10:
            if text == "connection" {
                self = .connection
            } else if text == "set-cookie" {
                self = .setCookie
            } else if text == "keep-alive" {
                self = .keepAlive
            }
        case 12: if text == "content-type" { self = .contentType }
        case 13:
            if text == "cache-control" {
                self = .cacheControl
            } else if text == "last-modified" {
                self = .lastModified
            } else if text == "authorization" {
                self = .authorization
            } else if text == "if-none-match" {
                self = .ifNoneMatch
            } else if text == "content-range" {
                self = .contentRange
            }
        case 14: if text == "content-length" { self = .contentLength } else if text == "http2-settings" { self = .http2Settings }
        case 16: if text == "proxy-connection" { self = .proxyConnection }
        case 17: if text == "if-modified-since" { self = .ifModifiedSince } else if text == "transfer-encoding" { self = .transferEncoding }
        case 18: if text == "proxy-authenticate" { self = .proxyAuthenticate }
        case 19:
            if text == "if-unmodified-since" {
                self = .ifUnmodifiedSince
            } else if text == "proxy-authorization" {
                self = .proxyAuthorization
            }
        case 25: if text == "proxy-authentication-info" { self = .proxyAuthenticationInfo }
        default: break
        }
    }
}
