// What happens to a socket's connections (zmq_socket_monitor(3)): two frames an event, on a PAIR over inproc.
//
// A connection that fails its handshake is also told as disconnected; whoever counts peers must set the two off.

internal import CZeroMQ
import Synchronization

/// One event of a monitored socket.
public enum MonitorEvent: Sendable, Equatable {
    case listening, bindFailed(String), accepted, connected, retried, handshakeSucceeded
    /// The connection stood, and the other side is no peer: what it is, as a sentence.
    case handshakeFailed(String)
    case disconnected
    case other
}

/// A socket's events, read one by one.
public struct Monitor: ~Copyable {
    private static let serial = Atomic<Int>(0)

    private let pair: SocketHandle

    init(_ socket: borrowing SocketHandle) throws(ZMQError) {
        let number = Self.serial.wrappingAdd(1, ordering: .relaxed).newValue
        let endpoint = "inproc://gateway-monitor-\(number)"
        // SAFETY: the handle is open, and the text is NUL-terminated for the call.
        if unsafe zmq_socket_monitor(socket.socket, endpoint, ZMQ_EVENT_ALL) != 0 {
            throw ZMQError("zmq_socket_monitor")
        }
        let pair = try SocketHandle(socket.context, type: ZMQ_PAIR)
        try pair.set(ZMQ_LINGER, 0)
        try pair.connect(endpoint)
        self.pair = pair
    }

    /// Edge-triggered like every ZMQ_FD: read until `next` is nil.
    public var descriptor: Int32 { pair.descriptor }

    /// The next event, or nil when there is none.
    public func next() -> MonitorEvent? {
        var frame = Frame()
        guard pair.receive(into: &frame) else { return nil }
        let bytes = frame.bytes
        guard bytes.count >= 6 else { return .other }
        let kind = Int32(bytes[0]) | Int32(bytes[1]) << 8
        let value = UInt32(bytes[2]) | UInt32(bytes[3]) << 8 | UInt32(bytes[4]) << 16 | UInt32(bytes[5]) << 24
        var address = Frame()
        _ = pair.receive(into: &address)
        return Self.event(kind, Int32(bitPattern: value))
    }

    private static func event(_ kind: Int32, _ value: Int32) -> MonitorEvent {
        switch kind {
        case ZMQ_EVENT_LISTENING: .listening
        case ZMQ_EVENT_BIND_FAILED: .bindFailed(text(value))
        case ZMQ_EVENT_ACCEPTED: .accepted
        case ZMQ_EVENT_CONNECTED: .connected
        case ZMQ_EVENT_CONNECT_RETRIED: .retried
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: .handshakeSucceeded
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: .handshakeFailed("the connection closed during the handshake")
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            .handshakeFailed("the other side is no ZeroMQ socket of a matching type (protocol error \(value))")
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: .handshakeFailed("the other side refused our credentials (\(value))")
        case ZMQ_EVENT_DISCONNECTED: .disconnected
        default: .other
        }
    }

    private static func text(_ code: Int32) -> String {
        // SAFETY: zmq_strerror returns a static NUL-terminated text; it is copied.
        unsafe String(cString: zmq_strerror(code))
    }
}
