// All options of a listener, with units and defaults.
//
// Memory per connection: the library's pool (`poolBytes`, all touched after the first request), about 1 KiB of its
// records, and about 500 bytes for our Request. 10,000 connections at the defaults: 140 MiB.

/// The address to listen on.
public enum BindAddress: Sendable, Equatable {
    /// A numeric IPv4 or IPv6 address (no brackets), or a name that getaddrinfo(3) resolves; its first address is used.
    /// Port 0 lets the kernel choose.
    case tcp(host: String, port: UInt16)
    /// A unix(7) stream socket, at most 107 bytes. A stale socket file is replaced; one in use is not.
    case unix(path: String)

    /// Whether it is a unix socket, which only one listener can have.
    public var isUnix: Bool {
        if case .unix = self { true } else { false }
    }
}

/// Whether listeners of this process share the port (SO_REUSEPORT, one per reactor). Two processes never share a port:
/// the first listener fails to bind if another process listens there.
public enum PortUse: Sendable {
    /// The only listener.
    case alone
    /// The first of several.
    case first
    /// One of the others, on the port that the first one got.
    case next
}

/// Counts descriptors held by connections, if they share a limit with other users of descriptors.
public protocol ConnectionPlaces: AnyObject {
    /// Takes a place for one connection. False if none is free.
    func take() -> Bool
    /// Takes a place even if none is free: another one is about to be returned.
    func takeAnyway()
    /// Returns a place.
    func give()
}

/// The behaviour of a listener. All durations are monotonic.
public struct ListenerOptions {
    public var address: BindAddress
    /// Maximum number of open connections. Beyond it, the longest idle connection is closed for a new one; if none is
    /// idle, a few more are admitted for `probes`, and further ones are rejected.
    public var maxConnections: Int = 10_000
    /// Paths that are answered even at the limit: the health checks.
    public var probes: [StaticString] = []
    /// Counts connections against a shared descriptor limit; nil for none.
    public var places: (any ConnectionPlaces)?
    /// Maximum number of open connections per address (IPv6: per /64). Beyond it a connection gets 429; far beyond it
    /// (more than `graceConnections`) it is closed at once. Not applied to unix sockets.
    public var maxConnectionsPerAddress: Int = 1_000
    /// Maximum size of the request line and header fields, in bytes; more is 431 (414 if the target alone exceeds it).
    /// 512 bytes to 48 KiB.
    public var maxHeaderBytes: Int = 8 * 1024
    /// Maximum number of header fields; more is 431. Fewer may be 431 too, if they leave no room for a response:
    /// the library keeps 64 bytes for each field and cookie, within one and a half times `maxHeaderBytes`.
    public var maxHeaderFields: Int = 100
    /// From accept to the end of the first header; then 408. A later header has `idleTimeout`, plus this if it began
    /// within that time.
    public var headerDeadline: Duration = .seconds(10)
    /// From the end of the header to the end of the body; then 408.
    public var bodyDeadline: Duration = .seconds(30)
    /// How long a connection may be idle between two requests; then it is closed.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a client may take nothing of a response that is ready; then the connection is cut.
    public var sendTimeout: Duration = .seconds(30)
    /// How many bytes of an unwanted body are read and discarded to keep the connection. Beyond it the response is sent
    /// at once and the connection is closed.
    public var maxDiscardedBytes: UInt64 = 1024 * 1024
    /// Whether other listeners of this process share the port.
    public var portUse = PortUse.alone
    /// Length of the kernel's accept queue.
    public var backlog: Int32 = 1024
    /// Permission bits of a unix socket's file.
    public var unixMode: UInt32 = 0o660

    public init(address: BindAddress) {
        self.address = address
    }

    /// Connections beyond `maxConnectionsPerAddress` that still get a response.
    static let graceConnections = 8
    /// Connections beyond `maxConnections` that may send `probes`.
    static let probeConnections = 16

    /// The library's memory for one connection: the header as received, about 56 bytes per field, a copy of the
    /// cookies, the response's header, and each chunk of a streamed body while it is sent. One and a half times the
    /// maximum size of the header, so that *we* see a header that is slightly too long and can respond 431 with a
    /// problem.
    var poolBytes: Int { max(maxHeaderBytes, 2 * 1024) * 3 / 2 }
}

extension Duration {
    /// Whole nanoseconds, never negative.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(seconds) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
    }
}
