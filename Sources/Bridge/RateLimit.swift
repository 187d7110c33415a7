// Rate limiting for messages of one kind, such as a log line that a peer can cause a million times a second.
//
//       says:     x x x x . . . . . . . . . . . | interval over | x (and 11 more) . . .
//                 \ burst /  held back, counted
//
// Pure: the caller passes the time. A limit takes three words and never allocates.

/// Admits `burst` events per interval and counts the rest.
public struct RateLimit: Sendable {
    private let burst: Int
    private let interval: Nanoseconds
    private var opensAt = Instant(nanoseconds: 0)
    private var left: Int
    /// Events held back since the last admitted one.
    public private(set) var heldBack: UInt64 = 0

    /// - Parameters:
    ///   - burst: events admitted per interval; at least 1.
    ///   - interval: length of an interval, from its first event. Default: 10 s.
    public init(burst: Int = 1, per interval: Nanoseconds = 10_000_000_000) {
        precondition(burst > 0, "a limit that lets nothing through")
        self.burst = burst
        self.interval = interval
        left = burst
    }

    /// Counts one event.
    /// - Returns: the number of events held back before it, if it is admitted; nil if it is held back.
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

    /// Counts one event; `message` is built only if the event is admitted.
    /// - Returns: the message, plus `(and N more)` if N events were held back before it; nil if this event is held
    ///   back.
    public mutating func admit(_ message: @autoclosure () -> String, at now: Instant) -> String? {
        guard let missed = admit(at: now) else { return nil }
        return missed == 0 ? message() : "\(message()) (and \(missed) more)"
    }
}
