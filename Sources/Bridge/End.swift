// How an exchange ends: the reason on the wire, the class of outcome, and what is left to do.
//
// Every transport asks three questions after an end:
// - Did it succeed, did the worker fail, or was it cut short? (`outcome`)
// - May the worker still send replies to this identity? (`owesReplies`)
// - Does the worker get a cancel frame? (`cancelsWorker`)

/// Why an exchange ended, as the word on the wire. Stable: clients and dashboards match on it.
public enum EndReason: UInt8, CaseIterable, Sendable {
    /// A reply matched the service's `final` predicate.
    case final
    /// The requested number of replies was delivered.
    case count
    /// The gap after a reply exceeded `idle`.
    case idle
    /// A reply matched the service's `error` predicate.
    case error
    /// The first reply did not arrive in time.
    case first
    /// The deadline passed.
    case deadline
    /// The next reply would have exceeded a safety cap (`max_replies`, `max_bytes`).
    case limit
    /// A reply did not match the service's declaration (not JSON, not UTF-8, wrong frames).
    case badReply
    /// The only worker that could have replied is gone.
    case workerLost
    /// No worker was available for the request.
    case noWorker
    /// Too many exchanges were open.
    case overloaded
    /// The client cancelled the exchange: it has all the replies that it wanted.
    case cancelled
    /// The client closed its connection.
    case clientLeft
    /// The client read too slowly: its unsent replies exceeded the service's bound.
    case slowClient
    /// The gateway shut down first.
    case shutdown

    /// The word in the end record, the access log and the metrics.
    public var word: StaticString {
        switch self {
        case .final: "final"
        case .count: "count"
        case .idle: "idle"
        case .error: "error"
        case .first: "first"
        case .deadline: "deadline"
        case .limit: "limit"
        case .badReply: "bad_reply"
        case .workerLost: "worker_lost"
        case .noWorker: "no_worker"
        case .overloaded: "overloaded"
        case .cancelled: "cancelled"
        case .clientLeft: "client_left"
        case .slowClient: "slow_client"
        case .shutdown: "shutdown"
        }
    }
}

/// The class of an end, as the client sees it.
public enum Outcome: UInt8, Sendable {
    /// All replies were delivered.
    case complete
    /// The worker reported an error, or sent an unusable reply.
    case failed
    /// The exchange was cut short; replies may be missing.
    case incomplete
}

/// The end of one exchange. Immutable.
public struct End: Equatable, Sendable {
    public let reason: EndReason
    public let outcome: Outcome
    /// The worker may still send replies to this identity, so the identity must not be used again.
    public let owesReplies: Bool
    /// Send the service's `cancel` frame, if it has one, to the worker now.
    public let cancelsWorker: Bool

    /// The client has only a part of the replies; false if the worker never got the request.
    public var isPartial: Bool {
        outcome == .incomplete && reason != .noWorker && reason != .overloaded
    }

    /// The value of `ok` in the end record.
    public var isOK: Bool { outcome == .complete }

    /// The end for `reason` under the default rules. `first`, `idle`, `deadline` and `count` depend on the rules: see
    /// `ExchangeState`.
    public init(_ reason: EndReason) {
        self.reason = reason
        switch reason {
        case .final, .count, .idle, .cancelled: outcome = .complete
        case .error, .badReply: outcome = .failed
        default: outcome = .incomplete
        }
        owesReplies = reason != .final
        cancelsWorker =
            switch reason {
            case .first, .deadline, .limit, .badReply, .cancelled, .clientLeft, .slowClient, .shutdown: true
            case .final, .count, .idle, .error, .workerLost, .noWorker, .overloaded: false
            }
    }

    /// An `idle` end. The service declares whether the gap means that the worker is done or that replies were lost.
    static func idle(_ outcome: Outcome) -> End {
        End(reason: .idle, outcome: outcome, owesReplies: true, cancelsWorker: outcome != .complete)
    }

    /// A `first` end. The service declares whether no reply at all is a valid answer or a loss.
    static func first(_ outcome: Outcome) -> End {
        End(reason: .first, outcome: outcome, owesReplies: true, cancelsWorker: outcome != .complete)
    }

    /// The end of a one-way exchange: the client waits for no replies, but the worker may send some.
    static let sent = End(reason: .count, outcome: .complete, owesReplies: true, cancelsWorker: false)

    /// A `deadline` end; usually `.incomplete`.
    static func deadline(_ outcome: Outcome) -> End {
        End(reason: .deadline, outcome: outcome, owesReplies: true, cancelsWorker: true)
    }

    /// A `count` end. Only a count that the service itself declares means that the worker has nothing more to send.
    static func count(isExact: Bool) -> End {
        End(reason: .count, outcome: .complete, owesReplies: !isExact, cancelsWorker: !isExact)
    }

    private init(reason: EndReason, outcome: Outcome, owesReplies: Bool, cancelsWorker: Bool) {
        self.reason = reason
        self.outcome = outcome
        self.owesReplies = owesReplies
        self.cancelsWorker = cancelsWorker
    }
}
