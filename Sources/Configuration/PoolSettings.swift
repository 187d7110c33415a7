// Workers that say when they are ready: `peer: ready`, and `peer: majordomo` where we are the broker.

/// The settings of a service whose workers say when they are ready.
public struct PoolSettings: Sendable, Equatable {
    /// What the frames of the workers are (docs/workers.md draws them).
    public enum Dialect: String, Sendable, CaseIterable {
        /// `["", anything]` says ready; `["", body]` comes; the next message is the reply, and says ready again.
        case bare
        /// `["", READY]`; `["", ticket, "", body]` both ways.
        case addressed
        /// `[1]` says ready, `[2]` is the heartbeat of both; `[ticket, "", body]` both ways (RFC 6).
        case paranoidPirate = "paranoid-pirate"
    }

    /// `dialect`: ready only. Default: `bare`.
    public var dialect = Dialect.bare

    /// `ready_carries_reply`: bare only; whether what a worker sends after its work, which says that it is ready again,
    /// is also its reply. Default: true.
    public var readyCarriesReply = true

    /// `capacity`: requests in one worker at a time, 1 to 1,000; above 1 not with `bare`, whose replies name no
    /// request.
    /// Default: 1.
    public var capacity = 1

    /// `heartbeat.interval`: between two signs of life in dialects that have them, 250 ms to 1 h. Default: nil, as the
    /// protocol has it: 1 s for `paranoid-pirate`, 2.5 s for Majordomo.
    public var heartbeatInterval: Duration?

    /// `heartbeat.liveness`: after so many intervals of silence an idle worker is gone, 2 to 100. Default: 3.
    public var liveness = 3

    /// `queue.max`: requests that wait for a worker, 0 to 1,000,000. Above: 503 for the last of the client that has
    /// most of them. Clients that can be held back have half of it. Default: 1,000; of a Majordomo broker 100,000 for
    /// each name, because a native client is not told when it is rejected.
    public var queueLength = 1_000

    /// `queue.max_bytes`: the bytes of their bodies, 1 B to 1 TiB. Above: as with `queue.max`. Default: 16 MiB.
    public var queueBytes = 16 << 20

    /// `queue.max_age`: how long one waits, 1 ms to 24 h. Above: 503. Default: 30 s.
    public var queueAge = Duration.seconds(30)

    /// `retries`: how often a request whose worker died before its first reply goes to another one, 0 to 10; without
    /// another one it waits, up to `queue.max_age`. Above 0 the service declares that its requests may run twice.
    /// Default: 0.
    public var retries = 0

    /// `handover`: ZMQ_ROUTER_HANDOVER; a second worker of the same identity takes the place of the first. Default:
    /// false: the second is connected and deaf.
    public var handover = false

    /// `allow`: majordomo only; the names that workers may register, `*` at the end of one for the rest; up to 1,000.
    /// Default: empty, any name.
    public var allow: [String] = []

    /// The defaults.
    public init() {}

    /// Whether a worker may register a service of that name.
    public func allows(_ name: String) -> Bool {
        allow.isEmpty
            || allow.contains { pattern in
                pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
            }
    }
}

/// `peer: majordomo` with `connect`: a service of a broker that exists.
public struct BrokeredService: Sendable, Equatable {
    /// The protocol between us and the broker.
    public enum Version: String, Sendable, CaseIterable {
        /// RFC 7: one reply.
        case one = "0.1"
        /// RFC 18: any number of PARTIAL replies, and a FINAL one.
        case two = "0.2"
    }

    /// `service`: its name at the broker, 1 to 255 bytes. Default: nil, the name it has here.
    public var name: String?

    /// `version`: what we speak. Default: 0.1.
    public var version = Version.one

    /// The defaults.
    public init() {}
}
