// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes

/// The fields this library looks at, so that one walk over a message's fields finds them all.
enum FieldKind: UInt8 {
    case other
    case age, authorization, cacheControl, connection, contentLength, contentRange, contentType, date, etag, expires
    case ifMatch, ifModifiedSince, ifNoneMatch, ifRange, ifUnmodifiedSince
    case lastModified, pragma, range, setCookie, vary

    init(_ name: HTTPField.Name) {
        let text = name.canonicalName
        self = .other
        // The length is known without a walk; most names end here.
        switch text.utf8.count {
        case 3: if text == "age" { self = .age }
        case 4:
            if text == "date" { self = .date } else if text == "etag" { self = .etag } else if text == "vary" { self = .vary }
        case 5: if text == "range" { self = .range }
        case 6: if text == "pragma" { self = .pragma }
        case 7: if text == "expires" { self = .expires }
        case 8: if text == "if-match" { self = .ifMatch } else if text == "if-range" { self = .ifRange }
        case 10: if text == "connection" { self = .connection } else if text == "set-cookie" { self = .setCookie }
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
        case 14: if text == "content-length" { self = .contentLength }
        case 17: if text == "if-modified-since" { self = .ifModifiedSince }
        case 19: if text == "if-unmodified-since" { self = .ifUnmodifiedSince }
        default: break
        }
    }
}
