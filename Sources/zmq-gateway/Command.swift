// The command line: serve, demo, check and openapi; health is in Health.swift.

import ArgumentParser
import Configuration
import Gateway
import Glibc

@main
struct Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zmq-gateway",
        abstract: "HTTP in front of ZeroMQ services: one request, 0..N replies, and the reason they ended.",
        version: version,
        subcommands: [Serve.self, Demo.self, Check.self, Health.self, OpenAPI.self])

    static func main() {
        HostSystem.openStandardDescriptors()
        let renamed = ConfigurationOverrides.renamedFlags(in: CommandLine.arguments.dropFirst())
        guard renamed.isEmpty else {
            for error in renamed { HostSystem.writeError("\(error)") }
            exit(withError: ExitCode(EX_CONFIG))
        }
        main(nil)
    }
}

/// The flags that override the file and the environment.
struct Settings: ParsableArguments {
    @Option(name: .long, help: "Address to listen on: host:port, [v6]:port or unix:/path; repeatable.")
    var listen: [String] = []

    @Option(help: "Serving threads; 0 for one per core.")
    var reactors: String?

    @Option(name: .customLong("public"), help: "The folder of static files, or off.")
    var publicFolder: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

    @Option(help: "text or json.")
    var logFormat: String?

    @Option(help: "Log a line for each request: on or off.")
    var logAccess: String?

    @Option(help: "How long a shutdown lets exchanges finish, such as 10s.")
    var drain: String?

    var overrides: ConfigurationOverrides {
        var overrides = ConfigurationOverrides()
        overrides.listen = listen
        overrides.reactors = reactors
        overrides.publicFolder = publicFolder
        overrides.logLevel = logLevel
        overrides.logFormat = logFormat
        overrides.access = logAccess
        overrides.drain = drain
        return overrides
    }
}

/// `zmq-gateway serve`.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the gateway.")

    @Option(help: "The configuration file; also ZMQ_GATEWAY_CONFIG.")
    var config: String?

    @Flag(help: "Print the commented default configuration and exit.")
    var printConfig = false

    @OptionGroup var settings: Settings

    func run() throws {
        if printConfig { return print(Configuration.commentedDefault, terminator: "") }
        let loaded = try Files.load(config, settings)
        throw ExitCode(try Gateway.run(loaded.configuration, warnings: loaded.warnings))
    }
}

/// `zmq-gateway demo`.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the gateway with six demo services and their workers; no configuration needed.")

    @OptionGroup var settings: Settings

    func run() throws {
        var configuration = try Files.load(nil, settings, useEnvironment: false).configuration
        configuration.services = Configuration.demo().services
        throw ExitCode(try Gateway.run(configuration, withDemoWorkers: true))
    }
}

/// `zmq-gateway check`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration and print its warnings: exit 0 if it is good, 78 if not.")

    @Option(help: "The configuration file; also ZMQ_GATEWAY_CONFIG.")
    var config: String?

    @OptionGroup var settings: Settings

    func run() throws {
        let loaded = try Files.load(config, settings)
        let configuration = loaded.configuration
        for warning in loaded.warnings { print("warning: \(warning)") }
        for note in Gateway.notes(configuration) { print("\(note.isWarning ? "warning" : "note"): \(note.text)") }
        let services = configuration.services.map(\.name).joined(separator: ", ")
        let routes = configuration.routes.count
        let addresses = configuration.listen.map(\.description).joined(separator: ", ")
        print("good: listens on \(addresses); services: \(services.isEmpty ? "none" : services); routes: \(routes)")
    }
}

/// `zmq-gateway openapi`.
struct OpenAPI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi", abstract: "Print the OpenAPI document of a configuration, or of the demo.")

    @Option(help: "The configuration file; without one, the demo's services are described.")
    var config: String?

    @OptionGroup var settings: Settings

    func run() throws {
        let configuration = config == nil ? Configuration.demo() : try Files.load(config, settings).configuration
        print(Gateway.openAPI(configuration), terminator: "")
    }
}

/// Loads the configuration from file, environment and flags.
enum Files {
    /// Prints the errors together with the warnings, and exits with 78 (EX_CONFIG, sysexits.h) if there are any errors.
    /// Without errors the caller prints or logs the warnings.
    static func load(_ path: String?, _ settings: Settings, useEnvironment: Bool = true) throws -> Loaded {
        let environment = useEnvironment ? HostSystem.environment : [:]
        let path = path ?? environment["ZMQ_GATEWAY_CONFIG"]
        var text = ""
        if let path {
            guard let contents = HostSystem.text(of: path) else {
                printError("\(path): cannot be read; pass an existing UTF-8 text file to --config")
                throw ExitCode(EX_NOINPUT)
            }
            text = contents
        }
        let loaded = Configuration.load(
            text: text, file: path ?? "configuration", environment: environment, overrides: settings.overrides)
        guard loaded.errors.isEmpty else {
            for warning in loaded.warnings { printError("warning: \(warning)") }
            for error in loaded.errors { printError("\(error)") }
            throw ExitCode(EX_CONFIG)
        }
        return loaded
    }

    private static func printError(_ line: String) { HostSystem.writeError(line) }
}
