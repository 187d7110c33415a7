// The end rules of an exchange (docs/ends.md). The rules combine, and the first one to fire ends the exchange; the
// deadline is always on. These are only settings: the state machine is in Bridge.
//
//     request --- first ---> reply --- idle ---> reply ... final | count | error
//     |<------------------------ deadline ------------------------------------>|

/// `replies`: the end rules of a service, or of a route.
public struct ReplyRules: Sendable, Equatable {
    /// The meaning of silence for `first` or `idle`.
    public enum SilenceMeaning: String, Sendable, CaseIterable {
        /// The worker has sent all its replies.
        case complete
        /// Replies are missing.
        case incomplete
    }

    /// `final`: the condition that marks the last reply. Default: none.
    public var final: FinalRule?

    /// `count`: delivered replies that complete the exchange, 0 to 1,000,000; with 0 it is complete as soon as the
    /// worker has the request. Default: nil, except that a `rep` service always has 1.
    public var count: Int?

    /// `error`: the condition that marks a reply as a worker's error. Default: none.
    public var error: ErrorRule?

    /// `first`: the longest wait for the first reply, 1 ms to the deadline. Default: nil, until the deadline.
    public var first: Duration?

    /// `first_means`: the outcome if no reply comes within `first`. Default: `incomplete`.
    public var firstMeans = SilenceMeaning.incomplete

    /// `idle`: the longest gap between replies, 1 ms to the deadline; starts with the first reply. Default: nil, none.
    public var idle: Duration?

    /// `idle_means`: the outcome of an `idle` gap. Default: `incomplete`.
    public var idleMeans = SilenceMeaning.incomplete

    /// `deadline`: the time from the request to the end, 1 ms to 24 h; never reset. Default: 30 s.
    public var deadline = Duration.seconds(30)

    /// `keepalive`: the condition for a reply that resets `idle` but is neither counted nor delivered. Default: none.
    public var keepalive: Predicate?

    /// `max_replies`: the safety cap on replies, 1 to 1,000,000,000. More: the exchange ends with `limit`. Default:
    /// nil, none.
    public var maxReplies: Int?

    /// `max_bytes`: the safety cap on the total bytes of replies, 1 B to 1 TiB. More: the exchange ends with `limit`.
    /// Default: nil, none.
    public var maxBytes: Int?

    /// Only the default deadline.
    public init() {}

    /// Whether any rule besides the deadline and the caps ends an exchange successfully.
    public var namesAnEnd: Bool {
        final != nil || count != nil || (idle != nil && idleMeans == .complete)
    }
}

/// `final`: the condition for the last reply, and whether that reply is delivered.
public struct FinalRule: Sendable, Equatable {
    /// Whether the last reply is delivered.
    public enum Delivery: String, Sendable, CaseIterable {
        /// It is delivered and counted like any reply. The default for a pointer.
        case data
        /// It only marks the end. The default for an empty frame.
        case marker
    }

    /// The condition for the last reply.
    public var predicate: Predicate

    /// `deliver`: whether the client gets the last reply.
    public var deliver: Delivery

    public init(_ predicate: Predicate, deliver: Delivery) {
        self.predicate = predicate
        self.deliver = deliver
    }
}

/// `error`: the condition for a worker's error, and its HTTP status.
public struct ErrorRule: Sendable, Equatable {
    /// The HTTP status of the failure.
    public enum Status: Sendable, Equatable {
        /// `status`: this one, 400 to 599. The default is 502.
        case fixed(Int)
        /// `status_pointer`: the number at that pointer of the reply (RFC 6901 text); 502 if there is no such number.
        case pointer(String)
    }

    /// The condition for an error; never an empty frame.
    public var predicate: Predicate

    /// Its HTTP status.
    public var status: Status

    public init(_ predicate: Predicate, status: Status = .fixed(502)) {
        self.predicate = predicate
        self.status = status
    }
}
