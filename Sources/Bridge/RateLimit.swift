// How often a message of one kind may be said: in the log, say, about something that a peer can do a million times a
// second.
//
//     says:     x x x x . . . . . . . . . . . | interval over | x (and 11 more) . . .
//               \ burst /  held back, counted
//
// Bridge has no clock: the caller says what time it is. A limit costs three words and no allocation.

/// Lets some events of one kind through an interval, and counts the rest.
public struct RateLimit: Sendable {
    private let burst: Int
    private let interval: Nanoseconds
    private var opensAt = Instant(nanoseconds: 0)
    private var left: Int
    /// Events held back since the last one that was let through.
    public private(set) var heldBack: UInt64 = 0

    /// - Parameters:
    ///   - burst: how many events an interval lets through; at least 1.
    ///   - interval: how long an interval is, from the first event that it lets through. Default: 10 s.
    public init(burst: Int = 1, per interval: Nanoseconds = 10_000_000_000) {
        precondition(burst > 0, "a limit that lets nothing through")
        self.burst = burst
        self.interval = interval
        left = burst
    }

    /// One event. - Returns: how many were held back before it, if it may be told; nil if it is held back itself.
    public mutating func admit(at now: Instant) -> UInt64? {
        if now >= opensAt {
            opensAt = now + interval
            left = burst
        }
        guard left > 0 else {
            heldBack += 1
            return nil
        }
        left -= 1
        defer { heldBack = 0 }
        return heldBack
    }

    /// One event and its message, which is made only if it may be told.
    /// - Returns: the message, with `(and N more)` behind it if N were held back before it; nil if it is held back.
    public mutating func admit(_ message: @autoclosure () -> String, at now: Instant) -> String? {
        guard let missed = admit(at: now) else { return nil }
        return missed == 0 ? message() : "\(message()) (and \(missed) more)"
    }
}
