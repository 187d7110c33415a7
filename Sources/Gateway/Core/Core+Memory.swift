// What a core does when memory is short: first everything leaves that clients take, then the largest holders let go.

import Bridge
import Configuration
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
            let what = "memory is short (\(whose)): \(bytes) bytes of \(kind.word) were let go"
            if let line = limit.admit(what, at: now) { log.warning("\(line)") }
        }
    }

    func settleMemory() {
        flushSessions()
        memory.settle()
    }

    /// Gives memory back once a crowd has left, and all that it held is freed.
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
    /// So many bytes held are worth as much as one of a crowd.
    private static let bytesOfOne = 16_384
}
