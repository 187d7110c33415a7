// All options of a socket that the gateway sets, with units and defaults; zmq_setsockopt(3) has the details. The
// defaults suit a gateway, not libzmq: nothing is queued for an absent peer, nothing lingers, and a ROUTER reports what
// it cannot deliver.

internal import CZeroMQ
import Glibc

/// The options of a socket; fixed when it is created.
public struct SocketOptions: Sendable, Equatable {
    /// ZMQ_ROUTING_ID: the identity that a ROUTER knows us by. 1...255 bytes, the first not zero; printable, because C
    /// workers treat it as a string. Default nil: the peer makes one up for each connection.
    public var identity: [UInt8]?
    /// ZMQ_SNDHWM: maximum number of messages queued for one peer before a send would block. Default 1,000; 0: no
    /// limit.
    public var sendHighWaterMark = 1000
    /// ZMQ_RCVHWM: maximum number of messages queued from one peer before its connection is not read any more. Default
    /// 1,000; 0: no limit.
    public var receiveHighWaterMark = 1000
    /// ZMQ_BACKLOG, for a socket that binds: connections that the system completes before libzmq accepts them. Default
    /// 1,024: with libzmq's 100, the 101st of many simultaneous peers waits a second.
    public var backlog = 1024
    /// ZMQ_LINGER: how long sent messages may still go out after the socket is closed. Default 0: they are dropped.
    /// `close(lingering:)` overrides it.
    public var linger = Duration.zero
    /// ZMQ_IMMEDIATE: send to complete connections only. Default true: without a peer a send would block at once. On a
    /// socket that *connects* it has a price in libzmq 4.3: when the peer leaves, unread replies are lost, and if
    /// libzmq notices that between two frames of one message, it ABORTS THE PROCESS (`!_more`, fq.cpp;
    /// zeromq/libzmq#3485). So: true for a socket that binds or receives messages of one frame; false for one that
    /// connects and receives several. ConnectionWatch then tells whether the peer is up, and `disconnect` and `connect`
    /// drop what was sent into an outage.
    public var immediate = true
    /// ZMQ_RECONNECT_IVL: pause before a lost connection is retried. Default 100 ms; nil: never.
    public var reconnectInterval: Duration? = .milliseconds(100)
    /// ZMQ_RECONNECT_IVL_MAX: the pause doubles up to this. Default nil: it stays the same.
    public var reconnectIntervalMax: Duration?
    /// ZMQ_CONNECT_TIMEOUT: how long a TCP connect may take. Default nil: the system's limit.
    public var connectTimeout: Duration?
    /// ZMQ_HANDSHAKE_IVL: how long the ZMTP handshake may take. Default 30 s; zero: no limit. libzmq 4.3.4 drops a peer
    /// of ZMTP 2.0 after that time even if it works, and again after each reconnect.
    public var handshakeInterval = Duration.seconds(30)
    /// ZMQ_HEARTBEAT_IVL: the interval of ZMTP PINGs. Default nil: none, and a frozen peer goes unnoticed.
    public var heartbeatInterval: Duration?
    /// ZMQ_HEARTBEAT_TIMEOUT: the connection is lost after this long without a reply to a PING. Default nil: the
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
    /// ZMQ_IPV6: IPv6 as well as IPv4. Default true.
    public var ipv6 = true
    /// ZMQ_MAXMSGSIZE: maximum size of a frame, in bytes. A peer that announces a longer one is disconnected before
    /// memory is allocated for it. A socket that connected does not reconnect by itself afterwards
    /// (`ConnectionWatch.awaitsRetry`). Default nil: no limit.
    public var maxMessageBytes: Int?
    /// ZMQ_ROUTER_MANDATORY, for a ROUTER: undeliverable messages are `unroutable` or would block instead of being
    /// dropped. Default true.
    public var routerMandatory = true
    /// ZMQ_ROUTER_HANDOVER, for a ROUTER: a second peer with the same identity takes it over. Default false: the second
    /// peer is connected and never gets a message.
    public var routerHandover = false

    public init() {}

    /// The arguments for zmq_setsockopt(3), set on every socket of that type, so that no default of libzmq applies.
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
    /// The value as bytes.
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

    /// libzmq accepts identities that begin with zero, but a ROUTER reserves them.
    var isValid: Bool { option != ZMQ_ROUTING_ID || (1...255).contains(value.count) && value[0] != 0 }
}

extension Duration {
    /// Milliseconds, rounded up, clamped to what libzmq accepts: 0...Int32.max.
    var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < Int64(Int32.max) / 1000 else { return .max }
        return Int32(max(0, seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }

    /// Nanoseconds, clamped to 0...UInt64.max.
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
