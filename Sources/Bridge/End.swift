// How an exchange ends: the reason that goes on the wire, what class of outcome it is, and what it leaves behind.
//
// Three questions follow every end, and they are answered here once for all transports:
//   - was it a success, a worker's failure, or something cut short?            (`outcome`)
//   - may the worker still send replies to this identity?                      (`owesReplies`)
//   - is the worker told that nobody listens any more?                         (`cancelsWorker`)

/// The word on the wire for what ended an exchange. Stable: clients and dashboards match on it.
public enum EndReason: UInt8, CaseIterable, Sendable {
    /// A reply met the service's `final` predicate.
    case final
    /// The asked-for number of replies was delivered.
    case count
    /// No reply came for the `idle` gap after an earlier one.
    case idle
    /// A reply met the service's `error` predicate.
    case error
    /// The first reply did not come in time.
    case first
    /// The total time was over.
    case deadline
    /// A safety cap (`max_replies`, `max_bytes`) would have been exceeded.
    case limit
    /// A reply was not what the service declares (not JSON, not UTF-8, the wrong frames).
    case badReply
    /// The only worker that could answer is gone.
    case workerLost
    /// No worker was there to send the request to.
    case noWorker
    /// Too many exchanges were open already.
    case overloaded
    /// The client asked for the end, and has all that it wanted.
    case cancelled
    /// The client closed its connection.
    case clientLeft
    /// The client did not take its replies and more than the service's bound of them piled up.
    case slowClient
    /// The gateway shut down before the exchange was over.
    case shutdown

    /// The word as it is written in the end record, the access log and the metrics.
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

/// What an end means to the client.
public enum Outcome: UInt8, Sendable {
    /// Everything that was to come has come.
    case complete
    /// The worker answered that it failed, or answered something unusable.
    case failed
    /// It was cut short: there may have been more.
    case incomplete
}

/// The end of one exchange.
public struct End: Equatable, Sendable {
    public let reason: EndReason
    public let outcome: Outcome
    /// The worker may still send replies under this identity, so the identity must not be used again.
    public let owesReplies: Bool
    /// The service's `cancel` frame, where it has one, goes to the worker now.
    public let cancelsWorker: Bool

    /// What came is a part of what was to come; false where the worker never had the request.
    public var isPartial: Bool {
        outcome == .incomplete && reason != .noWorker && reason != .overloaded
    }

    /// True where the end record says `ok: true`.
    public var isOK: Bool { outcome == .complete }

    /// The end that `reason` makes, whatever the rules say. `first`, `idle` and `count` depend on the rules: see
    /// `Exchange`.
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

    /// An `idle` end: the service declares whether the gap means that the worker is done or was lost on the way.
    static func idle(_ outcome: Outcome) -> End {
        End(reason: .idle, outcome: outcome, owesReplies: true, cancelsWorker: outcome != .complete)
    }

    /// A `first` end: the service declares whether no reply is an answer or a loss.
    static func first(_ outcome: Outcome) -> End {
        End(reason: .first, outcome: outcome, owesReplies: true, cancelsWorker: outcome != .complete)
    }

    /// The end of a one-way exchange: the client waits for no replies, but the worker may send some.
    static let sent = End(reason: .count, outcome: .complete, owesReplies: true, cancelsWorker: false)

    /// A `deadline` end: mostly something is missing then.
    static func deadline(_ outcome: Outcome) -> End {
        End(reason: .deadline, outcome: outcome, owesReplies: true, cancelsWorker: true)
    }

    /// A `count` end: only a count that the service itself declares says that the worker has nothing more to send.
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
