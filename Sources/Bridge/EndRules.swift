// What may end an exchange: a service's declaration, and what one request asks for within the service's bounds.
//
// Conditions combine and the first to fire wins. Predicates on a reply's content (`final`, `error`, `keepalive`) are
// evaluated by whoever sees the bytes; here only their truth arrives, as `ReplyFacts`.

/// The end rules of one exchange. A plain value without references: copying it is copying some words.
public struct EndRules: Equatable, Sendable {
    /// Delivered replies after which the exchange is complete; nil where replies are not counted. With 0 it is one-way:
    /// complete as soon as the worker has the request.
    public var count: Int?
    /// The service itself declares `count`: after that many replies the worker has nothing left to send.
    public var countIsExact: Bool
    /// A reply that meets `final` is delivered before the end (`deliver: data`), or only marks it (`deliver: marker`).
    public var deliversFinal: Bool
    /// Longest wait for the first reply; nil leaves it to the deadline.
    public var first: Nanoseconds?
    /// What a `first` end means: `.complete` where no reply is a good, empty answer.
    public var firstMeans = Outcome.incomplete
    /// Longest gap between replies, armed by the first one; nil for none.
    public var idle: Nanoseconds?
    /// What an `idle` end means: `.complete` or `.incomplete`.
    public var idleMeans: Outcome
    /// Longest total time from the complete request; always on, never reset.
    public var deadline: Nanoseconds
    /// What a `deadline` end means: `.complete` for what has no end of its own, and is heard for as long as was asked.
    public var deadlineMeans = Outcome.incomplete
    /// Safety cap on delivered replies; nil for none.
    public var maxReplies: Int?
    /// Safety cap on the bytes of delivered replies; nil for none.
    public var maxBytes: Int?

    public init(
        count: Int? = nil, countIsExact: Bool = false, deliversFinal: Bool = true, first: Nanoseconds? = nil,
        idle: Nanoseconds? = nil, idleMeans: Outcome = .incomplete, deadline: Nanoseconds = 30_000_000_000,
        maxReplies: Int? = nil, maxBytes: Int? = nil
    ) {
        self.count = count
        self.countIsExact = countIsExact
        self.deliversFinal = deliversFinal
        self.first = first
        self.idle = idle
        self.idleMeans = idleMeans
        self.deadline = deadline
        self.maxReplies = maxReplies
        self.maxBytes = maxBytes
    }
}

/// What one request asks for instead of the service's rules. Nil leaves the service's value.
public struct Overrides: Equatable, Sendable {
    public var count: Int?
    public var first: Nanoseconds?
    public var idle: Nanoseconds?
    public var deadline: Nanoseconds?

    public init(count: Int? = nil, first: Nanoseconds? = nil, idle: Nanoseconds? = nil, deadline: Nanoseconds? = nil) {
        self.count = count
        self.first = first
        self.idle = idle
        self.deadline = deadline
    }

    public var isEmpty: Bool { self == Overrides() }
}

/// The most that a request may ask for, per key.
public struct OverrideBounds: Equatable, Sendable {
    public var count: Int
    public var first: Nanoseconds
    public var idle: Nanoseconds
    public var deadline: Nanoseconds

    public init(count: Int, first: Nanoseconds, idle: Nanoseconds, deadline: Nanoseconds) {
        self.count = count
        self.first = first
        self.idle = idle
        self.deadline = deadline
    }

    /// These bounds for a way to a service that has rules of its own: what those say may be asked for.
    public func including(_ rules: EndRules) -> OverrideBounds {
        OverrideBounds(
            count: max(count, rules.count ?? 0), first: max(first, rules.first ?? 0), idle: max(idle, rules.idle ?? 0),
            deadline: max(deadline, rules.deadline))
    }
}

/// What became of a request's overrides.
public enum OverrideResult: Equatable, Sendable {
    case accepted(EndRules)
    /// The request asked for more than the service allows; nothing was applied.
    case tooMuch(key: StaticKey)

    /// The key of a rejected override, as the client wrote it.
    public enum StaticKey: String, Sendable { case count, first, idle, deadline }
}

extension EndRules {
    /// Of listening to topics: it ends when the client has heard what it asked for, or never.
    public static var listening: EndRules {
        var rules = EndRules(idleMeans: .complete, deadline: .max)
        rules.deadlineMeans = .complete
        return rules
    }

    /// These rules with a request's wishes in their place, or the first wish that exceeds `bounds`.
    ///
    /// A caller's `count` is never exact: it says when the caller stops listening, not when the worker stops talking;
    /// and it never raises the service's own, after which nothing would come. A caller's `idle` keeps the meaning the
    /// service declared for it.
    public func overridden(by wishes: Overrides, within bounds: OverrideBounds) -> OverrideResult {
        var rules = self
        if let count = wishes.count {
            guard count <= bounds.count else { return .tooMuch(key: .count) }
            if count < self.count ?? .max {
                rules.count = count
                rules.countIsExact = false
            }
        }
        if let first = wishes.first {
            guard first <= bounds.first else { return .tooMuch(key: .first) }
            rules.first = first
        }
        if let idle = wishes.idle {
            guard idle <= bounds.idle else { return .tooMuch(key: .idle) }
            rules.idle = idle
        }
        if let deadline = wishes.deadline {
            guard deadline <= bounds.deadline else { return .tooMuch(key: .deadline) }
            rules.deadline = deadline
        }
        return .accepted(rules)
    }
}
