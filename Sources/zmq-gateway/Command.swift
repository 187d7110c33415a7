// The command: serve, demo, check.

import ArgumentParser
import Configuration
import Gateway

@main
struct Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zmq-gateway",
        abstract: "HTTP in front of ZeroMQ services: one request, 0..N replies, and the reason they ended.",
        version: version,
        subcommands: [Demo.self])
}

/// `zmq-gateway demo`.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve four demo services with their workers in this process; no configuration needed.")

    @Option(help: "Where to listen: host:port, port 0 for any.")
    var listen: String?

    func run() throws {
        var settings = Configuration.demo()
        if let listen {
            let parts = listen.split(separator: ":")
            settings.listen = [.tcp(host: String(parts[0]), port: UInt16(parts[1]) ?? 0)]
        }
        let status = try Gateway.run(settings, withDemoWorkers: true)
        throw ExitCode(status)
    }
}
