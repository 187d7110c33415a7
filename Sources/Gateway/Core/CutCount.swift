// What was still in flight when the drain's time was over, told in the last line of the log.

import Synchronization

/// Counted by each reactor at its end.
final class CutCount: Sendable {
    private let exchanges = Atomic<Int>(0)
    private let sessions = Atomic<Int>(0)

    func add(exchanges: Int, sessions: Int) {
        self.exchanges.wrappingAdd(exchanges, ordering: .relaxed)
        self.sessions.wrappingAdd(sessions, ordering: .relaxed)
    }

    /// `stopped; cut 2 exchanges and 1 session`
    var sentence: String {
        let counts = [
            (exchanges.load(ordering: .relaxed), "exchange"), (sessions.load(ordering: .relaxed), "session"),
        ]
        let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        if parts.isEmpty { return "stopped; everything in flight was finished" }
        return "stopped; cut \(parts.joined(separator: " and "))"
    }
}
