// The largest values that a request may ask for (`?deadline=`, `?first=`, `?idle=`, `?count=`). The defaults are the
// service's own values: a client may ask for less or for an earlier end, and for more only if the configuration allows
// it.

/// `overrides`: the limits of what a request may override.
public struct OverrideLimits: Sendable, Equatable {
    /// The limit of `count` if neither `overrides` nor the service's own rules set one.
    private static let mostReplies = 1_000_000

    /// `deadline`: at most 24 h. Default: the service's own deadline.
    public var deadline: Duration

    /// `first`: at most `deadline`. Default: the service's own, or `deadline` if it has none.
    public var first: Duration

    /// `idle`: at most `deadline`. Default: the service's own, or `deadline` if it has none.
    public var idle: Duration

    /// `count`: 1 to 1,000,000. Default: the service's own count, or its `max_replies`; 1,000,000 if it has neither.
    public var count: Int

    /// The defaults for a service with these rules.
    public init(for replies: ReplyRules = ReplyRules()) {
        self.init(for: replies, deadline: replies.deadline)
    }

    /// The defaults of the other keys, for a configured `deadline`.
    init(for replies: ReplyRules, deadline: Duration) {
        self.deadline = deadline
        first = replies.first ?? deadline
        idle = replies.idle ?? deadline
        count = replies.count ?? min(replies.maxReplies ?? Self.mostReplies, Self.mostReplies)
    }
}
