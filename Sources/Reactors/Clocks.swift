// The clocks (clock_gettime(2)).

import Glibc

public enum Clocks {
    /// Nanoseconds of CLOCK_MONOTONIC.
    public static var monotonic: UInt64 { read(CLOCK_MONOTONIC) }
    /// Nanoseconds since 1970 of CLOCK_REALTIME.
    public static var wall: UInt64 { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // SAFETY: the call writes into the local `time` and keeps no pointer to it.
        _ = unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
