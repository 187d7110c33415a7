// The places among the open exchanges that requests of native clients take while workers have them. A service has a
// share of them (Configuration/NativeShare.swift), which its pools use in turn: a busy one must not keep others out.

import Bridge

/// The places of one service's pools, on its home reactor.
final class NativePlaces {
    private let host: any ServiceHost
    private let service: Int
    /// Pools with ready workers and native requests that found no place, the first to ask first.
    private var waiting: [Pool] = []
    private var taken: UInt64 = 0

    init(_ host: any ServiceHost, _ plan: ServicePlan) {
        self.host = host
        service = plan.index
    }

    /// - Returns: false when all are taken.
    func take() -> Bool {
        guard host.bounds.openExchanges.enterNative(service) else { return false }
        taken += 1
        return true
    }

    /// `pool` gives out what waits once there is a place.
    func wait(for pool: Pool) {
        guard !pool.waitsForPlace else { return }
        pool.waitsForPlace = true
        waiting.append(pool)
    }

    /// Gives back what was taken in advance, and not used.
    func leave() { host.bounds.openExchanges.leaveNative(service) }

    /// A request is over: its place is for the pool that has waited longest.
    func giveBack() {
        leave()
        let before = taken
        while taken == before, !waiting.isEmpty {
            let pool = waiting.removeFirst()
            pool.waitsForPlace = false
            pool.dispatchWaiting()
        }
    }
}
