// When an exchange ends: the service's rules, and what one request may override within the service's bounds.
//
// The rules combine; the first one to fire ends the exchange. Predicates on a reply's content (`final`, `error`,
// `keepalive`) are evaluated by the code that has the bytes; only their results arrive here, as `ReplyFacts`.

/// The end rules of one exchange. A plain value without references, cheap to copy.
public struct EndRules: Equatable, Sendable {
    /// Delivered replies after which the exchange is complete; nil to not count. 0 makes it one-way: complete as soon
    /// as the worker has the request.
    public var count: Int?
    /// The service declares `count` itself: after that many replies the worker has nothing more to send.
    public var countIsExact: Bool
    /// Deliver the reply that matches `final` (`deliver: data`), or only end on it (`deliver: marker`).
    public var deliversFinal: Bool
    /// Longest wait for the first reply; nil for no limit but the deadline.
    public var first: Nanoseconds?
    /// Outcome of a `first` end: `.complete` if no reply is a valid, empty answer.
    public var firstMeans = Outcome.incomplete
    /// Longest gap between replies, counted from the first one; nil for no limit.
    public var idle: Nanoseconds?
    /// Outcome of an `idle` end: `.complete` or `.incomplete`.
    public var idleMeans: Outcome
    /// Longest total time, from the complete request; always on, never reset.
    public var deadline: Nanoseconds
    /// Outcome of a `deadline` end: `.complete` for an endless stream that the client asked to hear for that long.
    public var deadlineMeans = Outcome.incomplete
    /// Safety cap on delivered replies; nil for none.
    public var maxReplies: Int?
    /// Safety cap on the total bytes of delivered replies; nil for none.
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

/// What one request asks for in place of the service's rules. Nil keeps the service's value.
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

/// The largest values that a request may ask for.
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

    /// These bounds, raised to the values of a route's own `rules`, so that a request may ask for at least those.
    public func including(_ rules: EndRules) -> OverrideBounds {
        OverrideBounds(
            count: max(count, rules.count ?? 0), first: max(first, rules.first ?? 0), idle: max(idle, rules.idle ?? 0),
            deadline: max(deadline, rules.deadline))
    }
}

/// The result of applying a request's overrides.
public enum OverrideResult: Equatable, Sendable {
    case accepted(EndRules)
    /// The request asked for more than the service allows; nothing was applied.
    case tooMuch(key: StaticKey)

    /// The key of a rejected override, as the client wrote it.
    public enum StaticKey: String, Sendable { case count, first, idle, deadline }
}

extension EndRules {
    /// The rules for listening to topics: the exchange ends after what the client asked for, or never.
    public static var listening: EndRules {
        var rules = EndRules(idleMeans: .complete, deadline: .max)
        rules.deadlineMeans = .complete
        return rules
    }

    /// Applies a request's overrides, or returns the first one that exceeds `bounds`.
    ///
    /// A client's `count` is never exact: it says when the client stops listening, not when the worker stops sending.
    /// It never raises the service's own count, because no reply follows that. A client's `idle` keeps the outcome that
    /// the service declares.
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
