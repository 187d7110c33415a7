// What a request may ask for at most (`?deadline=`, `?first=`, `?idle=`, `?count=`). A service that has longer rules of
// its own keeps them: the default never lies below them.

/// `overrides`: the bounds of what a request may override.
public struct OverrideLimits: Sendable, Equatable {
    /// `deadline`: at most 24 h. Default: 5 min, or the service's deadline where that is longer.
    public var deadline: Duration

    /// `first`: at most `deadline`, its default.
    public var first: Duration

    /// `idle`: at most `deadline`, its default.
    public var idle: Duration

    /// `count`: 1 to 1,000,000. Default: 10,000, or the service's count where that is larger.
    public var count: Int

    /// The defaults for a service with these rules.
    public init(for replies: ReplyRules = ReplyRules()) {
        deadline = max(.seconds(300), replies.deadline)
        first = deadline
        idle = deadline
        count = max(10_000, replies.count ?? 0)
    }
}
