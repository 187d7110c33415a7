// The socket types by role. Each is one `SocketHandle` and the verbs that make sense for it.

internal import CZeroMQ

/// A socket that sends and receives frames. One thread at a time.
public protocol FrameSocket: ~Copyable {
    init(_ context: Context, _ options: SocketOptions) throws(ZMQError)
    /// - Returns: the endpoint as it was resolved: a port in place of `*`.
    func bind(_ endpoint: String) throws(ZMQError) -> String
    func connect(_ endpoint: String) throws(ZMQError)
    /// Never blocks; on `sent` the frame is empty afterwards, otherwise untouched.
    func send(_ frame: inout Frame, more: Bool) -> SendOutcome
    /// Never blocks. - Returns: whether a frame was there.
    func receive(into frame: inout Frame) -> Bool
    /// Blocks until one of `events` holds or `timeout` is over; for threads of their own.
    func wait(for events: SocketEvents, timeout: Duration) -> Bool
}

/// A DEALER: sends to its peers in turn, receives from all of them (zmq_socket(3)).
public struct DealerSocket: ~Copyable, FrameSocket {
    private let handle: SocketHandle

    public init(_ context: Context, _ options: SocketOptions) throws(ZMQError) {
        let handle = try SocketHandle(context, type: ZMQ_DEALER)
        try options.apply(to: handle)
        self.handle = handle
    }

    public func bind(_ endpoint: String) throws(ZMQError) -> String { try handle.bind(endpoint) }
    public func connect(_ endpoint: String) throws(ZMQError) { try handle.connect(endpoint) }
    public func send(_ frame: inout Frame, more: Bool) -> SendOutcome { handle.send(&frame, more: more) }
    public func receive(into frame: inout Frame) -> Bool { handle.receive(into: &frame) }
    public func wait(for events: SocketEvents, timeout: Duration) -> Bool { handle.wait(for: events, timeout: timeout) }

    /// For the reactor; edge-triggered: after every send and receive look at `events` (zmq_getsockopt(3), ZMQ_FD).
    public var descriptor: Int32 { handle.descriptor }
    public var events: SocketEvents { handle.events }
    /// How long it goes on sending once it is closed.
    public func setLinger(_ linger: Duration) { try? handle.set(ZMQ_LINGER, SocketOptions.milliseconds(linger)) }
    /// Watches this socket's connections. Once a socket.
    public func monitor() throws(ZMQError) -> Monitor { try Monitor(handle) }
}

/// A ROUTER: addresses each peer by its identity (zmq_socket(3)).
public struct RouterSocket: ~Copyable, FrameSocket {
    private let handle: SocketHandle

    public init(_ context: Context, _ options: SocketOptions) throws(ZMQError) {
        let handle = try SocketHandle(context, type: ZMQ_ROUTER)
        try options.apply(to: handle)
        try handle.set(ZMQ_ROUTER_MANDATORY, options.routerMandatory ? 1 : 0)
        try handle.set(ZMQ_ROUTER_HANDOVER, options.routerHandover ? 1 : 0)
        self.handle = handle
    }

    public func bind(_ endpoint: String) throws(ZMQError) -> String { try handle.bind(endpoint) }
    public func connect(_ endpoint: String) throws(ZMQError) { try handle.connect(endpoint) }
    public func send(_ frame: inout Frame, more: Bool) -> SendOutcome { handle.send(&frame, more: more) }
    public func receive(into frame: inout Frame) -> Bool { handle.receive(into: &frame) }
    public func wait(for events: SocketEvents, timeout: Duration) -> Bool { handle.wait(for: events, timeout: timeout) }
    public var descriptor: Int32 { handle.descriptor }
    public var events: SocketEvents { handle.events }
    public func monitor() throws(ZMQError) -> Monitor { try Monitor(handle) }
}

/// A REP: one request, one reply, in turn; it keeps the envelope and puts it back (zmq_socket(3)).
public struct RepSocket: ~Copyable, FrameSocket {
    private let handle: SocketHandle

    public init(_ context: Context, _ options: SocketOptions) throws(ZMQError) {
        let handle = try SocketHandle(context, type: ZMQ_REP)
        try options.apply(to: handle)
        self.handle = handle
    }

    public func bind(_ endpoint: String) throws(ZMQError) -> String { try handle.bind(endpoint) }
    public func connect(_ endpoint: String) throws(ZMQError) { try handle.connect(endpoint) }
    public func send(_ frame: inout Frame, more: Bool) -> SendOutcome { handle.send(&frame, more: more) }
    public func receive(into frame: inout Frame) -> Bool { handle.receive(into: &frame) }
    public func wait(for events: SocketEvents, timeout: Duration) -> Bool { handle.wait(for: events, timeout: timeout) }
}
