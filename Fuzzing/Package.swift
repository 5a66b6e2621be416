// swift-tools-version: 6.1
import PackageDescription

// A package of its own: libFuzzer instruments everything that it looks into, and its flags are for no other build.
let fuzzing: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"]),
]

let package = Package(
    name: "fuzzing",
    platforms: [.macOS(.v15)],
    targets: [
        // Links to the sources of the main package.
        .target(name: "HTTPWire", swiftSettings: fuzzing),
        .target(name: "HTTPWireTestSupport", dependencies: ["HTTPWire"], swiftSettings: fuzzing),
        .executableTarget(
            name: "FuzzRequestPath",
            dependencies: ["HTTPWireTestSupport"],
            swiftSettings: fuzzing,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]
        ),
    ],
    swiftLanguageModes: [.v6]
)
