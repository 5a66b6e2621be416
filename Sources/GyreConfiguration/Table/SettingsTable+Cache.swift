// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension SettingsTable {
    static let cache: [Setting] = [
        Setting(
            "cache.heuristic-fraction",
            \.cache.heuristicFraction,
            .fraction(SettingLimits.heuristicFraction),
            default: "0.1",
            "Part of an object's age at its arrival for which it is fresh when the origin does not say (RFC 9111, 4.2.2)"
        ),
        Setting(
            "cache.heuristic-max",
            \.cache.heuristicMax,
            .duration(SettingLimits.heuristicLifetime),
            default: "1d",
            "Longest freshness that is found so"
        ),
        Setting(
            "cache.max-object-size",
            \.cache.maxObjectSize,
            .size(SettingLimits.object),
            default: "1GiB",
            "Largest object that is stored; a larger one is passed through"
        ),
        Setting(
            "cache.default-ttl",
            \.cache.defaultTTL,
            .duration(SettingLimits.freshness),
            default: "0s",
            "Freshness of a response that says nothing and has no Last-Modified"
        ),
        Setting(
            "cache.min-ttl",
            \.cache.minTTL,
            .duration(SettingLimits.freshness),
            default: "0s",
            "No freshness that the origin gave is shorter, but none at all stays none; above 0s it departs from RFC 9111, 4.2"
        ),
        Setting(
            "cache.max-ttl",
            \.cache.maxTTL,
            .duration(SettingLimits.freshness),
            default: "365d",
            "No freshness is longer"
        ),
        Setting(
            "cache.max-error-ttl",
            \.cache.maxErrorTTL,
            .duration(SettingLimits.freshness),
            default: "10m",
            "No freshness of a 4xx or 5xx response is longer"
        ),
        Setting(
            "cache.jitter",
            \.cache.jitter,
            .fraction(SettingLimits.heuristicFraction),
            default: "0",
            "Greatest part by which freshness is shortened at random, so that objects stored together do not expire together"
        ),
        Setting(
            "cache.grace",
            \.cache.grace,
            .duration(SettingLimits.freshness),
            default: "0s",
            "For how long after expiry a response is served while it is validated behind it, where the origin does not forbid it"
        ),
        Setting(
            "cache.keep",
            \.cache.keep,
            .duration(SettingLimits.freshness),
            default: "7d",
            "For how long after expiry a response is kept for a cheap 304; one that may be served stale for longer is kept longer"
        ),
        Setting(
            "cache.stale-while-revalidate",
            \.cache.staleWhileRevalidate,
            .duration(SettingLimits.freshness),
            default: "0s",
            "The stale-while-revalidate of responses that have none (RFC 5861, 3)"
        ),
        Setting(
            "cache.stale-if-error",
            \.cache.staleIfError,
            .duration(SettingLimits.freshness),
            default: "0s",
            "The stale-if-error of responses that have none (RFC 5861, 4)"
        ),
        Setting(
            "cache.stale-unreachable",
            \.cache.staleUnreachable,
            .duration(SettingLimits.freshness),
            default: "1d",
            "For how long after expiry a response is served when the origin cannot be reached at all (RFC 9111, 4.2.4)"
        ),
        Setting(
            "cache.error-backoff",
            \.cache.errorBackoff,
            .duration(SettingLimits.freshness),
            default: "1s",
            "For how long the origin is not asked again about a stale response that was served because it failed; 0s asks each time"
        ),
        Setting(
            "cache.request-directives",
            \.cache.requestDirectives,
            .boolean,
            default: "true",
            "Whether no-cache, max-age, min-fresh and max-stale of requests count (RFC 9111, 5.2.1)"
        ),
        Setting(
            "cache.targeted-fields",
            \.cache.targetedFields,
            .words("fields", example: "CDN-Cache-Control"),
            default: "CDN-Cache-Control",
            "Fields that replace Cache-Control for this cache, the first that is there counts (RFC 9213)"
        ),
        Setting(
            "cache.set-cookie",
            \.cache.setCookie,
            .choice("a rule for Set-Cookie"),
            default: "store-when-explicit",
            "What is done with a response that sets a cookie"
        ),
        Setting(
            "cache.deception-guard",
            \.cache.deceptionGuard,
            .boolean,
            default: "false",
            "Whether a page that answers under the name of a static file is not stored"
        ),
        Setting(
            "cache.max-ranges",
            \.cache.maxRanges,
            .count(SettingLimits.ranges),
            default: "16",
            "Most parts of an answer to a request for several ranges; for more the whole is sent"
        ),
        Setting(
            "cache.pass-time",
            \.cache.passTime,
            .duration(SettingLimits.freshness),
            default: "60s",
            "For how long requests do not wait for each other after a response that could not be shared"
        ),
        Setting(
            "cache.collapse-buffer",
            \.cache.collapseBuffer,
            .size(SettingLimits.collapseBuffer),
            default: "8MiB",
            "Bytes of a response under way that are kept for requests that join it late"
        ),
        Setting(
            "cache.sort-query",
            \.cache.sortQuery,
            .boolean,
            default: "false",
            "Whether query parameters are sorted by name, in the key and towards the origin"
        ),
        Setting(
            "cache.strip-query",
            \.cache.stripQuery,
            .words("parameters", example: "utm_*, fbclid"),
            default: "none",
            "Query parameters that are left out, in the key and towards the origin; a name may end in *"
        ),
        Setting(
            "cache.allow-query",
            \.cache.allowQuery,
            .words("parameters", example: "page, q", none: "all"),
            default: "all",
            "The only query parameters that are kept; a name may end in *"
        ),
        Setting(
            "cache.status-key",
            \.cache.statusKey,
            .boolean,
            default: "false",
            "Whether Cache-Status tells the key (RFC 9211, 2.7): it makes answers larger, and shows what is in it to every client"
        ),
        Setting(
            "cache.purge-clients",
            \.cache.purgeClients,
            .words("addresses", example: "127.0.0.0/8, ::1"),
            default: "127.0.0.0/8, ::1",
            "Addresses that may use the PURGE method"
        ),
    ]
}
