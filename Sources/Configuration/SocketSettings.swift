// The options of a service's sockets, named after zmq_setsockopt(3). The gateway fixes all others: ROUTER_MANDATORY is
// on, identities are printable, PROBE_ROUTER is off.

/// `socket`: the options of a service's sockets.
public struct SocketSettings: Sendable, Equatable {
    /// Whether TCP keep-alive probes are sent (ZMQ_TCP_KEEPALIVE).
    public enum KeepAlive: String, Sendable, CaseIterable {
        /// The system's default.
        case system
        case on, off
    }

    /// `send_high_water_mark`: ZMQ_SNDHWM, messages queued for one worker, 1 to 1,000,000. libzmq also counts some that
    /// have left, up to half of the mark. Default: nil: twice `limits.max_exchanges_per_address` if all exchanges share
    /// a socket (dealer and rep), 16 for the identities of a router, and 1,000 otherwise.
    public var sendHighWaterMark: Int?

    /// `receive_high_water_mark`: ZMQ_RCVHWM, unread messages per connection, 1 to 1,000,000. Default: nil: 16 for the
    /// identities of a router, fewer large ones (128 KiB), and 1,000 otherwise.
    public var receiveHighWaterMark: Int?

    /// `linger`: ZMQ_LINGER, how long a closed socket goes on sending, 0 to 1 h. The gateway drains before it closes,
    /// so nothing is left to send by then. Default: 0.
    public var linger = Duration.zero

    /// `queue_while_down`: false: without a worker, requests are rejected at once (503); true: requests wait during an
    /// outage, and all of them run after it. If workers connect to us, this is ZMQ_IMMEDIATE inverted; if we connect,
    /// that option is always off, and a monitor of the connections decides. Default: false.
    public var queueWhileDown = false

    /// `reconnect_interval`: ZMQ_RECONNECT_IVL, 1 ms to 1 h. Default: 100 ms.
    public var reconnectInterval = Duration.milliseconds(100)

    /// `reconnect_interval_max`: ZMQ_RECONNECT_IVL_MAX, the limit up to which the interval doubles, 0 to 1 h, not below
    /// `reconnect_interval`; 0: it does not double. Default: 5 s.
    public var reconnectIntervalMax = Duration.seconds(5)

    /// `heartbeat_interval`: ZMQ_HEARTBEAT_IVL, the interval of ZMTP pings, 10 ms to 1 h; 0 in the file (nil here) for
    /// none: a worker that froze or vanished then goes unnoticed. Default: 1 s.
    public var heartbeatInterval: Duration? = .seconds(1)

    /// `heartbeat_timeout`: ZMQ_HEARTBEAT_TIMEOUT, how long a ping may stay unanswered, 10 ms to 1 h.
    /// Default: nil, three intervals.
    public var heartbeatTimeout: Duration?

    /// `tcp_keepalive`: ZMQ_TCP_KEEPALIVE. Default: `system`.
    public var tcpKeepAlive = KeepAlive.system

    /// `tcp_keepalive_idle`: ZMQ_TCP_KEEPALIVE_IDLE, whole seconds, 1 s to 9 h. Default: nil, the system's.
    public var tcpKeepAliveIdle: Duration?

    /// `tcp_keepalive_interval`: ZMQ_TCP_KEEPALIVE_INTVL, whole seconds, 1 s to 9 h. Default: nil, the system's.
    public var tcpKeepAliveInterval: Duration?

    /// `tcp_keepalive_count`: ZMQ_TCP_KEEPALIVE_CNT, probes, 1 to 127. Default: nil, the system's.
    public var tcpKeepAliveCount: Int?

    /// `ipv6`: ZMQ_IPV6; IPv4 works either way. Default: true.
    public var ipv6 = true

    /// `connect_timeout`: ZMQ_CONNECT_TIMEOUT, 1 ms to 1 h; 0 in the file for the system's. Default: nil, the system's.
    public var connectTimeout: Duration?

    /// `max_reply_bytes`: ZMQ_MAXMSGSIZE, the size of a worker's frame, 1 B to 1 TiB; a peer that announces a larger
    /// one is disconnected. Default: 16 MiB.
    public var maxReplyBytes = 16 << 20

    /// The defaults.
    public init() {}
}
