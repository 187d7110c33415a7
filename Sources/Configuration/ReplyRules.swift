// How an exchange ends (docs/ends.md). Conditions combine and the first to fire wins; the deadline is always on. These
// are settings only: the state machine that obeys them is Bridge's.
//
//     request --- first ---> reply --- idle ---> reply ... final | count | error
//     |<------------------------ deadline ------------------------------------>|

/// `replies`: the end rules of a service, or of a route.
public struct ReplyRules: Sendable, Equatable {
    /// What a silence of `first` or `idle` says about the exchange.
    public enum SilenceMeaning: String, Sendable, CaseIterable {
        /// The worker has said all it had.
        case complete
        /// Something is missing.
        case incomplete
    }

    /// `final`: the reply that says that it is the last. Default: none.
    public var final: FinalRule?

    /// `count`: so many delivered replies and the exchange is complete, 0 to 1,000,000; with 0 as soon as the worker
    /// has the request. Default: nil, except that a `rep` service always has 1.
    public var count: Int?

    /// `error`: the reply that is a worker's error. Default: none.
    public var error: ErrorRule?

    /// `first`: how long to wait for the first reply, 1 ms to the deadline. Default: nil, until the deadline.
    public var first: Duration?

    /// `first_means`: what it says if no reply comes within `first`. Default: `incomplete`.
    public var firstMeans = SilenceMeaning.incomplete

    /// `idle`: the longest gap between two replies, 1 ms to the deadline; armed by the first reply. Default: nil, none.
    public var idle: Duration?

    /// `idle_means`: what an `idle` gap says. Default: `incomplete`.
    public var idleMeans = SilenceMeaning.incomplete

    /// `deadline`: from the request to the end, 1 ms to 24 h; never reset. Default: 30 s.
    public var deadline = Duration.seconds(30)

    /// `keepalive`: a reply that resets `idle` and is neither counted nor delivered. Default: none.
    public var keepalive: Predicate?

    /// `max_replies`: the safety cap, 1 to 1,000,000,000. Above: the exchange ends with `limit`. Default: nil, none.
    public var maxReplies: Int?

    /// `max_bytes`: the safety cap over all replies of an exchange, 1 B to 1 TiB. Above: it ends with `limit`.
    /// Default: nil, none.
    public var maxBytes: Int?

    /// The deadline alone.
    public init() {}

    /// Whether anything but the deadline and the caps ends an exchange well.
    public var namesAnEnd: Bool {
        final != nil || count != nil || (idle != nil && idleMeans == .complete)
    }
}

/// `final`: what the last reply looks like, and whether it is delivered.
public struct FinalRule: Sendable, Equatable {
    /// Whether the reply that ends the exchange is a reply itself.
    public enum Delivery: String, Sendable, CaseIterable {
        /// It is delivered and counted like the others. The default of a pointer.
        case data
        /// It says only that it is over. The default of an empty frame.
        case marker
    }

    /// What it looks like.
    public var predicate: Predicate

    /// `deliver`: whether the client gets it.
    public var deliver: Delivery

    public init(_ predicate: Predicate, deliver: Delivery) {
        self.predicate = predicate
        self.deliver = deliver
    }
}

/// `error`: what a worker's error looks like, and its HTTP status.
public struct ErrorRule: Sendable, Equatable {
    /// Which HTTP status the failure has.
    public enum Status: Sendable, Equatable {
        /// `status`: this one, 400 to 599. The default is 502.
        case fixed(Int)
        /// `status_pointer`: the number that the reply holds there (RFC 6901 text); 502 where there is no such number.
        case pointer(String)
    }

    /// What it looks like; never an empty frame.
    public var predicate: Predicate

    /// Its HTTP status.
    public var status: Status

    public init(_ predicate: Predicate, status: Status = .fixed(502)) {
        self.predicate = predicate
        self.status = status
    }
}
