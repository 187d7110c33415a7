// Limits how many requests of native clients may be with workers. Each takes a place among the open exchanges. A
// service has a share of those (Configuration/NativeShare.swift); its pools take turns, so that a busy one does not
// keep the others out.

import Basics
import Bridge
import Contract

/// The places of one service's pools, on its home reactor.
package final class NativePlaces {
    private let host: any ServiceHost
    private let service: Int
    /// Pools with ready workers and native requests without a place, in the order of asking.
    private var waiting = FIFO<Pool>()
    private var taken: UInt64 = 0

    init(_ host: any ServiceHost, _ plan: ServicePlan) {
        self.host = host
        service = plan.index
    }

    /// - Returns: false if all places are taken.
    package func take() -> Bool {
        guard host.bounds.openExchanges.enterNative(service) else { return false }
        taken += 1
        return true
    }

    /// Lets `pool` dispatch its waiting requests once there is a place.
    package func wait(for pool: Pool) {
        guard !pool.waitsForPlace else { return }
        pool.waitsForPlace = true
        waiting.append(pool)
    }

    /// Returns a place that was taken in advance and not used.
    package func leave() { host.bounds.openExchanges.leaveNative(service) }

    /// A request is over: its place goes to the pool that has waited longest.
    func giveBack() {
        leave()
        let before = taken
        while taken == before, let pool = waiting.popFirst() {
            pool.waitsForPlace = false
            pool.dispatchWaiting()
        }
    }
}
