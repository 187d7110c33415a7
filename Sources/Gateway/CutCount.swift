// Counts what the end of the drain cuts.

import Synchronization

/// What was still in flight when the drain's time was up. Each reactor adds its counts at its end; the last line of the
/// log reports them.
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
        if parts.isEmpty { return "stopped; everything in flight finished" }
        return "stopped; cut \(parts.joined(separator: " and "))"
    }
}
