// `zmq-gateway health`: a health check for containers and supervisors without curl.

import ArgumentParser
import Configuration
import Gateway

struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check whether a running gateway is healthy: exit 0 if it is, 1 if not.",
        discussion: """
            Without an address, it asks /healthz where the configuration listens: the same file, environment and \
            flags as for `serve`. If it listens on several addresses, the first one is asked.
            """)

    @Argument(help: "http://host:port, host:port or unix:/path; a URL may name another path, such as /readyz.")
    var address: String?

    @Option(help: "The configuration file; also ZMQ_GATEWAY_CONFIG.")
    var config: String?

    @Option(help: "Time limit for the response, such as 500ms.")
    var timeout = "2s"

    @OptionGroup var settings: Settings

    func validate() throws {
        guard let time, time > .zero else { throw ValidationError("--timeout takes a duration such as 500ms or 2s") }
        if let address, HealthTarget(address) == nil {
            throw ValidationError("\"\(address)\" is not http://host:port, host:port or unix:/path")
        }
    }

    func run() throws {
        let target = try target()
        if let complaint = target.complaint(within: time ?? .seconds(2)) { throw unhealthy(complaint) }
        print("healthy: \(target)")
    }

    private var time: Duration? { Duration(written: timeout) }

    private func target() throws -> HealthTarget {
        if let address, let target = HealthTarget(address) { return target }
        guard let configuration = try? Files.load(config, settings).configuration else {
            throw unhealthy("the configuration cannot be loaded; pass the address of the gateway")
        }
        guard let target = HealthTarget(configuration) else {
            throw unhealthy("the gateway listens on a port that the system chooses; pass its address")
        }
        return target
    }

    /// Prints the reason. The exit code is always 1, the only failure that a container's health check knows.
    private func unhealthy(_ complaint: String) -> ExitCode {
        HostSystem.writeError("not healthy: \(complaint)")
        return ExitCode(1)
    }
}
