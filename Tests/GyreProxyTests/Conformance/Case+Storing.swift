// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTestKit

extension Case {
    private static let minute: FieldLines = ["Cache-Control": "max-age=60"]

    static let storing: [Case] = [
        Case(
            "RFC 9111 §3.5",
            "the answer to Authorization is not shared",
            .origin(ok(minute), sends: ["Authorization": "x"]),
            .origin(ok(minute, "two"), text: "two")
        ),
        Case(
            "RFC 9111 §3.5",
            "public shares it",
            .origin(ok(["Cache-Control": "public, max-age=60"]), sends: ["Authorization": "x"]),
            .cache(text: "one")
        ),
        Case(
            "RFC 9111 §3.5",
            "s-maxage shares it",
            .origin(ok(["Cache-Control": "s-maxage=60"]), sends: ["Authorization": "x"]),
            .cache(text: "one")
        ),
        Case(
            "RFC 9111 §3.5",
            "must-revalidate shares it",
            .origin(ok(["Cache-Control": "max-age=60, must-revalidate"]), sends: ["Authorization": "x"]),
            .cache(text: "one")
        ),
        Case(
            "RFC 9111 §3.5",
            "what is stored answers requests with Authorization",
            .origin(ok(minute)),
            .cache(sends: ["Authorization": "x"], text: "one")
        ),
        Case(
            "RFC 9111 §3.1",
            "hop-by-hop fields and those that Connection names are not stored",
            .origin(
                ok([
                    "Cache-Control": "max-age=60", "Connection": "X-A, x-b", "X-A": "1", "X-B": "2", "X-C": "3", "Keep-Alive": "timeout=5",
                    "Proxy-Authenticate": "Basic", "Proxy-Authentication-Info": "a=1", "Proxy-Authorization": "b", "TE": "x",
                    "Upgrade": "h2c", "Proxy-Connection": "x",
                ])
            ),
            .cache(
                text: "one",
                shows: ["X-C": "3"],
                lacks: [
                    "X-A", "X-B", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization", "TE", "Upgrade",
                    "Proxy-Connection",
                ]
            )
        ),
        Case(
            "RFC 9111 §3.1",
            "all other fields are stored, known or not",
            .origin(
                ok([
                    "Cache-Control": "max-age=60", "Set-Cookie": "a=b", "Content-Type": "x/y", "Content-Language": "sv", "X-Foo": "a, b",
                    "Clear-Site-Data": "\"cache\"", "Content-Disposition": "attachment", "Content-Security-Policy": "default-src 'self'",
                    "Content-MD5": "x", "Set-Cookie2": "c", "Public-Key-Pins": "p", "X-Frame-Options": "DENY",
                ])
            ),
            .cache(
                text: "one",
                shows: [
                    "Set-Cookie": "a=b", "Content-Type": "x/y", "Content-Language": "sv", "X-Foo": "a, b", "Clear-Site-Data": "\"cache\"",
                    "Content-Disposition": "attachment", "Content-Security-Policy": "default-src 'self'", "Content-MD5": "x",
                    "Set-Cookie2": "c", "Public-Key-Pins": "p", "X-Frame-Options": "DENY",
                ]
            )
        ),
        Case(
            "RFC 9111 §3.3",
            "a body cut short is not reused",
            .origin(ok(minute, "0123456789").cut(afterBodyBytes: 3), breaks: true),
            .origin(ok(minute, "two"), text: "two")
        ),
        Case(
            "RFC 9112 §7.1",
            "a chunked body without its end is not reused",
            .origin(.response(200, minute, body: ["abc"], framing: .chunked).cut(afterBodyBytes: 2), breaks: true),
            .origin(ok(minute, "two"), text: "two")
        ),
        Case(
            "RFC 9112 §6.3",
            "a body that ends with the connection is reused",
            .origin(.response(200, minute, body: "abc", framing: .untilClose)),
            .cache(text: "abc", shows: ["Content-Length": "3"])
        ),
        Case(
            "RFC 9110 §15.2",
            "103 passes through and is not stored",
            .origin(ok(minute).interim(103, ["Link": "</a>"]), text: "one", lacks: ["Link"], interim: [103]),
            .cache(text: "one", lacks: ["Link"])
        ),
        Case(
            "RFC 9110 §15.2",
            "102 passes through and is not stored",
            .origin(ok(minute).interim(102, ["X-Interim": "1"]), text: "one", lacks: ["X-Interim"], interim: [102]),
            .cache(text: "one", lacks: ["X-Interim"])
        ),
        Case(
            "RFC 9111 §2",
            "the query is part of the key",
            .origin(ok(minute), target: "/r?a=1"),
            .origin(ok(minute, "two"), target: "/r?a=2", text: "two"),
            .cache(target: "/r?a=1", text: "one")
        ),
        Case(
            "RFC 9111 §7.3",
            "cookies of a request do not matter",
            .origin(ok(minute), sends: ["Cookie": "a=1"]),
            .cache(sends: ["Cookie": "a=2"], text: "one")
        ),
    ]

    static let requests: [Case] = [
        Case(
            "RFC 9111 §5.2.1.1",
            "max-age=0 of a request",
            .origin(ok(minute)),
            .origin(ok(minute, "two"), sends: ["Cache-Control": "max-age=0"], text: "two")
        ),
        Case(
            "RFC 9111 §5.2.1.1",
            "an age within max-age of a request",
            .origin(ok(["Cache-Control": "max-age=3600", "Age": "10"])),
            .cache(sends: ["Cache-Control": "max-age=600"], text: "one")
        ),
        Case(
            "RFC 9111 §5.2.1.1",
            "an age beyond max-age of a request",
            .origin(ok(["Cache-Control": "max-age=3600", "Age": "1000"])),
            .origin(ok(minute, "two"), sends: ["Cache-Control": "max-age=600"], text: "two")
        ),
        Case(
            "RFC 9111 §5.2.1.2",
            "max-stale takes a stale response",
            .origin(ok(["Cache-Control": "max-age=60", "Age": "100", "ETag": "\"a\""])),
            .cache(sends: ["Cache-Control": "max-stale=1000"], text: "one", shows: ["Age": "100"])
        ),
        Case(
            "RFC 9111 §5.2.1.2",
            "max-stale without a value takes any",
            .origin(ok(["Cache-Control": "max-age=60", "Age": "100000", "ETag": "\"a\""])),
            .cache(sends: ["Cache-Control": "max-stale"], text: "one")
        ),
        Case(
            "RFC 9111 §5.2.1.2",
            "too stale for max-stale",
            .origin(ok(["Cache-Control": "max-age=60", "Age": "1000", "ETag": "\"a\""])),
            .origin(ok(minute, "two"), sends: ["Cache-Control": "max-stale=10"], text: "two")
        ),
        Case(
            "RFC 9111 §5.2.1.3",
            "fresh for min-fresh",
            .origin(ok(["Cache-Control": "max-age=3600"])),
            .cache(sends: ["Cache-Control": "min-fresh=60"], text: "one")
        ),
        Case(
            "RFC 9111 §5.2.1.3",
            "not fresh for min-fresh",
            .origin(ok(["Cache-Control": "max-age=3600", "Age": "3000"])),
            .origin(ok(minute, "two"), sends: ["Cache-Control": "min-fresh=1000"], text: "two")
        ),
        Case(
            "RFC 9111 §5.2.1.4",
            "no-cache of a request validates",
            .origin(ok(["Cache-Control": "max-age=60", "ETag": "\"a\""])),
            .validated(
                .response(304),
                sends: ["Cache-Control": "no-cache"],
                status: 200,
                text: "one",
                originSees: ["If-None-Match": "\"a\""]
            )
        ),
        Case(
            "RFC 9111 §5.4",
            "Pragma: no-cache of a request validates",
            .origin(ok(["Cache-Control": "max-age=60", "ETag": "\"a\""])),
            .validated(.response(304), sends: ["Pragma": "no-cache"], status: 200, text: "one")
        ),
        Case(
            "RFC 9111 §5.4",
            "Pragma counts not beside Cache-Control",
            .origin(ok(minute)),
            .cache(sends: ["Pragma": "no-cache", "Cache-Control": "x=y"], text: "one")
        ),
        Case(
            "RFC 9111 §5.2.1.5",
            "no-store of a request: not stored",
            .origin(ok(minute), sends: ["Cache-Control": "no-store"]),
            .origin(ok(minute, "two"), text: "two")
        ),
        Case(
            "RFC 9111 §5.2.1.7",
            "only-if-cached: stored",
            .origin(ok(minute)),
            .cache(sends: ["Cache-Control": "only-if-cached"], text: "one")
        ),
        Case("RFC 9111 §5.2.1.7", "only-if-cached: 504", .cache(sends: ["Cache-Control": "only-if-cached"], status: 504)),
        Case(
            "RFC 9111 §5.2.1.7",
            "only-if-cached: 504 when stale",
            .origin(ok(["Cache-Control": "max-age=0", "ETag": "\"a\""])),
            .cache(sends: ["Cache-Control": "only-if-cached"], status: 504)
        ),
    ]

    static let targeted: [Case] = [
        Case(
            "RFC 9213 §2.2",
            "CDN-Cache-Control outranks Cache-Control",
            .origin(ok(["CDN-Cache-Control": "max-age=60", "Cache-Control": "no-store"]), shows: ["CDN-Cache-Control": "max-age=60"]),
            .cache(text: "one")
        ),
        Case(
            "RFC 9213 §2.2",
            "and forbids what Cache-Control permits",
            .origin(ok(["CDN-Cache-Control": "no-store", "Cache-Control": "max-age=60"])),
            .origin(ok([:], "two"), text: "two")
        ),
        Case(
            "RFC 9213 §2.2",
            "max-age=0 is stale at once",
            .origin(ok(["CDN-Cache-Control": "max-age=0", "Cache-Control": "max-age=60"])),
            .origin(ok([:], "two"), text: "two")
        ),
        Case(
            "RFC 9213 §2.2",
            "it outranks Expires",
            .origin(ok(["CDN-Cache-Control": "max-age=60", "Expires": "0"])),
            .cache(text: "one")
        ),
        Case(
            "RFC 9213 §2.2",
            "private is obeyed",
            .origin(ok(["CDN-Cache-Control": "private, max-age=60", "Cache-Control": "max-age=60"])),
            .origin(ok([:], "two"), text: "two")
        ),
        Case(
            "RFC 9213 §2.1",
            "a field that does not parse counts not",
            .origin(ok(["CDN-Cache-Control": "max-age=,,60", "Cache-Control": "max-age=60"])),
            .cache(text: "one")
        ),
        Case(
            "RFC 9213 §2.1",
            "an empty field counts not",
            .origin(ok(["CDN-Cache-Control": "", "Cache-Control": "max-age=60"])),
            .cache(text: "one")
        ),
        Case(
            "RFC 9213 §2.1",
            "parameters mean nothing",
            .origin(ok(["CDN-Cache-Control": "max-age=60;x=1, foo=(1 2)"])),
            .cache(text: "one")
        ),
        Case(
            "RFC 9213 §2.1",
            "a value of another type is the least generous",
            .origin(ok(["CDN-Cache-Control": "max-age=\"60\""])),
            .origin(ok([:], "two"), text: "two")
        ),
    ]
}
