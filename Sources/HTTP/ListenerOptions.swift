// Every knob of a listener, with its unit and default. What the values mean together is said here and nowhere else.
//
// Memory of a connection is arithmetic: the library's pool (`poolBytes`, touched whole after the first request), about
// 1 KiB of its own records, and about 500 bytes for our Request. 10,000 connections at the defaults: 140 MiB.

/// Where to listen.
public enum BindAddress: Sendable, Equatable {
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

/// Whether a port is shared with other listeners of this process (SO_REUSEPORT, one for each reactor). Two processes
/// never share one: the first listener does not get a port on which another process listens.
public enum PortUse: Sendable {
    /// There is one listener.
    case alone
    /// More follow.
    case first
    /// One of those that follow the first, on the port that it got.
    case next
}

/// Counts the descriptors that connections hold, where they share a bound with others.
public protocol ConnectionPlaces: AnyObject {
    /// Takes a place for one connection. False where there is none.
    func take() -> Bool
    /// Takes a place though there may be none: another one is about to be given back.
    func takeAnyway()
    /// Gives a place back.
    func give()
}

/// How a listener behaves. All durations are monotonic.
public struct ListenerOptions {
    public var address: BindAddress
    /// Open connections at once. For one more the connection that has rested longest is closed; where none rests, a few
    /// more are let in for `probes`, and then newcomers are rejected.
    public var maxConnections: Int = 10_000
    /// Paths that are answered at the limit: those by which the process's health is asked for.
    public var probes: [StaticString] = []
    /// Where connections count as descriptors among others; nil where nothing else bounds them.
    public var places: (any ConnectionPlaces)?
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
    /// Whether other listeners of this process share the port.
    public var portUse = PortUse.alone
    /// Connections that the kernel holds ready for accept(2).
    public var backlog: Int32 = 1024
    /// Permission bits of a unix socket's file.
    public var unixMode: UInt32 = 0o660

    public init(address: BindAddress) {
        self.address = address
    }

    /// Connections over `maxConnectionsPerAddress` that still hear why.
    static let graceConnections = 8
    /// Connections over `maxConnections` that may ask for `probes`.
    static let probeConnections = 16

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
