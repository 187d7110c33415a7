// A route: an HTTP pattern that leads to a service, in addition to POST /v1/services/{service}.
//
//     - { match: "GET /orders/{id}", service: jobs, request: envelope, headers: [accept-language] }

/// One entry of `routes`.
public struct RouteConfiguration: Sendable, Equatable {
    /// The method of `match` (RFC 9110, case-sensitive); nil for `*`, any method.
    public var method: String?

    /// The path template of `match`.
    public var path: PathTemplate

    /// `service`: the name of a configured service.
    public var service: String

    /// `registered`: for a Majordomo broker, the name that its workers register. Default: nil.
    public var registered: String?

    /// `request`: what the worker gets. Default: `envelope`.
    public var request = ServiceConfiguration.Shape.envelope

    /// `reply`: what the worker sends. Default: the service's.
    public var reply = ServiceConfiguration.Shape.body

    /// `headers`: lower-case names of request header fields to include in the envelope, at most 64. Default: the
    /// service's.
    public var headers: [String] = []

    /// `replies`: the service's end rules, with the route's changes (deadline, first, first_means, idle, idle_means,
    /// count, max_replies, max_bytes).
    public var replies: ReplyRules

    /// A route with the default values.
    public init(method: String?, path: PathTemplate, service: String, replies: ReplyRules = ReplyRules()) {
        self.method = method
        self.path = path
        self.service = service
        self.replies = replies
    }
}

/// A path template: literal segments and parameters.
public struct PathTemplate: Sendable, Hashable, CustomStringConvertible {
    /// The text between two slashes.
    public enum Segment: Sendable, Hashable {
        /// Exactly this text, as the client writes it (including percent-encoding); the last one may be empty
        /// ("/orders/").
        case literal(String)
        /// `{name}`: one segment, not empty.
        case parameter(String)
        /// `{name...}`: the rest of the path, including slashes; only at the end.
        case rest(String)
    }

    /// The segments after the first slash, at most 32; "/" has none.
    public let segments: [Segment]

    /// Creates a template from well-formed segments.
    init(segments: [Segment]) {
        self.segments = segments
    }

    /// The names of the parameters, in order.
    public var parameters: [String] {
        segments.compactMap {
            switch $0 {
            case .literal: nil
            case .parameter(let name), .rest(let name): name
            }
        }
    }

    /// The template as text: `/orders/{id}`.
    public var description: String {
        "/" + segments.map {
            switch $0 {
            case .literal(let text): text
            case .parameter(let name): "{\(name)}"
            case .rest(let name): "{\(name)...}"
            }
        }.joined(separator: "/")
    }
}
