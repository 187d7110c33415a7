// The memory that the process holds for its clients, and its limit (`limits.max_memory`). Like the counts of open
// exchanges, the reactors share it: with relaxed additions, made when a holder has grown or shrunk by some KiB. A small
// request makes none.
//
//     a core's ledger: its holders, by client --+--> held by this core --+--> held by the process    (this class)
//
// The arithmetic. With R reactors and a limit L, the part of each core is L/R. A core may hold more than its part while
// the process holds less than L. When the process holds more than L, at least one core is above its part. The cores
// above their parts evict their largest holders until the process holds at most L, or until they are down to their
// parts, which together are L. The core that notices may not be one of them: it asks them by letter, once until they
// have answered.
//
// For a moment the process may hold more than L: what each holder has not reported yet (less than
// `MemoryLedger.grain`); what arrives between a report and the end of that round of the turn, one message a socket;
// and replies on their way between cores, at most an eighth of L, after which a core stops reading.

import Synchronization

/// The memory of the process. All reactors share one.
package final class MemoryBudget: Sendable {
    private final class Part: Sendable {
        let held = Atomic<Int>(0)
        let isAsked = Atomic<Bool>(false)
    }

    /// The most bytes that the process may hold.
    package let limit: Int
    /// The bytes that each core may hold in any case.
    package let part: Int
    private let all = Atomic<Int>(0)
    private let inTransit = Atomic<Int>(0)
    private let parts: [Part]

    package init(limit: Int, reactors: Int) {
        self.limit = limit
        part = limit / reactors
        parts = (0..<reactors).map { _ in Part() }
    }

    /// Bytes that the process holds.
    package var held: Int { all.load(ordering: .relaxed) }
    var isExceeded: Bool { held > limit }

    /// A core holds `bytes` more, or fewer if negative. - Returns: what the process holds now.
    package func add(_ bytes: Int, on core: Int) -> Int {
        parts[core].held.wrappingAdd(bytes, ordering: .relaxed)
        return all.wrappingAdd(bytes, ordering: .relaxed).newValue
    }

    /// Whether a core holds more than its part.
    func isAbovePart(_ core: Int) -> Bool { parts[core].held.load(ordering: .relaxed) > part }

    /// The cores to ask: those above their parts that have not been asked yet.
    func coresToAsk() -> [Int] {
        parts.indices.filter { isAbovePart($0) && !parts[$0].isAsked.exchange(true, ordering: .relaxed) }
    }

    /// A reply of this size goes to another core by letter. Small ones are not counted.
    package func departs(_ bytes: Int) {
        if bytes >= MemoryLedger.grain { inTransit.wrappingAdd(bytes, ordering: .relaxed) }
    }

    /// The reply was taken out of the mailbox.
    package func arrived(_ bytes: Int) {
        if bytes >= MemoryLedger.grain { inTransit.wrappingSubtract(bytes, ordering: .relaxed) }
    }

    /// Whether so much is on its way between cores that reading should stop: an eighth of the limit.
    var isTransitFull: Bool { inTransit.load(ordering: .relaxed) > limit / 8 }

    /// A core has received the letter.
    package func answered(_ core: Int) { parts[core].isAsked.store(false, ordering: .relaxed) }
}
