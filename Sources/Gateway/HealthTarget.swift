// The target of `zmq-gateway health`: the address on the command line, or the configuration's first listening address.

public import Configuration
import Contract
import HTTP

/// The address of a gateway, and a path.
public struct HealthTarget: Sendable, Equatable, CustomStringConvertible {
    let address: ConfiguredAddress
    let path: String

    /// Reads `http://host:port/path`, `host:port` or `unix:/path-of-the-socket`. The default path is /healthz, the
    /// default port of a URL 80. Nil for anything else.
    public init?(_ text: String) {
        var rest = text[...]
        var path = "/healthz"
        let isURL = rest.hasPrefix("http://")
        if isURL { rest = rest.dropFirst("http://".count) }
        if !rest.hasPrefix("unix:"), let slash = rest.firstIndex(of: "/") {
            if slash != rest.index(before: rest.endIndex) { path = String(rest[slash...]) }
            rest = rest[..<slash]
        }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let isBracketed = rest.hasSuffix("]")
        let needsPort = isURL && (isBracketed || !rest.contains(":"))
        guard let address = ConfiguredAddress(needsPort ? "\(rest):80" : String(rest)) else { return nil }
        self.init(address, path)
    }

    /// The first address that a configuration listens on; for a wildcard, its loopback address. Nil for port 0, because
    /// another process cannot know the real port.
    public init?(_ configuration: Configuration) {
        guard let first = configuration.listen.first else { return nil }
        self.init(first, "/healthz")
    }

    private init?(_ address: ConfiguredAddress, _ path: String) {
        self.path = path
        switch address {
        case .tcp(_, 0): return nil
        case .tcp("0.0.0.0", let port): self.address = .tcp(host: "127.0.0.1", port: port)
        case .tcp("::", let port): self.address = .tcp(host: "::1", port: port)
        case .tcp, .unix: self.address = address
        }
    }

    public var description: String { "\(address) \(path)" }

    /// Sends the request. - Returns: nil if the status is 200, else what is wrong.
    public func complaint(within time: Duration) -> String? {
        let there: HTTP.BindAddress =
            switch address {
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .unix(let path): .unix(path: path)
            }
        do {
            let status = try Probe.status(of: path, at: there, within: time)
            return status == 200 ? nil : "\(address) responds to \(path) with \(status)"
        } catch {
            return "\(error)"
        }
    }
}
