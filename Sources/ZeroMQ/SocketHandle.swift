// What all socket types have in common: the C handle, its options, frames in and out. The role types wrap one each.
//
// Three kinds of failure, three spellings: would-block and unroutable are values, what the world does wrong is thrown,
// what we do wrong traps. A handle belongs to one thread at a time (zmq_socket(3)).

internal import CZeroMQ

/// What became of a frame that was to be sent.
public enum SendOutcome: Sendable {
    case sent
    /// No peer, or no room at any peer (EAGAIN). The frame is untouched.
    case wouldBlock
    /// A ROUTER has no peer of that identity (EHOSTUNREACH). The frame is untouched.
    case unroutable
}

/// ZMQ_EVENTS.
public struct SocketEvents: OptionSet, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let readable = SocketEvents(rawValue: 1)
    public static let writable = SocketEvents(rawValue: 2)
}

@safe
struct SocketHandle: ~Copyable {
    /// SAFETY: made in init, closed in deinit only; `context` outlives it.
    let socket: UnsafeMutableRawPointer
    let context: Context

    init(_ context: Context, type: Int32) throws(ZMQError) {
        // SAFETY: the context is alive, and the new socket is owned by this value.
        guard let socket = unsafe zmq_socket(context.handle, type) else { throw ZMQError("zmq_socket") }
        unsafe self.socket = socket
        self.context = context
    }

    deinit {
        // SAFETY: opened in init, closed here only.
        unsafe zmq_close(socket)
    }

    func set(_ option: Int32, _ value: Int) throws(ZMQError) {
        // SAFETY: the handle is open; the value is passed by copy.
        if unsafe gateway_zmq_set_int(socket, option, Int32(clamping: value)) != 0 { throw ZMQError("zmq_setsockopt") }
    }

    func setLong(_ option: Int32, _ value: Int) throws(ZMQError) {
        // SAFETY: as above.
        if unsafe gateway_zmq_set_int64(socket, option, Int64(value)) != 0 { throw ZMQError("zmq_setsockopt") }
    }

    func set(_ option: Int32, _ value: [UInt8]) throws(ZMQError) {
        // SAFETY: libzmq copies `value.count` bytes during the call.
        if unsafe zmq_setsockopt(socket, option, value, value.count) != 0 { throw ZMQError("zmq_setsockopt") }
    }

    /// - Returns: the endpoint as it was resolved (ZMQ_LAST_ENDPOINT).
    func bind(_ endpoint: String) throws(ZMQError) -> String {
        // SAFETY: the text is NUL-terminated for the call.
        if unsafe zmq_bind(socket, endpoint) != 0 { throw ZMQError("zmq_bind(\(endpoint))") }
        var text = [CChar](repeating: 0, count: 512)
        var size = text.count
        // SAFETY: libzmq writes at most `size` bytes and the NUL among them.
        if unsafe zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, &text, &size) != 0 { return endpoint }
        return String(decoding: text[..<max(0, size - 1)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func connect(_ endpoint: String) throws(ZMQError) {
        // SAFETY: the text is NUL-terminated for the call.
        if unsafe zmq_connect(socket, endpoint) != 0 { throw ZMQError("zmq_connect(\(endpoint))") }
    }

    /// Never blocks. On `sent` the frame is empty afterwards; otherwise it is as it was (zmq_msg_send(3)).
    func send(_ frame: inout Frame, more: Bool) -> SendOutcome {
        let flags = more ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
        while true {
            // SAFETY: the frame is initialised, and on success libzmq leaves an empty one behind.
            if unsafe zmq_msg_send(frame.message, socket, flags) >= 0 { return .sent }
            switch gateway_zmq_errno() {
            case EINTR: continue
            case EAGAIN, ETERM: return .wouldBlock
            case EHOSTUNREACH: return .unroutable
            case let code: preconditionFailure("zmq_msg_send: \(code)")
            }
        }
    }

    /// Never blocks. - Returns: whether a frame was there; it replaces what `frame` held (zmq_msg_recv(3)).
    func receive(into frame: inout Frame) -> Bool {
        while true {
            // SAFETY: the frame is initialised; libzmq closes what it held.
            if unsafe zmq_msg_recv(frame.message, socket, ZMQ_DONTWAIT) >= 0 { return true }
            switch gateway_zmq_errno() {
            case EINTR: continue
            case EAGAIN, ETERM, EFSM: return false
            case let code: preconditionFailure("zmq_msg_recv: \(code)")
            }
        }
    }

    /// ZMQ_FD: edge-triggered, and any call on the socket may take the edge away. Look at `events` after each.
    var descriptor: Int32 { unsafe gateway_zmq_get_int(socket, ZMQ_FD) }

    /// ZMQ_EVENTS; reading it also lets libzmq do what is due.
    var events: SocketEvents { SocketEvents(rawValue: max(0, unsafe gateway_zmq_get_int(socket, ZMQ_EVENTS))) }

    /// Blocks until one of `events` holds. - Returns: whether it does. For threads of their own; not for a reactor.
    func wait(for events: SocketEvents, timeout: Duration) -> Bool {
        var item = unsafe zmq_pollitem_t(socket: socket, fd: 0, events: Int16(events.rawValue), revents: 0)
        // SAFETY: one item, alive for the call.
        return unsafe zmq_poll(&item, 1, SocketOptions.milliseconds(timeout)) > 0
    }
}
