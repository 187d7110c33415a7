// The events of zmq_socket_monitor(3): the life of a socket's connections. They give libzmq's event number and value
// their names and types.

internal import CZeroMQ

/// The events that a monitor reports.
public struct MonitorEvents: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let connected = MonitorEvents(rawValue: 0x1)
    public static let connectDelayed = MonitorEvents(rawValue: 0x2)
    public static let connectRetried = MonitorEvents(rawValue: 0x4)
    public static let listening = MonitorEvents(rawValue: 0x8)
    public static let bindFailed = MonitorEvents(rawValue: 0x10)
    public static let accepted = MonitorEvents(rawValue: 0x20)
    public static let acceptFailed = MonitorEvents(rawValue: 0x40)
    public static let closed = MonitorEvents(rawValue: 0x80)
    public static let closeFailed = MonitorEvents(rawValue: 0x100)
    public static let disconnected = MonitorEvents(rawValue: 0x200)
    public static let monitorStopped = MonitorEvents(rawValue: 0x400)
    public static let handshakeFailed = MonitorEvents(rawValue: 0x800 | 0x2000 | 0x4000)
    public static let handshakeSucceeded = MonitorEvents(rawValue: 0x1000)
    /// ZMQ_EVENT_ALL
    public static let all = MonitorEvents(rawValue: 0xFFFF)
}

/// An event of one of a socket's connections.
public enum MonitorEvent: Sendable, Equatable {
    /// The socket listens, on that resolved endpoint.
    case listening(endpoint: String, descriptor: Int32)
    case bindFailed(endpoint: String, errno: Int32)
    /// A peer's TCP or ipc connection; no handshake yet.
    case accepted(endpoint: String, descriptor: Int32)
    /// EMFILE: out of descriptors; libzmq retries without a pause.
    case acceptFailed(endpoint: String, errno: Int32)
    /// Our TCP or ipc connection; no handshake yet.
    case connected(endpoint: String, descriptor: Int32)
    /// The connect is in progress.
    case connectDelayed(endpoint: String)
    /// The connection failed or was lost; libzmq retries after a pause: the interval, plus a random part of up to the
    /// same length.
    case connectRetried(endpoint: String, pause: Duration)
    /// The connection is complete.
    case handshakeSucceeded(endpoint: String)
    /// The peer does not speak ZMTP, left, or was silent for `handshakeInterval`. libzmq retries.
    case handshakeFailedNoDetail(endpoint: String, errno: Int32)
    /// ZMQ_PROTOCOL_ERROR_*. libzmq does *not* retry. A mismatch of socket types does not cause this event: see
    /// ConnectionWatch.
    case handshakeFailedProtocol(endpoint: String, code: Int32)
    /// The status from the peer's ZAP handler: 300, 400 or 500. libzmq does *not* retry.
    case handshakeFailedAuth(endpoint: String, status: Int32)
    /// One of our listeners or connect attempts was closed.
    case closed(endpoint: String, descriptor: Int32)
    case closeFailed(endpoint: String, errno: Int32)
    /// The connection is lost; also follows a failed handshake.
    case disconnected(endpoint: String, descriptor: Int32)
    /// The socket was closed, or another monitor replaced this one. The last event.
    case monitorStopped
    /// An event that 4.3 does not have.
    case other(number: UInt16, value: UInt32, endpoint: String)

    init(_ number: UInt16, _ value: UInt32, _ endpoint: String) {
        let signed = Int32(bitPattern: value)
        self = switch Int32(number) {
        case ZMQ_EVENT_LISTENING: .listening(endpoint: endpoint, descriptor: signed)
        case ZMQ_EVENT_BIND_FAILED: .bindFailed(endpoint: endpoint, errno: signed)
        case ZMQ_EVENT_ACCEPTED: .accepted(endpoint: endpoint, descriptor: signed)
        case ZMQ_EVENT_ACCEPT_FAILED: .acceptFailed(endpoint: endpoint, errno: signed)
        case ZMQ_EVENT_CONNECTED: .connected(endpoint: endpoint, descriptor: signed)
        case ZMQ_EVENT_CONNECT_DELAYED: .connectDelayed(endpoint: endpoint)
        case ZMQ_EVENT_CONNECT_RETRIED: .connectRetried(endpoint: endpoint, pause: .milliseconds(signed))
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: .handshakeSucceeded(endpoint: endpoint)
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: .handshakeFailedNoDetail(endpoint: endpoint, errno: signed)
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: .handshakeFailedProtocol(endpoint: endpoint, code: signed)
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: .handshakeFailedAuth(endpoint: endpoint, status: signed)
        case ZMQ_EVENT_CLOSED: .closed(endpoint: endpoint, descriptor: signed)
        case ZMQ_EVENT_CLOSE_FAILED: .closeFailed(endpoint: endpoint, errno: signed)
        case ZMQ_EVENT_DISCONNECTED: .disconnected(endpoint: endpoint, descriptor: signed)
        case ZMQ_EVENT_MONITOR_STOPPED: .monitorStopped
        default: .other(number: number, value: value, endpoint: endpoint)
        }
    }
}
