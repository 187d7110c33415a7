// The sockets, with one set of verbs for all types: the type parameter only selects the type for zmq_socket(3), so that
// a ROUTER is never mistaken for a DEALER. A socket is a value with one owner, closed in deinit, and used by one thread
// at a time.
//
// Only `wait` and, for a moment, `bind` block. The rule for a reactor: ZMQ_FD signals that libzmq has something to
// process, and any verb here may process it. So after the last send or receive, before sleeping, either read `events`
// until it shows nothing of interest, or receive until there is nothing: that processes too and saves one system call
// (0.5 us).

internal import CZeroMQ

/// The type of a socket, zmq_socket(3).
public enum SocketKind: Sendable {
    case dealer, router, req, rep, xsub, xpub

    var type: Int32 {
        switch self {
        case .dealer: ZMQ_DEALER
        case .router: ZMQ_ROUTER
        case .req: ZMQ_REQ
        case .rep: ZMQ_REP
        case .xsub: ZMQ_XSUB
        case .xpub: ZMQ_XPUB
        }
    }
}

public protocol SocketRole {
    static var kind: SocketKind { get }
}

public enum Dealer: SocketRole { public static var kind: SocketKind { .dealer } }
public enum Router: SocketRole { public static var kind: SocketKind { .router } }
public enum Req: SocketRole { public static var kind: SocketKind { .req } }
public enum Rep: SocketRole { public static var kind: SocketKind { .rep } }
public enum XSub: SocketRole { public static var kind: SocketKind { .xsub } }
public enum XPub: SocketRole { public static var kind: SocketKind { .xpub } }

/// Sends round-robin, receives fair-queued, no envelope of its own.
public typealias DealerSocket = Socket<Dealer>
/// The first frame of a message names the peer, in both directions.
public typealias RouterSocket = Socket<Router>
/// Strictly alternates: a request, then its reply.
public typealias ReqSocket = Socket<Req>
/// Strictly alternates: a request, then its reply, with the request's envelope restored.
public typealias RepSocket = Socket<Rep>
/// Receives what publishers send on its topics. To subscribe, send a frame of 1 and the topic; to unsubscribe, of 0 and
/// the topic. Messages under way at an unsubscription still arrive.
public typealias SubscriberSocket = Socket<XSub>
/// Sends to all subscribers to a prefix of the message, and receives each topic's first subscription and last
/// unsubscription.
public typealias PublisherSocket = Socket<XPub>

/// A ZeroMQ socket.
public struct Socket<Role: SocketRole>: ~Copyable {
    private let handle: SocketHandle

    /// - Throws: EMFILE when descriptors or `maxSockets` run out (2 descriptors per socket, one per connection);
    ///   EINVAL, with the option's name, for a value that libzmq rejects.
    public init(_ context: Context, _ options: SocketOptions = SocketOptions()) throws(ZMQError) {
        handle = try SocketHandle(context, type: Role.kind.type, options.settings(for: Role.kind.type))
    }

    /// Listens, zmq_bind(3).
    /// - Returns: the endpoint as resolved (ZMQ_LAST_ENDPOINT), with the actual port for `0` or `*`.
    /// - Throws: EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL, ENODEV...
    @discardableResult
    public func bind(_ endpoint: String) throws(ZMQError) -> String { try handle.bind(endpoint) }

    /// Connects, and reconnects whenever the connection is lost, zmq_connect(3). Returns at once.
    /// - Throws: EINVAL for an invalid endpoint; never ENOENT: inproc may be bound later.
    public func connect(_ endpoint: String) throws(ZMQError) { try handle.connect(endpoint) }

    /// Stops listening there, zmq_unbind(3).
    /// - Throws: ENOENT if it does not listen there.
    public func unbind(_ endpoint: String) throws(ZMQError) { try handle.unbind(endpoint) }

    /// Closes that connection, zmq_disconnect(3).
    /// - Throws: ENOENT if there is none.
    public func disconnect(_ endpoint: String) throws(ZMQError) { try handle.disconnect(endpoint) }

    /// Sends a frame without waiting, zmq_msg_send(3). `frame` is empty if it was sent, otherwise unchanged.
    ///
    /// The first frame decides for the whole message. A ROUTER then always takes the others. A DEALER may still return
    /// `.wouldBlock` if its peer has left meanwhile: the earlier frames are then lost, and the rejected one counts as
    /// done. If it had `more`, the others must still be sent; they are swallowed as `.sent`. The message was not
    /// delivered.
    public func send(_ frame: inout Frame, more: Bool = false) -> SendOutcome { handle.send(&frame, more: more) }

    /// Receives a frame without waiting, in place of what `frame` held, zmq_msg_recv(3). Frames of a message arrive
    /// together: after one that `hasMore` the next receive succeeds.
    /// - Returns: false if there is none; `frame` is then empty.
    public func receive(into frame: inout Frame) -> Bool { handle.receive(into: &frame) }

    /// ZMQ_FD: watch it readable, level-triggered. It stays readable until a verb of this socket has processed what
    /// came. Readable does not mean that there is a frame; not readable does not mean that there is none.
    public var descriptor: Int32 { handle.descriptor }

    /// ZMQ_EVENTS: what the socket is ready for. Reading it also makes libzmq process connects and disconnects, which a
    /// send does at most once per millisecond: after a `.wouldBlock`, read this to see whether it still holds.
    public var events: SocketEvents { handle.events }

    /// Waits until the socket is ready for one of `events`, zmq_poll(3). For tests, tools and workers, not for a
    /// reactor.
    /// - Returns: false if `timeout` passed first or the context was shut down.
    public func wait(for events: SocketEvents, timeout: Duration) -> Bool { handle.wait(for: events, timeout: timeout) }

    /// Monitors the socket's connections, zmq_socket_monitor(3). A socket has one monitor; a second one replaces the
    /// first.
    /// - Throws: EMFILE when descriptors or sockets run out.
    public func monitor(_ events: MonitorEvents = .all) throws(ZMQError) -> Monitor {
        try Monitor(handle.lifeline, events)
    }

    /// How long a closed socket goes on sending (ZMQ_LINGER); for an owner that cannot consume the socket.
    public func setLinger(_ linger: Duration) { handle.setLinger(linger) }

    /// Maximum number of unread messages per connection (ZMQ_RCVHWM), 1 or more; applies to existing connections too.
    /// Messages already queued stay.
    public func setReceiveHighWaterMark(_ mark: Int) { handle.setReceiveHighWaterMark(mark) }

    /// The identity for later connections (ZMQ_ROUTING_ID); existing ones keep theirs.
    /// - Throws: EINVAL for a name that is empty, longer than 255 bytes, or begins with zero.
    public func setIdentity(_ identity: [UInt8]) throws(ZMQError) { try handle.setIdentity(identity) }

    /// Turns heartbeats (ZMQ_HEARTBEAT_IVL) off for connections made by a later `connect`.
    public func stopHeartbeats() { handle.stopHeartbeats() }

    /// Closes the socket, zmq_close(3), as deinit does.
    /// - Parameter lingering: how long sent messages may still go out; overrides the option `linger`.
    public consuming func close(lingering: Duration? = nil) {
        if let lingering { handle.setLinger(lingering) }
    }
}
