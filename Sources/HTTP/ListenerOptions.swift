// Every knob of a listener, with its unit and default. What the values mean together is said here and nowhere else.
//
// Memory of a connection is arithmetic: the library's pool (`poolBytes`, touched whole after the first request), about
// 1 KiB of its own records, and about 500 bytes for our Request. 10,000 connections at the defaults: 140 MiB.

/// Where to listen.
public enum ListenAddress: Sendable, Equatable {
    /// A numeric IPv4 or IPv6 address (no brackets), or a name that getaddrinfo(3) knows; the first address it gives is
    /// taken. Port 0 lets the kernel choose.
    case tcp(host: String, port: UInt16)
    /// A unix(7) stream socket, at most 107 bytes. A stale socket file is replaced, one in use is not.
    case unix(path: String)

    /// Whether it is a unix socket, which one listener alone can have.
    public var isUnix: Bool {
        if case .unix = self { true } else { false }
    }
}

/// How a listener behaves. All durations are monotonic.
public struct ListenerOptions: Sendable {
    public var address: ListenAddress
    /// Open connections at once; further ones wait in the backlog. Keep it well below the descriptor limit, or the
    /// accept loop spins when descriptors run out.
    public var maxConnections: Int = 10_000
    /// Open connections at once from one address (IPv6: one /64). A connection over it is answered 429; far over it
    /// (more than `graceConnections`), it is closed at once. Not applied to unix sockets.
    public var maxConnectionsPerAddress: Int = 1_000
    /// Request line and header fields, bytes; more is 431 (or 414 when the target alone exceeds it). At least 512, at
    /// most 48 KiB.
    public var maxHeaderBytes: Int = 8 * 1024
    /// Header fields of one request; more is 431, and so are fewer that leave no room for an answer: the library keeps
    /// 64 bytes for each field and cookie, in one and a half times `maxHeaderBytes`.
    public var maxHeaderFields: Int = 100
    /// From the accept to the end of the first header; then 408. A later header has `idleTimeout` and, if it began in
    /// that time, this on top.
    public var headerDeadline: Duration = .seconds(10)
    /// From the end of the header to the end of the body; then 408.
    public var bodyDeadline: Duration = .seconds(30)
    /// How long a connection may rest between two requests; then it is closed.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a client may take nothing at all of a response that lies ready; then the connection is cut.
    public var sendTimeout: Duration = .seconds(30)
    /// How much of a body that nobody wants is read over to keep the connection, bytes. Above it the answer goes out at
    /// once and the connection is closed.
    public var maxDiscardedBytes: UInt64 = 1024 * 1024
    /// Share the port with other listeners of this process (SO_REUSEPORT, one for each reactor).
    public var reusePort: Bool = false
    /// Connections that the kernel holds ready for accept(2).
    public var backlog: Int32 = 1024
    /// Permission bits of a unix socket's file.
    public var unixMode: UInt32 = 0o660

    public init(address: ListenAddress) {
        self.address = address
    }

    /// Connections over `maxConnectionsPerAddress` that still hear why.
    static let graceConnections = 8

    /// The library's memory for one connection: it holds the header as received, ~56 bytes a field, a copy of the
    /// cookies, the response's header, and each chunk of a streamed body while it is sent. Half as much again as the
    /// header may take, so that *we* see a header that is a little too long and can answer 431 with a problem.
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
