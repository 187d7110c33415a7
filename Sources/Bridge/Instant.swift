// The moment something happened, and how long something may take.
//
// Bridge owns no clock: whoever calls it says what time it is. An `Instant` counts nanoseconds of one monotonic clock
// since a start that nobody needs to know, so two of them can be compared and nothing else can be done with them.

/// A length of time in nanoseconds. 2^64 of them are 584 years, so sums do not overflow in practice and saturate in
/// theory.
public typealias Nanoseconds = UInt64

/// A point on the caller's monotonic clock, in nanoseconds.
public struct Instant: Comparable, Hashable, Sendable {
    public let nanoseconds: UInt64

    @inlinable
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// A point that no clock reaches: "never".
    public static let distantFuture = Instant(nanoseconds: .max)

    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant `length` later; "never" when that is beyond the clock.
    @inlinable
    public static func + (instant: Instant, length: Nanoseconds) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(length)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// The time from `earlier` to `self`; zero when `earlier` is the later one.
    @inlinable
    public func since(_ earlier: Instant) -> Nanoseconds {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }
}
