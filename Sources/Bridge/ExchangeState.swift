// The state machine of one request and its replies, shared by every transport.
//
//               reply                  reply, keepalive, pause, resume
//     waiting --------> flowing ------------------------------------+
//        |                 ^----------------------------------------+
//        | first, deadline,|  final, count, error, limit, bad reply,
//        | worker lost,    |  idle, deadline, worker lost, client left,
//        | client left ... |  cancelled, slow client, shutdown
//        +-------> ended <-+        the first to fire wins; nothing leaves `ended`
//
// Pure: it sees facts about a reply, never its bytes, and its owner passes the time. The owner delivers the replies,
// keeps one timer at `nextWake` (waking early is harmless), and passes replies that have arrived before it passes the
// time.

/// The properties of a reply that the end rules need.
public struct ReplyFacts: Equatable, Sendable {
    /// The body's size in bytes.
    public var byteCount: Int
    /// The body is what the service declares: JSON, UTF-8 text, or anything.
    public var isValid: Bool
    public var isFinal: Bool
    public var isError: Bool
    public var isKeepalive: Bool

    @inlinable
    public init(
        byteCount: Int, isValid: Bool = true, isFinal: Bool = false, isError: Bool = false, isKeepalive: Bool = false
    ) {
        self.byteCount = byteCount
        self.isValid = isValid
        self.isFinal = isFinal
        self.isError = isError
        self.isKeepalive = isKeepalive
    }
}

/// What to do with a reply.
public enum ReplyAction: Equatable, Sendable {
    /// Do nothing: the reply was a keepalive.
    case ignore
    case deliver
    /// Deliver the reply; it is the last one.
    case deliverThenEnd(End)
    /// Do not deliver the reply (a marker, an error, over a cap, or unusable); the exchange is over.
    case end(End)
    /// The reply came after the end: count it and drop it.
    case drop
}

/// The state of one exchange, from the complete request to its end.
public struct ExchangeState: Sendable {
    private enum State: Equatable {
        /// No reply yet. Exits: a reply, or any end.
        case waiting
        /// At least one reply came; `silence` is the part of the gap that had passed at `since`. Exits: any end.
        case flowing(since: Instant, silence: Nanoseconds)
        /// Over. No exit.
        case ended(End)
    }

    public let rules: EndRules
    public let openedAt: Instant
    /// When the first reply was delivered or ended the exchange; nil before.
    public private(set) var firstReplyAt: Instant?
    /// Replies delivered so far.
    public private(set) var delivered = 0
    /// Bytes of the delivered replies.
    public private(set) var deliveredBytes = 0
    private var state = State.waiting
    /// The client does not take its replies. It can pause before its first reply: other exchanges share its connection.
    private var isPaused = false

    public init(rules: EndRules, openedAt: Instant) {
        self.rules = rules
        self.openedAt = openedAt
    }

    /// The end; nil while the exchange is open.
    public var end: End? {
        if case .ended(let end) = state { end } else { nil }
    }

    /// When to call `reached` at the latest; `distantFuture` after the end.
    public var nextWake: Instant {
        if case .ended = state { return .distantFuture }
        return min(deadlineDue, replyDue)
    }

    /// The worker has the request.
    /// - Returns: the end, if the client waits for no replies.
    public mutating func sent() -> End? {
        if case .ended = state { return nil }
        return rules.count == 0 ? finish(.sent) : nil
    }

    /// A reply has arrived.
    public mutating func replied(_ facts: ReplyFacts, at now: Instant) -> ReplyAction {
        if case .ended = state { return .drop }
        if facts.isKeepalive {
            showSign(at: now, isReply: false)
            return .ignore
        }
        if rules.count == 0 { return .end(finish(.sent)) }
        showSign(at: now, isReply: true)
        if facts.isFinal && !facts.isError && !rules.deliversFinal { return .end(finish(End(.final))) }
        if !facts.isValid { return .end(finish(End(.badReply))) }
        if facts.isError { return .end(finish(End(.error))) }
        if exceedsCap(facts) { return .end(finish(End(.limit))) }
        delivered += 1
        deliveredBytes += facts.byteCount
        if facts.isFinal { return .deliverThenEnd(finish(End(.final))) }
        if let count = rules.count, delivered >= count {
            return .deliverThenEnd(finish(.count(isExact: rules.countIsExact)))
        }
        return .deliver
    }

    /// Checks the timeouts. Pass every reply that has arrived first: it may have come in time.
    /// - Returns: the end, if a timeout has passed; if two have, the end of the earlier one.
    public mutating func reached(_ now: Instant) -> End? {
        if case .ended = state { return nil }
        guard now >= nextWake else { return nil }
        if deadlineDue <= replyDue { return finish(.deadline(rules.deadlineMeans)) }
        if case .waiting = state { return finish(.first(rules.firstMeans)) }
        return finish(.idle(rules.idleMeans))
    }

    /// The client does not take its replies (back-pressure). The `idle` clock stops; the deadline does not.
    public mutating func pause(at now: Instant) {
        guard !isPaused else { return }
        isPaused = true
        guard case .flowing(let since, let silence) = state else { return }
        state = .flowing(since: now, silence: silence + now.since(since))
    }

    /// The client takes replies again.
    public mutating func resume(at now: Instant) {
        guard isPaused else { return }
        isPaused = false
        guard case .flowing(_, let silence) = state else { return }
        state = .flowing(since: now, silence: silence)
    }

    /// Ends the exchange for an outside reason: the client left or cancelled, the worker is lost, the gateway shuts
    /// down.
    /// - Returns: the end; nil if the exchange had already ended.
    public mutating func finish(because reason: EndReason) -> End? {
        if case .ended = state { return nil }
        return finish(End(reason))
    }

    private mutating func showSign(at now: Instant, isReply: Bool) {
        if isReply && firstReplyAt == nil { firstReplyAt = now }
        switch state {
        case .waiting where isReply: state = .flowing(since: now, silence: 0)
        case .flowing: state = .flowing(since: now, silence: 0)
        default: break
        }
    }

    private var deadlineDue: Instant { openedAt + rules.deadline }

    /// When the wait for a reply times out: `first` until a reply came, then `idle`, which stops while paused.
    private var replyDue: Instant {
        switch state {
        case .waiting: rules.first.map { openedAt + $0 } ?? .distantFuture
        case .flowing(let since, let silence) where !isPaused:
            rules.idle.map { since + ($0 > silence ? $0 - silence : 0) } ?? .distantFuture
        case .flowing, .ended: .distantFuture
        }
    }

    private func exceedsCap(_ facts: ReplyFacts) -> Bool {
        if let maxReplies = rules.maxReplies, delivered >= maxReplies { return true }
        if let maxBytes = rules.maxBytes, deliveredBytes + facts.byteCount > maxBytes { return true }
        return false
    }

    private mutating func finish(_ end: End) -> End {
        state = .ended(end)
        return end
    }
}
