// The clocks of the process. Deadlines and durations use the monotonic clock; the wall clock is for people (logs, HTTP
// dates) and may jump.

import Glibc

public enum Clocks {
    /// Nanoseconds of CLOCK_MONOTONIC, clock_gettime(2). About 20 ns per call: on the request path use `Reactor.now`
    /// instead.
    public static var monotonic: UInt64 {
        let time = read(CLOCK_MONOTONIC)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// Time since 1970-01-01 00:00 UTC, CLOCK_REALTIME; `nanoseconds` is 0..<1,000,000,000.
    public static var wall: (seconds: Int, nanoseconds: Int) {
        let time = read(CLOCK_REALTIME)
        return (time.tv_sec, time.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        // SAFETY: `time` is ours and alive during the call. Both clocks always exist, so the call cannot fail.
        _ = unsafe clock_gettime(clock, &time)
        return time
    }
}
