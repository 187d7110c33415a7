// What a core does when memory is short: it first sends everything that clients accept, then evicts the largest
// holders.

import Bridge
import Configuration
import Operations
import Reactors

extension SharedState {
    func makeLedger(core: Int) -> MemoryLedger {
        MemoryLedger(
            memory, core: core, reactors: reactorCount, leastShare: 2 * configuration.limits.maxBufferedBytes)
    }
}

extension Core {
    func watchMemory() {
        memory.ask = { [unowned self] other in post(.makeRoom, to: other) }
        var limit = RateLimit()
        memory.reportEviction = { [unowned self] kind, bytes, isForShare in
            let whose = isForShare ? "a quarter of `limits.max_memory`, a client's share" : "`limits.max_memory`"
            let what = "memory is short (\(whose)): \(bytes) bytes of \(kind.word) were released"
            if let line = limit.admit(what, at: now) { log.warning("\(line)") }
        }
    }

    func settleMemory() {
        flushSessions()
        memory.settle()
    }

    /// Returns unused memory to the system after a crowd has left and its memory is freed.
    /// - Parameter crowd: exchanges, sessions and connections.
    func returnMemory(crowd: Int) {
        let crowd = crowd + memory.held / Self.bytesOfOne
        guard largestCrowd > 256, crowd * 4 < largestCrowd else {
            largestCrowd = max(largestCrowd, crowd)
            ticksSinceCrowd = 0
            return
        }
        ticksSinceCrowd += 1
        guard ticksSinceCrowd == Self.ticksUntilMemoryReturns else { return }
        Memory.returnUnused()
        largestCrowd = crowd
        ticksSinceCrowd = 0
    }

    private static let ticksUntilMemoryReturns = 8
    /// Held memory of this size counts as one member of a crowd.
    private static let bytesOfOne = 16_384
}
