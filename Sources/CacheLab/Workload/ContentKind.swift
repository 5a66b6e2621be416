// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One kind of content: how often it is new, how large, how often it may be cached, how long it stays as it is.
///
/// The numbers are those of Web Polygraph's PolyMix-4 (`workloads/include/contents.pg`).
package enum ContentKind: String, CaseIterable, Sendable {
    case image
    case html
    case download
    case other

    /// Share of the objects.
    package var share: Double {
        switch self {
        case .image: 0.65
        case .html: 0.15
        case .download: 0.005
        case .other: 0.195
        }
    }

    /// Bytes of an object.
    package var bytes: Distribution {
        switch self {
        case .image: .exponential(mean: 4.5 * 1024)
        case .html: .exponential(mean: 8.5 * 1024)
        case .download: .logNormal(mean: 300 * 1024, deviation: 300 * 1024)
        case .other: .logNormal(mean: 25 * 1024, deviation: 10 * 1024)
        }
    }

    /// Chance that an object may be stored by a shared cache.
    package var cachable: Double {
        switch self {
        case .image: 0.8
        case .html: 0.9
        case .download: 0.95
        case .other: 0.72
        }
    }

    /// Days from one change to the next.
    package var lifeDays: Distribution {
        switch self {
        case .image: .logNormal(mean: 30, deviation: 7)
        case .html: .logNormal(mean: 7, deviation: 1)
        case .download: .logNormal(mean: 182.5, deviation: 30)
        case .other: .uniform(1...365)
        }
    }

    /// End of the URL's path.
    package var suffix: String {
        switch self {
        case .image: "gif"
        case .html: "html"
        case .download: "zip"
        case .other: "dat"
        }
    }

    package var mediaType: String {
        switch self {
        case .image: "image/gif"
        case .html: "text/html"
        case .download: "application/zip"
        case .other: "application/octet-stream"
        }
    }

    /// Of all objects.
    package static var meanBytes: Double {
        allCases.reduce(0) { sum, kind in
            switch kind.bytes {
            case .exponential(let mean), .logNormal(let mean, _): sum + kind.share * mean
            default: sum
            }
        }
    }
}
