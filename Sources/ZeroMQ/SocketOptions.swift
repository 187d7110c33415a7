// Every knob of a socket that this program turns, with unit and default; zmq_setsockopt(3) has the long story. The
// defaults are those a gateway needs, not libzmq's: nothing is queued for a peer that is not there, nothing lingers, a
// ROUTER says when it cannot deliver.

internal import CZeroMQ
import Glibc

/// How a socket behaves; fixed when it is made.
public struct SocketOptions: Sendable, Equatable {
    /// ZMQ_ROUTING_ID: what a ROUTER at the other end knows us by. 1...255 bytes, the first not zero; printable,
    /// because C workers take it for a string. Default nil: the peer makes one up, for this connection.
    public var identity: [UInt8]?
    /// ZMQ_SNDHWM: messages queued for one peer before a send would block. Default 1,000; 0: no bound.
    public var sendHighWaterMark = 1000
    /// ZMQ_RCVHWM: messages queued from one peer before its connection is read no further. Default 1,000; 0: no bound.
    public var receiveHighWaterMark = 1000
    /// ZMQ_BACKLOG, of a socket that binds: connections the system completes before libzmq accepts them. Default 1,024,
    /// for libzmq's 100 make the 101st of many peers that connect at once wait a second.
    public var backlog = 1024
    /// ZMQ_LINGER: how long what was sent may still go out after the socket is closed. Default 0: it is dropped.
    /// `close(lingering:)` overrides it.
    public var linger = Duration.zero
    /// ZMQ_IMMEDIATE: send to complete connections only. Default true: without a peer a send would block, at once. On a
    /// socket that *connects* it has a price in libzmq 4.3: when the peer leaves, replies not yet read are lost, and if
    /// that is noticed between two frames of one message libzmq ABORTS THE PROCESS (`!_more`, fq.cpp;
    /// zeromq/libzmq#3485). So: true for a socket that binds, or that receives messages of one frame; false for one
    /// that connects and receives several. ConnectionWatch then tells whether the peer is there, and `disconnect` and
    /// `connect` drop what was sent into an outage.
    public var immediate = true
    /// ZMQ_RECONNECT_IVL: pause before a lost connection is tried again. Default 100 ms; nil: never again.
    public var reconnectInterval: Duration? = .milliseconds(100)
    /// ZMQ_RECONNECT_IVL_MAX: the pause doubles up to this. Default nil: it stays the same.
    public var reconnectIntervalMax: Duration?
    /// ZMQ_CONNECT_TIMEOUT: how long a TCP connect may take. Default nil: what the system allows.
    public var connectTimeout: Duration?
    /// ZMQ_HANDSHAKE_IVL: how long the ZMTP handshake may take. Default 30 s; zero: for ever. libzmq 4.3.4 drops a peer
    /// of ZMTP 2.0 after that time, however well it works, and again after each reconnect.
    public var handshakeInterval = Duration.seconds(30)
    /// ZMQ_HEARTBEAT_IVL: how often a ZMTP PING goes out. Default nil: never, then a frozen peer is not noticed.
    public var heartbeatInterval: Duration?
    /// ZMQ_HEARTBEAT_TIMEOUT: the connection is lost when a PING brought nothing for so long. Default nil: the
    /// interval.
    public var heartbeatTimeout: Duration?
    /// ZMQ_TCP_KEEPALIVE. Default nil: the system's setting.
    public var tcpKeepAlive: Bool?
    /// ZMQ_TCP_KEEPALIVE_IDLE, whole seconds. Default nil: the system's.
    public var tcpKeepAliveIdle: Duration?
    /// ZMQ_TCP_KEEPALIVE_INTVL, whole seconds. Default nil: the system's.
    public var tcpKeepAliveInterval: Duration?
    /// ZMQ_TCP_KEEPALIVE_CNT, probes. Default nil: the system's.
    public var tcpKeepAliveCount: Int?
    /// ZMQ_IPV6: also IPv6. Default true; IPv4 goes on working.
    public var ipv6 = true
    /// ZMQ_MAXMSGSIZE: a peer that announces a longer frame is disconnected before memory is taken for it. A socket
    /// that connected does not connect again by itself then (`ConnectionWatch.awaitsRetry`). Bytes. Default nil: none.
    public var maxMessageBytes: Int?
    /// ZMQ_ROUTER_MANDATORY, of a ROUTER: what cannot be delivered is `unroutable` or would block, not dropped. Default
    /// true.
    public var routerMandatory = true
    /// ZMQ_ROUTER_HANDOVER, of a ROUTER: a second peer of an identity takes it over. Default false: it is connected,
    /// and deaf.
    public var routerHandover = false

    public init() {}

    /// What zmq_setsockopt(3) is called with; set for every socket of that type, so that no default of libzmq decides.
    func settings(for type: Int32) -> [Setting] {
        var settings: [Setting] = [
            .int(ZMQ_SNDHWM, "ZMQ_SNDHWM", Int32(clamping: sendHighWaterMark)),
            .int(ZMQ_RCVHWM, "ZMQ_RCVHWM", Int32(clamping: receiveHighWaterMark)),
            .int(ZMQ_BACKLOG, "ZMQ_BACKLOG", Int32(clamping: backlog)),
            .milliseconds(ZMQ_LINGER, "ZMQ_LINGER", linger),
            .int(ZMQ_IMMEDIATE, "ZMQ_IMMEDIATE", immediate ? 1 : 0),
            .int(ZMQ_IPV6, "ZMQ_IPV6", ipv6 ? 1 : 0),
            .milliseconds(ZMQ_HANDSHAKE_IVL, "ZMQ_HANDSHAKE_IVL", handshakeInterval),
        ]
        if let identity { settings.append(.bytes(ZMQ_ROUTING_ID, "ZMQ_ROUTING_ID", identity)) }
        if type == ZMQ_ROUTER {
            settings.append(.int(ZMQ_ROUTER_MANDATORY, "ZMQ_ROUTER_MANDATORY", routerMandatory ? 1 : 0))
            settings.append(.int(ZMQ_ROUTER_HANDOVER, "ZMQ_ROUTER_HANDOVER", routerHandover ? 1 : 0))
        }
        if let maxMessageBytes {
            settings.append(.int64(ZMQ_MAXMSGSIZE, "ZMQ_MAXMSGSIZE", Int64(maxMessageBytes)))
        }
        return settings + connectionSettings + keepAliveSettings
    }

    private var connectionSettings: [Setting] {
        var settings = [
            reconnectInterval.map { Setting.milliseconds(ZMQ_RECONNECT_IVL, "ZMQ_RECONNECT_IVL", $0) }
                ?? .int(ZMQ_RECONNECT_IVL, "ZMQ_RECONNECT_IVL", -1)
        ]
        let optional: [(Int32, String, Duration?)] = [
            (ZMQ_RECONNECT_IVL_MAX, "ZMQ_RECONNECT_IVL_MAX", reconnectIntervalMax),
            (ZMQ_CONNECT_TIMEOUT, "ZMQ_CONNECT_TIMEOUT", connectTimeout),
            (ZMQ_HEARTBEAT_IVL, "ZMQ_HEARTBEAT_IVL", heartbeatInterval),
            (ZMQ_HEARTBEAT_TIMEOUT, "ZMQ_HEARTBEAT_TIMEOUT", heartbeatTimeout),
        ]
        for case (let option, let name, let duration?) in optional {
            settings.append(.milliseconds(option, name, duration))
        }
        return settings
    }

    private var keepAliveSettings: [Setting] {
        let optional: [(Int32, String, Int32?)] = [
            (ZMQ_TCP_KEEPALIVE, "ZMQ_TCP_KEEPALIVE", tcpKeepAlive.map { $0 ? 1 : 0 }),
            (ZMQ_TCP_KEEPALIVE_IDLE, "ZMQ_TCP_KEEPALIVE_IDLE", tcpKeepAliveIdle?.wholeSeconds),
            (ZMQ_TCP_KEEPALIVE_INTVL, "ZMQ_TCP_KEEPALIVE_INTVL", tcpKeepAliveInterval?.wholeSeconds),
            (ZMQ_TCP_KEEPALIVE_CNT, "ZMQ_TCP_KEEPALIVE_CNT", tcpKeepAliveCount.map { Int32(clamping: $0) }),
        ]
        return optional.compactMap { option, name, value in value.map { .int(option, name, $0) } }
    }
}

/// One call of zmq_setsockopt(3).
struct Setting {
    let option: Int32
    let name: String
    /// The value as memory.
    let value: [UInt8]

    static func bytes(_ option: Int32, _ name: String, _ value: [UInt8]) -> Setting {
        Setting(option: option, name: name, value: value)
    }

    static func int(_ option: Int32, _ name: String, _ value: Int32) -> Setting {
        // SAFETY: the bytes of an initialised integer are copied.
        bytes(option, name, unsafe withUnsafeBytes(of: value) { unsafe Array($0) })
    }

    static func int64(_ option: Int32, _ name: String, _ value: Int64) -> Setting {
        // SAFETY: the bytes of an initialised integer are copied.
        bytes(option, name, unsafe withUnsafeBytes(of: value) { unsafe Array($0) })
    }

    static func milliseconds(_ option: Int32, _ name: String, _ value: Duration) -> Setting {
        int(option, name, value.wholeMilliseconds)
    }

    /// What libzmq would take and the gateway must not: a ROUTER keeps identities that begin with zero for itself.
    var isValid: Bool { option != ZMQ_ROUTING_ID || (1...255).contains(value.count) && value[0] != 0 }
}

extension Duration {
    /// Milliseconds, rounded up, within what libzmq takes: 0...Int32.max.
    var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < Int64(Int32.max) / 1000 else { return .max }
        return Int32(max(0, seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }

    /// Nanoseconds, within 0...UInt64.max.
    var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, seconds < 9_000_000_000 else { return seconds < 0 ? 0 : .max }
        return UInt64(seconds) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000
    }

    /// Seconds, rounded up, at least 1.
    var wholeSeconds: Int32 {
        Int32(clamping: max(1, components.seconds + (components.attoseconds > 0 ? 1 : 0)))
    }
}
