// The addresses to listen on: TCP or a Unix-domain socket. The text forms are `host:port`, `[v6]:port` and
// `unix:/path`, the same in the file, in ZMQ_GATEWAY_LISTEN and after --listen.

/// One listening address.
public enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A host name or address (IPv6 without brackets) and a port; port 0 lets the system choose.
    case tcp(host: String, port: UInt16)

    /// A Unix-domain stream socket; at most 107 bytes of path (unix(7)).
    case unix(path: String)

    /// The text form, as the reader accepts it.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Whether only this machine can reach it: 127.0.0.0/8, ::1, `localhost`, or a Unix-domain socket.
    public var isLoopback: Bool {
        switch self {
        case .tcp(let host, _): host == "localhost" || host == "::1" || Self.isLoopbackIPv4(host)
        case .unix: true
        }
    }

    private static func isLoopbackIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
