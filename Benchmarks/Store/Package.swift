// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import PackageDescription

let package = Package(
    name: "store-bench",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "gyre", path: "../..", traits: ["IOUring"])],
    targets: [
        .executableTarget(
            name: "store-bench",
            dependencies: [.product(name: "CyclicStore", package: "gyre")],
            path: "Sources/StoreBench",
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")]
        )
    ],
    swiftLanguageModes: [.v6]
)
