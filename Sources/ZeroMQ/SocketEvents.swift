// The result types of a socket's verbs.

/// The result of sending a frame.
public enum SendOutcome: Sendable {
    /// libzmq took the frame. It may not arrive.
    case sent
    /// No peer, or every peer's queue is full (EAGAIN); or the context is being shut down (ETERM).
    case wouldBlock
    /// The ROUTER has no peer with that identity (EHOSTUNREACH, with `routerMandatory`).
    case unroutable
}

/// What a socket is ready for, ZMQ_EVENTS.
public struct SocketEvents: OptionSet, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// ZMQ_POLLIN: at least one frame can be received.
    public static let readable = SocketEvents(rawValue: 1)
    /// ZMQ_POLLOUT: a peer takes at least one message. For a DEALER with `immediate`: a connection is complete.
    public static let writable = SocketEvents(rawValue: 2)
}
