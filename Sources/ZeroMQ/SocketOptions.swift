// The options of a socket (zmq_setsockopt(3)), in our words and units.

internal import CZeroMQ

/// What a socket is set to before it binds or connects.
public struct SocketOptions: Sendable, Equatable {
    /// ZMQ_ROUTING_ID: 1 to 255 bytes, printable, since workers in C take it for a string; nil lets libzmq choose.
    public var identity: [UInt8]?
    /// ZMQ_SNDHWM, messages a connection.
    public var sendHighWaterMark = 1_000
    /// ZMQ_RCVHWM, messages a connection.
    public var receiveHighWaterMark = 1_000
    /// ZMQ_LINGER: how long a closed socket goes on sending.
    public var linger = Duration.zero
    /// ZMQ_IMMEDIATE: send only to connections that stand; without one a send would block.
    public var immediate = true
    /// ZMQ_RECONNECT_IVL.
    public var reconnectInterval = Duration.milliseconds(100)
    /// ZMQ_RECONNECT_IVL_MAX; zero: the interval does not grow.
    public var reconnectIntervalMax = Duration.zero
    /// ZMQ_HEARTBEAT_IVL; nil: a frozen peer is not noticed.
    public var heartbeatInterval: Duration?
    /// ZMQ_HEARTBEAT_TIMEOUT; nil: three intervals.
    public var heartbeatTimeout: Duration?
    /// ZMQ_TCP_KEEPALIVE; nil: as the system does.
    public var tcpKeepAlive: Bool?
    /// ZMQ_TCP_KEEPALIVE_IDLE, whole seconds; nil: the system's.
    public var tcpKeepAliveIdle: Duration?
    /// ZMQ_TCP_KEEPALIVE_INTVL, whole seconds; nil: the system's.
    public var tcpKeepAliveInterval: Duration?
    /// ZMQ_TCP_KEEPALIVE_CNT; nil: the system's.
    public var tcpKeepAliveCount: Int?
    /// ZMQ_IPV6; IPv4 works either way.
    public var ipv6 = true
    /// ZMQ_CONNECT_TIMEOUT; nil: the system's.
    public var connectTimeout: Duration?
    /// ZMQ_MAXMSGSIZE: who sends a larger frame is disconnected; nil: no bound.
    public var maxMessageBytes: Int?
    /// ZMQ_ROUTER_MANDATORY (ROUTER only): an unknown identity is an outcome instead of a silent drop.
    public var routerMandatory = true
    /// ZMQ_ROUTER_HANDOVER (ROUTER only): a second peer of a name takes it over.
    public var routerHandover = false

    public init() {}

    /// Sets every option on a fresh socket.
    func apply(to socket: borrowing SocketHandle) throws(ZMQError) {
        try socket.set(ZMQ_SNDHWM, sendHighWaterMark)
        try socket.set(ZMQ_RCVHWM, receiveHighWaterMark)
        try socket.set(ZMQ_LINGER, Self.milliseconds(linger))
        try socket.set(ZMQ_IMMEDIATE, immediate ? 1 : 0)
        try socket.set(ZMQ_RECONNECT_IVL, Self.milliseconds(reconnectInterval))
        try socket.set(ZMQ_RECONNECT_IVL_MAX, Self.milliseconds(reconnectIntervalMax))
        try socket.set(ZMQ_IPV6, ipv6 ? 1 : 0)
        if let identity { try socket.set(ZMQ_ROUTING_ID, identity) }
        if let interval = heartbeatInterval {
            try socket.set(ZMQ_HEARTBEAT_IVL, Self.milliseconds(interval))
            try socket.set(ZMQ_HEARTBEAT_TIMEOUT, Self.milliseconds(heartbeatTimeout ?? interval * 3))
        }
        if let tcpKeepAlive { try socket.set(ZMQ_TCP_KEEPALIVE, tcpKeepAlive ? 1 : 0) }
        if let idle = tcpKeepAliveIdle { try socket.set(ZMQ_TCP_KEEPALIVE_IDLE, Self.milliseconds(idle) / 1000) }
        if let interval = tcpKeepAliveInterval {
            try socket.set(ZMQ_TCP_KEEPALIVE_INTVL, Self.milliseconds(interval) / 1000)
        }
        if let count = tcpKeepAliveCount { try socket.set(ZMQ_TCP_KEEPALIVE_CNT, count) }
        if let connectTimeout { try socket.set(ZMQ_CONNECT_TIMEOUT, Self.milliseconds(connectTimeout)) }
        if let maxMessageBytes { try socket.setLong(ZMQ_MAXMSGSIZE, maxMessageBytes) }
    }

    static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
