// Workers that announce when they are ready: `peer: ready`, and `peer: majordomo` with `bind`, when we are the broker.

/// The settings of a service whose workers announce when they are ready.
public struct PoolSettings: Sendable, Equatable {
    /// The frames that the workers use (drawn in docs/workers.md).
    public enum Dialect: String, Sendable, CaseIterable {
        /// `["", anything]` means ready; we send `["", body]`; the next message is the reply, and means ready again.
        case bare
        /// `["", READY]`; `["", ticket, "", body]` in both directions.
        case addressed
        /// `[1]` means ready, `[2]` is the heartbeat in both directions; `[ticket, "", body]` in both directions (RFC
        /// 6).
        case paranoidPirate = "paranoid-pirate"
    }

    /// `dialect`: ready only. Default: `bare`.
    public var dialect = Dialect.bare

    /// `ready_carries_reply`: bare only; whether the message that announces a worker ready again is also its reply.
    /// Default: true.
    public var readyCarriesReply = true

    /// `capacity`: requests per worker at a time, 1 to 1,000. With `bare` it must be 1, because its replies do not name
    /// their request. Default: 1.
    public var capacity = 1

    /// `heartbeat.interval`: the interval of heartbeats in dialects that have them, 250 ms to 1 h. Default: nil, the
    /// protocol's interval: 1 s for `paranoid-pirate`, 2.5 s for Majordomo.
    public var heartbeatInterval: Duration?

    /// `heartbeat.liveness`: intervals of silence after which an idle worker counts as gone, 2 to 100. Default: 3.
    public var liveness = 3

    /// `queue.max`: requests that wait for a worker, 0 to 1,000,000. More: 503 for the last request of the client that
    /// has the most. Clients that can be held back get half of it. Default: 1,000; for a Majordomo broker 100,000 per
    /// name, because native clients get no notice of a rejection.
    public var queueLength = 1_000

    /// `queue.max_bytes`: total bytes of queued bodies, 1 B to 1 TiB. More: as with `queue.max`. Default: 16 MiB.
    public var queueBytes = 16 << 20

    /// `queue.max_age`: the longest time in the queue, 1 ms to 24 h. Longer: 503. Default: 30 s.
    public var queueAge = Duration.seconds(30)

    /// `retries`: how often a request whose worker died before its first reply is sent to another worker, 0 to 10. If
    /// there is no other worker, the request waits, up to `queue.max_age`. A value above 0 declares that requests may
    /// run twice. Default: 0.
    public var retries = 0

    /// `handover`: ZMQ_ROUTER_HANDOVER; a second worker with the same identity replaces the first. Default: false: the
    /// second is connected but gets no messages.
    public var handover = false

    /// `allow`: majordomo only; names that workers may register, up to 1,000; a final `*` matches any rest. Default:
    /// empty, any name.
    public var allow: [String] = []

    /// The defaults.
    public init() {}

    /// Whether a worker may register a service with that name.
    public func allows(_ name: String) -> Bool {
        allow.isEmpty
            || allow.contains { pattern in
                pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
            }
    }
}

/// `peer: majordomo` with `connect`: a service of an existing broker.
public struct BrokeredService: Sendable, Equatable {
    /// The version of the protocol to the broker.
    public enum Version: String, Sendable, CaseIterable {
        /// RFC 7: one reply.
        case one = "0.1"
        /// RFC 18: any number of PARTIAL replies, then a FINAL one.
        case two = "0.2"
    }

    /// `service`: its name at the broker, 1 to 255 bytes. Default: nil, the service's name here.
    public var name: String?

    /// `version`: the version that we speak. Default: 0.1.
    public var version = Version.one

    /// The defaults.
    public init() {}
}
