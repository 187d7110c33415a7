// Points in time and lengths of time, in nanoseconds.
//
// Bridge owns no clock: its callers pass the time. An `Instant` counts from an arbitrary start of one monotonic clock,
// so two instants can be compared and subtracted, and that is all.

/// A length of time in nanoseconds. 2^64 ns are 584 years; sums saturate.
public typealias Nanoseconds = UInt64

/// A point on the caller's monotonic clock, in nanoseconds.
public struct Instant: Comparable, Hashable, Sendable {
    public let nanoseconds: UInt64

    @inlinable
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// "Never": no clock reaches it.
    public static let distantFuture = Instant(nanoseconds: .max)

    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant `length` later; `distantFuture` on overflow.
    @inlinable
    public static func + (instant: Instant, length: Nanoseconds) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(length)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    @inlinable
    public func since(_ earlier: Instant) -> Nanoseconds {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }
}
