// The sockets, one verb set for all types: the type is a parameter that says only what zmq_socket(3) is asked for, so
// that a ROUTER is never taken for a DEALER. A socket is a value with one owner, closed at its end, used by one thread
// at a time.
//
// Nothing here blocks but `wait` and, for a moment, `bind`. The rule for a reactor: ZMQ_FD tells that something has
// come for libzmq to look at, and any verb here may look at it. So after the last send or receive, and before sleeping,
// either read `events` until it promises nothing you want, or receive until nothing is there: that looks too, and one
// system call (0.5 us) is saved.

internal import CZeroMQ

/// The type of a socket, socket(7).
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

/// Sends round robin, receives fairly queued, no envelope of its own.
public typealias DealerSocket = Socket<Dealer>
/// The first frame of a message names the peer: sent to it, or received from it.
public typealias RouterSocket = Socket<Router>
/// Strictly a request, then its reply.
public typealias ReqSocket = Socket<Req>
/// Strictly a request, then its reply; puts the request's envelope back in front of the reply.
public typealias RepSocket = Socket<Rep>
/// Receives what publishers send on the topics it asked for. Asking is sending: a frame of 1 and the topic subscribes,
/// of 0 and the topic unsubscribes. What was on its way at an unsubscription still comes.
public typealias SubscriberSocket = Socket<XSub>
/// Sends to all who subscribed to the beginning of a message, and receives their first and last subscriptions.
public typealias PublisherSocket = Socket<XPub>

/// A ZeroMQ socket.
public struct Socket<Role: SocketRole>: ~Copyable {
    private let handle: SocketHandle

    /// - Throws: EMFILE when descriptors or `maxSockets` run out (2 descriptors a socket, one a connection); EINVAL,
    ///   with the option's name, for a value libzmq does not take.
    public init(_ context: Context, _ options: SocketOptions = SocketOptions()) throws(ZMQError) {
        handle = try SocketHandle(context, type: Role.kind.type, options.settings(for: Role.kind.type))
    }

    /// Listens, zmq_bind(3); returns the endpoint as resolved (ZMQ_LAST_ENDPOINT): with the port where it was `0` or
    /// `*`.
    /// - Throws: EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL, ENODEV...
    @discardableResult
    public func bind(_ endpoint: String) throws(ZMQError) -> String { try handle.bind(endpoint) }

    /// Connects, and connects again whenever that is lost, zmq_connect(3). Returns at once.
    /// - Throws: EINVAL for an endpoint that is none; ENOENT never: inproc may be bound later.
    public func connect(_ endpoint: String) throws(ZMQError) { try handle.connect(endpoint) }

    /// Listens there no more, zmq_unbind(3). - Throws: ENOENT when it does not listen there.
    public func unbind(_ endpoint: String) throws(ZMQError) { try handle.unbind(endpoint) }

    /// Gives that connection up, zmq_disconnect(3). - Throws: ENOENT when there is none.
    public func disconnect(_ endpoint: String) throws(ZMQError) { try handle.disconnect(endpoint) }

    /// Sends a frame without waiting, zmq_msg_send(3). When it was sent, `frame` is empty; otherwise untouched.
    ///
    /// The first frame decides for the whole message. After it a ROUTER takes the others in any case; a DEALER may
    /// still say `.wouldBlock` when its peer has left meanwhile: then what went before is gone, the frame rejected
    /// counts as done with, and if it had `more` the others must still be sent; they are swallowed as `.sent`. The
    /// message was not delivered.
    public func send(_ frame: inout Frame, more: Bool = false) -> SendOutcome { handle.send(&frame, more: more) }

    /// Receives a frame without waiting, zmq_msg_recv(3), in place of what `frame` held; false when there is none,
    /// `frame` is empty then. Frames of a message arrive together: after one that `hasMore` the next receive succeeds.
    public func receive(into frame: inout Frame) -> Bool { handle.receive(into: &frame) }

    /// ZMQ_FD: watch it readable, level-triggered: it stays readable until a verb of this socket has looked at what
    /// came. What it tells is not that there is a frame; what it does not tell is that there is none.
    public var descriptor: Int32 { handle.descriptor }

    /// ZMQ_EVENTS: what the socket is ready for. Also lets libzmq notice who came and went, which a send does once a
    /// millisecond at most: after a `.wouldBlock` a look here tells whether it is still true.
    public var events: SocketEvents { handle.events }

    /// Waits until the socket is ready for one of `events`; false when `timeout` passed first or the context was shut
    /// down. zmq_poll(3). For tests, tools and workers, not for a reactor.
    public func wait(for events: SocketEvents, timeout: Duration) -> Bool { handle.wait(for: events, timeout: timeout) }

    /// Watches what happens to its connections, zmq_socket_monitor(3). One monitor a socket; a second takes the first's
    /// place.
    /// - Throws: EMFILE when descriptors or sockets run out.
    public func monitor(_ events: MonitorEvents = .all) throws(ZMQError) -> Monitor {
        try Monitor(handle.lifeline, events)
    }

    /// How long it goes on sending once it is closed (ZMQ_LINGER); for an owner that cannot consume it.
    public func setLinger(_ linger: Duration) { handle.setLinger(linger) }

    /// Messages that each connection may hold unread (ZMQ_RCVHWM), 1 or more; of those that exist, too. What is already
    /// there stays.
    public func setReceiveHighWaterMark(_ mark: Int) { handle.setReceiveHighWaterMark(mark) }

    /// The name under which it connects from now on (ZMQ_ROUTING_ID); connections that exist keep theirs.
    /// - Throws: EINVAL for a name that is empty, longer than 255 bytes, or begins with zero.
    public func setIdentity(_ identity: [UInt8]) throws(ZMQError) { try handle.setIdentity(identity) }

    /// No heartbeats (ZMQ_HEARTBEAT_IVL) on connections that are made by a later `connect`.
    public func stopHeartbeats() { handle.stopHeartbeats() }

    /// Closes it, zmq_close(3): as the end of its life does. `lingering` overrides the option `linger`: for so long
    /// what was sent may go out.
    public consuming func close(lingering: Duration? = nil) {
        if let lingering { handle.setLinger(lingering) }
    }
}
