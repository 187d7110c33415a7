// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same rules: Swift 6 concurrency, strict memory safety, no warning left standing.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableExperimentalFeature("Lifetimes"),
    // Debug builds, and with them all tests and sanitizer runs, look for overlapping accesses to a property at run time.
    // In a release build that would be 57 calls of the runtime for each small request, a tenth of its instructions.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// A room of the house (docs/architecture.md). What it may import is what it depends on here, and nothing else.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "zmq-gateway",
    products: [.executable(name: "zmq-gateway", targets: ["zmq-gateway"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CJansson", providers: [.apt(["libjansson-dev"])]),
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CGnuTLS", providers: [.apt(["libgnutls28-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CMimalloc", providers: [.apt(["libmimalloc-dev"])]),

        room("Basics"),
        room("Reactors", ["CLinux", "CMimalloc"]),
        room("ZeroMQ", ["Basics", "CZeroMQ"]),
        room("HTTP", ["CMicroHTTPD"]),
        room("WebSocket", ["CZlib", "CGnuTLS"]),
        room("JSON", ["CJansson"]),
        room("Bridge", ["Basics"]),
        room("Configuration", ["CYAML", "JSON"]),
        room("Contract", ["Basics", "JSON", "Bridge", "Configuration"]),
        room(
            "Operations",
            ["Basics", "Reactors", "ZeroMQ", "HTTP", "JSON", "Bridge", "Configuration", "Contract", logging]),
        room(
            "Services",
            ["Basics", "Reactors", "ZeroMQ", "JSON", "Bridge", "Configuration", "Contract", "Operations", logging]),
        room(
            "Web",
            [
                "Basics", "Reactors", "ZeroMQ", "HTTP", "WebSocket", "JSON", "Bridge", "Configuration", "Contract",
                "Operations", "Services",
            ]),
        room(
            "Gateway",
            [
                "Basics", "Reactors", "ZeroMQ", "HTTP", "JSON", "Bridge", "Configuration", "Contract", "Operations",
                "Services", "Web", logging,
            ]),
        .executableTarget(
            name: "zmq-gateway",
            dependencies: ["Gateway", "Configuration", argumentParser, logging],
            swiftSettings: strict),

        // The yardstick of `make bench`: libmicrohttpd alone in the same reactor.
        .executableTarget(
            name: "bench-hello", dependencies: ["Reactors", "CMicroHTTPD"], path: "Tests/Benchmarks/hello",
            swiftSettings: strict),

        tests("BasicsTests", ["Basics"]),
        tests("ReactorsTests", ["Reactors"]),
        tests("ZeroMQTests", ["ZeroMQ"]),
        tests("HTTPTests", ["HTTP", "Reactors"]),
        tests("WebSocketTests", ["WebSocket"]),
        tests("JSONTests", ["JSON"]),
        tests("BridgeTests", ["Bridge"]),
        tests("ConfigurationTests", ["Configuration"]),
        tests("GatewayTests", ["Gateway", "Basics", "Contract", "Operations", "Services", "Web", logging]),
        tests("ArchitectureTests", []),
    ]
)
