// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built the same way: Swift 6 language mode, unsafe code named where it stands,
/// and no warning left to rot.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Tests hold raw sockets and C buffers by the dozen; marking each use `unsafe` would hide the test.
let testSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "lb",
    products: [
        .executable(name: "lbd", targets: ["lbd"]),
        .executable(name: "lbctl", targets: ["lbctl"]),
        // Preloaded into lbd by a test; nothing links to it.
        .library(name: "AllocationCounter", type: .dynamic, targets: ["AllocationCounter"]),
    ],
    targets: [
        // The kernel's interface and the C libraries that distributions keep.
        .target(name: "CLinux", linkerSettings: [.linkedLibrary("resolv")]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        .target(name: "HTTPWire", swiftSettings: settings),
        .target(name: "Model", swiftSettings: settings),
        .target(name: "Proxy", dependencies: ["CLinux", "HTTPWire", "Model"], swiftSettings: settings),
        .target(name: "AdminAPI", dependencies: ["HTTPWire", "Model", "CSQLite", "CCrypto"], swiftSettings: settings),
        .executableTarget(name: "lbctl", dependencies: ["HTTPWire", "Model"], swiftSettings: settings),
        .executableTarget(
            name: "lbd",
            dependencies: ["Proxy", "AdminAPI", "Model", "CYAML"],
            swiftSettings: settings
        ),

        // What `make bench` runs; part of no product.
        .executableTarget(
            name: "lb-bench",
            dependencies: ["Proxy", "HTTPWire", "Model"],
            path: "bench/Micro",
            swiftSettings: testSettings
        ),
        // What `bench/balancing` runs; part of no product.
        .executableTarget(
            name: "lb-comparison",
            dependencies: ["Simulator", "Proxy", "Model"],
            path: "bench/Comparison",
            swiftSettings: testSettings
        ),

        .target(
            name: "Simulator",
            dependencies: ["Proxy", "HTTPWire", "Model"],
            path: "Tests/Simulator",
            swiftSettings: settings
        ),
        // What `make sim` runs; part of no product.
        .executableTarget(name: "lb-sim", dependencies: ["Simulator"], path: "Tests/Sim", swiftSettings: testSettings),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .testTarget(name: "HTTPWireTests", dependencies: ["HTTPWire"], swiftSettings: testSettings),
        .testTarget(name: "ModelTests", dependencies: ["Model"], swiftSettings: testSettings),
        .testTarget(
            name: "ProxyTests",
            dependencies: ["Proxy", "CLinux", "HTTPWire", "Model"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "AdminAPITests",
            dependencies: ["AdminAPI", "HTTPWire", "Model", "lbd"],
            swiftSettings: testSettings
        ),
        .testTarget(name: "lbctlTests", dependencies: ["lbctl"], swiftSettings: testSettings),
        .testTarget(name: "lbdTests", dependencies: ["lbd", "AdminAPI", "Model"], swiftSettings: testSettings),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Simulator", "Proxy", "HTTPWire", "Model"],
            swiftSettings: testSettings
        ),
        // The fuzzer's targets with the inputs that are kept; fuzz/build.sh builds the fuzzer itself.
        .testTarget(
            name: "FuzzTests",
            dependencies: ["Simulator", "Proxy", "HTTPWire", "Model", "AdminAPI", "lbd", "lbctl"],
            path: "fuzz",
            exclude: ["Driver", "build.sh", "run.sh", "corpus", "crashes"],
            sources: ["Targets", "Tests"],
            swiftSettings: testSettings
        ),
        .testTarget(name: "EndToEndTests", dependencies: ["lbd", "lbctl"], swiftSettings: testSettings),
        .testTarget(name: "TidyTests", swiftSettings: testSettings),
    ]
)
