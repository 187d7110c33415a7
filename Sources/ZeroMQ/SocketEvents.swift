// The values that a socket's verbs return.

/// What became of a frame that was sent.
public enum SendOutcome: Sendable {
    /// libzmq took it. Not that it arrived.
    case sent
    /// No peer, or every peer's queue is full (EAGAIN); or the context is being shut down (ETERM).
    case wouldBlock
    /// A ROUTER knows no peer of that identity (EHOSTUNREACH, with `routerMandatory`).
    case unroutable
}

/// What a socket is ready for, ZMQ_EVENTS.
public struct SocketEvents: OptionSet, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// ZMQ_POLLIN: at least one frame can be received.
    public static let readable = SocketEvents(rawValue: 1)
    /// ZMQ_POLLOUT: a peer takes at least one message. Of a DEALER with `immediate`: a connection is complete.
    public static let writable = SocketEvents(rawValue: 2)
}
