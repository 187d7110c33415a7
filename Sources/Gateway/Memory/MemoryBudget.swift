// How much memory the process holds for its clients, and how much it may (`limits.max_memory`). Like the counts of open
// exchanges, one thing that reactors count together: relaxed additions, made when a holder has grown or shrunk by some
// KiB, so that a small request makes none.
//
//     a core's ledger: its holders, by client --+--> held by this core --+--> held by the process    (this class)
//
// The arithmetic. With R reactors and a limit L, each core has a part of L/R. A core may hold more than its part while
// the process holds less than L. When it holds more than L, at least one core holds more than its part: those that do
// let go, the largest first, until the process holds at most L, or they are down to their parts, which are together L.
// The core that notices may not be one of them: it asks them by letter, once until they have answered.
//
// What may be held beyond L for a moment: what each holder has not reported yet (less than `MemoryLedger.grain`), and
// what is received between a report and the end of that round of the turn, a message for each socket that is read; and
// replies on their way from the core of a bound socket to another: when they are an eighth of L, it reads no more.

import Synchronization

/// The memory of the process, shared by the reactors.
final class MemoryBudget: Sendable {
    private final class Part: Sendable {
        let held = Atomic<Int>(0)
        let isAsked = Atomic<Bool>(false)
    }

    /// Bytes that may be held.
    let limit: Int
    /// What each core may hold in any case.
    let part: Int
    private let all = Atomic<Int>(0)
    private let inTransit = Atomic<Int>(0)
    private let parts: [Part]

    init(limit: Int, reactors: Int) {
        self.limit = limit
        part = limit / reactors
        parts = (0..<reactors).map { _ in Part() }
    }

    /// Bytes that the process holds.
    var held: Int { all.load(ordering: .relaxed) }
    var isExceeded: Bool { held > limit }

    /// A core holds `bytes` more, or fewer if negative. - Returns: what the process holds now.
    func add(_ bytes: Int, on core: Int) -> Int {
        parts[core].held.wrappingAdd(bytes, ordering: .relaxed)
        return all.wrappingAdd(bytes, ordering: .relaxed).newValue
    }

    /// Whether a core holds more than its part.
    func isAbovePart(_ core: Int) -> Bool { parts[core].held.load(ordering: .relaxed) > part }

    /// The cores to be asked to let go: those above their parts that were not asked already.
    func coresToAsk() -> [Int] {
        parts.indices.filter { isAbovePart($0) && !parts[$0].isAsked.exchange(true, ordering: .relaxed) }
    }

    /// A reply of so many bytes goes to another core by letter; small ones are not counted.
    func departs(_ bytes: Int) {
        if bytes >= MemoryLedger.grain { inTransit.wrappingAdd(bytes, ordering: .relaxed) }
    }

    /// It was taken out of the mailbox.
    func arrived(_ bytes: Int) {
        if bytes >= MemoryLedger.grain { inTransit.wrappingSubtract(bytes, ordering: .relaxed) }
    }

    /// So much is on its way between the cores that no more should be read: an eighth of the limit.
    var isTransitFull: Bool { inTransit.load(ordering: .relaxed) > limit / 8 }

    /// A core has got the letter.
    func answered(_ core: Int) { parts[core].isAsked.store(false, ordering: .relaxed) }
}
