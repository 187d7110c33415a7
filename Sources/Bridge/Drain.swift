// How the process goes: it stops accepting, lets what is in flight finish, and does not wait for ever.
//
//   running --begin--> draining --nothing left, or the deadline--> over
//      |                  +--------------begin again-------------> over
//      +-- begin with nothing in flight ------------------------> over

/// The life of one reactor's service to its clients.
public struct Drain: Sendable {
    public enum Phase: Equatable, Sendable {
        /// Requests are accepted. Exit: `begin`.
        case running
        /// Nothing new is accepted; exchanges finish until `deadline`. Exits: the last one ends, the
        /// deadline, a second `begin`.
        case draining(deadline: Instant)
        /// Everything that is left is ended with `shutdown`. No exit.
        case over
    }

    public private(set) var phase = Phase.running

    public init() {}

    /// An operator asks for the end. The second time it is at once.
    public mutating func begin(at now: Instant, patience: Nanoseconds) {
        switch phase {
        case .running: phase = .draining(deadline: now + patience)
        case .draining, .over: phase = .over
        }
    }

    /// Looks at the clock and at what is in flight.
    /// - Returns: true when everything is to be ended now.
    public mutating func isOver(at now: Instant, inFlight: Int) -> Bool {
        if case .draining(let deadline) = phase, inFlight == 0 || now >= deadline { phase = .over }
        return phase == .over
    }

    public var acceptsRequests: Bool { phase == .running }
}
