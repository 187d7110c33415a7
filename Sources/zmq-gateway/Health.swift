// `zmq-gateway health`: for a container's or a supervisor's check, which has no curl.

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

    @Option(help: "How long the answer may take, such as 500ms.")
    var timeout = "2s"

    @OptionGroup var settings: Settings

    func validate() throws {
        guard let time, time > .zero else { throw ValidationError("--timeout takes a time such as 500ms or 2s") }
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
            throw unhealthy("the configuration does not say where the gateway listens; name the address")
        }
        guard let target = HealthTarget(configuration) else {
            throw unhealthy("the gateway listens on a port that the system chooses; name the address")
        }
        return target
    }

    /// Says why. 1 whatever it is: a container's check knows no other code.
    private func unhealthy(_ complaint: String) -> ExitCode {
        HostSystem.writeError("not healthy: \(complaint)")
        return ExitCode(1)
    }
}
