// A service: a named backend, what is at its other end, and how an exchange with it begins and ends.
//
//     services:
//       quotes:                 name
//         peer: router          what is there
//         connect: tcp://...    where it is
//         body: json            what a frame holds
//         replies: {...}        how an exchange ends
//
// What combinations make sense is checked by `load` (Reading/Service+Read.swift), so the rest of the house can rely on
// it: a router has `connect` and no `bind`, a pool of ready workers the opposite; the others have exactly one of the
// two.

/// One entry of `services`.
public struct ServiceConfiguration: Sendable, Equatable {
    /// What kind of socket is at the other end.
    public enum Peer: String, Sendable, CaseIterable {
        /// A ROUTER: we are one DEALER for each exchange, with an identity of its own.
        case router
        /// DEALERs: we are one shared DEALER, `[ticket][body]`.
        case dealer
        /// REPs: we are one shared DEALER, `[ticket][""][body]`.
        case rep
        /// PUBs: we are a subscriber to the topics that somebody listens to.
        case publisher
        /// Workers that say when they are ready: we are a ROUTER, and the one that has been ready longest is the next.
        case ready
        /// Majordomo: its broker where we bind, a client of one where we connect (RFC 7, RFC 18).
        case majordomo
    }

    /// What a frame holds.
    public enum BodyFormat: String, Sendable, CaseIterable {
        /// One JSON value (RFC 8259); checked both ways.
        case json
        /// UTF-8; a JSON string inside JSON.
        case text
        /// Bytes; base64 inside JSON.
        case binary
    }

    /// What a request's JSON value must be.
    public enum RequiredValue: String, Sendable, CaseIterable {
        case any, object
    }

    /// What a frame is about: the body alone, or a JSON object that carries method, headers and the body
    /// (as a JSON value, a JSON string or base64, after `body`).
    public enum Shape: String, Sendable, CaseIterable {
        case body, envelope
    }

    /// The key in `services`: `[a-z0-9][a-z0-9_.-]{0,62}`, no dot at its end or behind
    /// another.
    public var name: String

    /// `description`: a person's words for /v1/services, at most 1,000 bytes. Default: empty.
    public var description = ""

    /// `peer`: what is at the other end. Required.
    public var peer: Peer

    /// `connect`: endpoints to connect to, 1 to 64, or empty where we bind.
    public var connect: [String] = []

    /// `bind`: the endpoint to bind, or nil where we connect.
    public var bind: String?

    /// `delimiter`: router only; an empty frame before the body, both ways. Default: false.
    public var delimiter = false

    /// `body`: what a frame holds. Default: `json`.
    public var body = BodyFormat.json

    /// `require`: json only; what a request's value must be. Default: `any`.
    public var require = RequiredValue.any

    /// `request`: what we send. Default: `body`.
    public var request = Shape.body

    /// `headers`: lower-case names of the request's header fields that envelopes carry, on this service's routes too
    /// unless they name their own; at most 64. Default: none.
    public var headers: [String] = []

    /// `reply`: what a worker sends. Default: `body`.
    public var reply = Shape.body

    /// `expose`: whether clients may call the service by name (`/v1/services/{service}`, sessions); routes lead to it
    /// either way. Default: nil, which is true unless a route sends envelopes where the service takes bodies
    /// (`Configuration.exposure`).
    public var expose: Bool?

    /// `optional`: the gateway is ready (`/readyz`) also while this service has no worker. Default: false.
    public var isOptional = false

    /// `replies`: how an exchange ends.
    public var replies = ReplyRules()

    /// `overrides`: the most that a request may ask for. Default: what the service's own `replies` say.
    public var overrides = OverrideLimits()

    /// `cancel`: the frame that tells a worker, once, that nobody waits any more; 1 to 65,536 bytes of UTF-8, one JSON
    /// value where `body` is json. Default: nothing is sent.
    public var cancel: String?

    /// `identities`: router only; how many DEALERs, and their names.
    public var identities = IdentitySettings()

    /// `frames`, `cache`, `max_topics`: publisher only.
    public var publisher = PublisherSettings()

    /// `dialect`, `queue` and the like: workers that say when they are ready.
    public var pool = PoolSettings()

    /// `service`, `version`: what we ask of a Majordomo broker that we connect to.
    public var brokered = BrokeredService()

    /// `clients`: dealer, rep and ready, with `bind`: the endpoint of a ROUTER for native DEALER and REQ clients, who
    /// share the workers with the web. Default: nil, none.
    public var clients: String?

    /// `socket`: the options of our socket.
    public var socket = SocketSettings()

    /// `max_body_bytes`: a request's body, 1 B to 1 GiB, also of a session's message. Above: 413. Default: nil,
    /// `limits.max_body_bytes`, and in sessions only `sessions.max_message_bytes`.
    public var maxBodyBytes: Int?

    /// `max_exchanges`: in flight with this service, 1 to 1,000,000; native clients have half of it at most. Above:
    /// 503.
    /// Default: nil, only `limits.max_exchanges` applies.
    public var maxExchanges: Int?

    /// `retry_after`: what the 503 of this service says, whole seconds, 1 s to 1 h. Default: 1 s.
    public var retryAfter = Duration.seconds(1)

    /// Workers register themselves with us and say when they are ready.
    public var hasPool: Bool { peer == .ready || peer == .majordomo && bind != nil }

    /// Each exchange has an identity: at the other end is a ROUTER.
    public var hasIdentities: Bool { peer == .router || peer == .majordomo && bind == nil }

    /// The service says itself which reply is the last: identities could be reused.
    public var declaresItsEnd: Bool { replies.final != nil || replies.count != nil || peer == .majordomo }

    /// Replies after which a worker of this kind has nothing left to say, where the configuration names no end; nil
    /// where that is not known.
    public var impliedCount: Int? {
        switch peer {
        case .rep: 1
        case .ready: replies.final == nil ? 1 : nil
        case .majordomo: bind == nil && brokered.version == .one ? 1 : nil
        case .router, .dealer, .publisher: nil
        }
    }

    /// A service with the default of everything that has one.
    public init(name: String, peer: Peer) {
        self.name = name
        self.peer = peer
    }
}
