// The shutdown of one reactor: it stops accepting requests, lets open exchanges finish, and stops at a deadline.
//
//     running --begin--> draining --nothing left, or the deadline--> over
//        |                  +--------------begin again-------------> over
//        +-- begin with nothing in flight ------------------------> over

/// Whether a reactor still accepts requests, and until when it waits for open exchanges.
public struct Drain: Sendable {
    public enum Phase: Equatable, Sendable {
        /// Requests are accepted. Exit: `begin`.
        case running
        /// No new requests; open exchanges may finish until `deadline`. Exits: the last exchange ends, the deadline
        /// passes, a second `begin`.
        case draining(deadline: Instant)
        /// All remaining exchanges end with `shutdown`. No exit.
        case over
    }

    public private(set) var phase = Phase.running

    public init() {}

    /// Starts draining for at most `patience`. A second call ends the drain at once.
    public mutating func begin(at now: Instant, patience: Nanoseconds) {
        switch phase {
        case .running: phase = .draining(deadline: now + patience)
        case .draining, .over: phase = .over
        }
    }

    /// Checks the deadline and the number of exchanges `inFlight`.
    /// - Returns: true if all remaining exchanges must end now.
    public mutating func isOver(at now: Instant, inFlight: Int) -> Bool {
        if case .draining(let deadline) = phase, inFlight == 0 || now >= deadline { phase = .over }
        return phase == .over
    }

    public var acceptsRequests: Bool { phase == .running }
}
