// swift-tools-version: 6.1
import PackageDescription

// `swift run --package-path Examples Tour` and `… Callbacks`: nothing but the library and the standard library.
let package = Package(
    name: "Examples",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "gyre", path: "..")],
    targets: [
        .executableTarget(name: "Tour", dependencies: [.product(name: "CyclicStore", package: "gyre")]),
        .executableTarget(name: "Callbacks", dependencies: [.product(name: "CyclicStore", package: "gyre")]),
    ],
    swiftLanguageModes: [.v6]
)
