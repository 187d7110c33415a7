// A service: a named backend, its peer, and how an exchange with it begins and ends.
//
//     services:
//       quotes:                 name
//         peer: router          the kind of peer
//         connect: tcp://...    its address
//         body: json            the content of a frame
//         replies: {...}        how an exchange ends
//
// `load` checks which combinations are valid (Reading/Service+Read.swift), so the rest of the code can rely on it: a
// router has `connect` and no `bind`, a pool of ready workers the opposite; all others have exactly one of the two.

/// One entry of `services`.
public struct ServiceConfiguration: Sendable, Equatable {
    /// The kind of peer.
    public enum Peer: String, Sendable, CaseIterable {
        /// A ROUTER: we are one DEALER per exchange, each with its own identity.
        case router
        /// DEALERs: we are one shared DEALER, `[ticket][body]`.
        case dealer
        /// REPs: we are one shared DEALER, `[ticket][""][body]`.
        case rep
        /// PUBs: we subscribe to the topics that clients ask for.
        case publisher
        /// Workers that announce when they are ready: we are a ROUTER, and the longest ready one is next.
        case ready
        /// Majordomo: the broker if we bind, a client of one if we connect (RFC 7, RFC 18).
        case majordomo
    }

    /// The content of a frame.
    public enum BodyFormat: String, Sendable, CaseIterable {
        /// One JSON value (RFC 8259); checked both ways.
        case json
        /// UTF-8; a JSON string inside JSON.
        case text
        /// Bytes; base64 inside JSON.
        case binary
    }

    /// The required kind of a request's JSON value.
    public enum RequiredValue: String, Sendable, CaseIterable {
        case any, object
    }

    /// The form of a frame: the body alone, or a JSON object with method, headers and the body (as a JSON value, a JSON
    /// string or base64, as `body` says).
    public enum Shape: String, Sendable, CaseIterable {
        case body, envelope
    }

    /// The key in `services`: `[a-z0-9][a-z0-9_.-]{0,62}`, without a final dot or two dots in a row.
    public var name: String

    /// `description`: text for people in /v1/services, at most 1,000 bytes. Default: empty.
    public var description = ""

    /// `peer`: the kind of peer. Required.
    public var peer: Peer

    /// `connect`: endpoints to connect to, 1 to 64; empty if we bind.
    public var connect: [String] = []

    /// `bind`: the endpoint to bind; nil if we connect.
    public var bind: String?

    /// `delimiter`: router only; an empty frame before the body, in both directions. Default: false.
    public var delimiter = false

    /// `body`: the content of a frame. Default: `json`.
    public var body = BodyFormat.json

    /// `require`: json only; the required kind of a request's value. Default: `any`.
    public var require = RequiredValue.any

    /// `request`: the form of the frame that we send. Default: `body`.
    public var request = Shape.body

    /// `headers`: lower-case names of request header fields to include in envelopes, also on this service's routes
    /// unless they set their own; at most 64. Default: none.
    public var headers: [String] = []

    /// `reply`: the form of the frame that a worker sends. Default: `body`.
    public var reply = Shape.body

    /// `expose`: whether clients may call the service by name (`/v1/services/{service}`, sessions); routes lead to it
    /// either way. Default: nil, which means true unless a route sends envelopes to a service that takes bodies
    /// (`Configuration.exposure`).
    public var expose: Bool?

    /// `optional`: the gateway is ready (`/readyz`) even while this service has no worker. Default: false.
    public var isOptional = false

    /// `replies`: how an exchange ends.
    public var replies = ReplyRules()

    /// `overrides`: the largest values that a request may ask for. Default: the service's own `replies`.
    public var overrides = OverrideLimits()

    /// `cancel`: the frame sent to a worker, once, when its client no longer waits; 1 to 65,536 bytes of UTF-8, one
    /// JSON value if `body` is json. Default: nothing is sent.
    public var cancel: String?

    /// `identities`: router only; the number of DEALERs, and their names.
    public var identities = IdentitySettings()

    /// `frames`, `cache`, `max_topics`: publisher only.
    public var publisher = PublisherSettings()

    /// `dialect`, `queue` etc.: workers that announce when they are ready.
    public var pool = PoolSettings()

    /// `service`, `version`: for a Majordomo broker that we connect to.
    public var brokered = BrokeredService()

    /// `clients`: dealer, rep and ready, with `bind`: the endpoint of a ROUTER for native DEALER and REQ clients, which
    /// share the workers with the web. Default: nil, none.
    public var clients: String?

    /// `socket`: the options of our socket.
    public var socket = SocketSettings()

    /// `max_body_bytes`: a request's body, or a session's message, 1 B to 1 GiB. More: 413. Default: nil:
    /// `limits.max_body_bytes`, and in sessions only `sessions.max_message_bytes`.
    public var maxBodyBytes: Int?

    /// `max_exchanges`: exchanges in flight with this service, 1 to 1,000,000; native clients get at most half. More:
    /// 503. Default: nil, only `limits.max_exchanges` applies.
    public var maxExchanges: Int?

    /// `retry_after`: the Retry-After of this service's 503, whole seconds, 1 s to 1 h. Default: 1 s.
    public var retryAfter = Duration.seconds(1)

    /// Whether workers register with us and announce when they are ready.
    public var hasPool: Bool { peer == .ready || peer == .majordomo && bind != nil }

    /// Whether each exchange has an identity, because the peer is a ROUTER.
    public var hasIdentities: Bool { peer == .router || peer == .majordomo && bind == nil }

    /// Whether the service itself declares which reply is the last, so that identities can be reused.
    public var declaresItsEnd: Bool { replies.final != nil || replies.count != nil || peer == .majordomo }

    /// The number of replies after which a worker of this kind is done if the configuration names no end; nil if
    /// unknown.
    public var impliedCount: Int? {
        switch peer {
        case .rep: 1
        case .ready: replies.final == nil ? 1 : nil
        case .majordomo: bind == nil && brokered.version == .one ? 1 : nil
        case .router, .dealer, .publisher: nil
        }
    }

    /// A service with the default values.
    public init(name: String, peer: Peer) {
        self.name = name
        self.peer = peer
    }
}
