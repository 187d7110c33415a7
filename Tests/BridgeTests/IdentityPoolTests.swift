// The law of identities on short stories; IdentityPoolModelTests has the long ones.

import Testing

@testable import Bridge

@Suite("A pool of identities")
struct IdentityPoolTests {
    private func ticket(_ number: UInt64) -> Ticket { Ticket(value: number) }

    /// Slots with their endpoints, as the pool wants them; they are not opened yet.
    private func wanted(_ pool: inout IdentityPool) -> [(slot: Int, endpoint: Int)] {
        var wanted: [(slot: Int, endpoint: Int)] = []
        while let next = pool.nextToOpen() { wanted.append(next) }
        return wanted
    }

    /// All endpoints up, and all open that the pool wants. - Returns: the endpoint of each slot.
    private func fill(_ pool: inout IdentityPool) -> [Int: Int] {
        for endpoint in pool.endpointsUp.indices { pool.endpointUp(endpoint) }
        var endpoints: [Int: Int] = [:]
        for (slot, endpoint) in wanted(&pool) {
            endpoints[slot] = endpoint
            _ = pool.opened(slot)
        }
        return endpoints
    }

    /// Leases that must succeed at once. - Returns: their slots.
    private func lease(_ count: Int, _ pool: inout IdentityPool) -> [Int] {
        (0..<count).compactMap { number in
            guard case .ready(let slot) = pool.lease(for: ticket(UInt64(number))) else { return nil }
            return slot
        }
    }

    @Test("opens nothing until an endpoint is up, and the spare ones then")
    func opening() {
        var pool = IdentityPool(endpoints: 2, spare: 3, maximum: 10, reuses: true)
        #expect(wanted(&pool).isEmpty)
        #expect(!pool.isUp && pool.endpointsUp == [false, false])
        #expect(pool.lease(for: ticket(1)) == .noWorker)
        pool.endpointUp(1)
        #expect(pool.isUp && pool.endpointsUp == [false, true])
        let opened = wanted(&pool)
        #expect(opened.map(\.endpoint) == [1, 1, 1])
        #expect(pool.opened(opened[1].slot) == .kept)
        #expect(pool.readyCount == 1 && pool.leasedCount == 0)
    }

    @Test("lets endpoints take turns and skips those that are down")
    func turns() {
        var pool = IdentityPool(endpoints: 3, spare: 9, maximum: 9, reuses: true)
        let endpoints = fill(&pool)
        #expect(lease(6, &pool).map { endpoints[$0]! } == [0, 1, 2, 0, 1, 2])
        let closed = pool.endpointDown(1)
        #expect(closed.count == 1 && endpoints[closed[0]] == 1)
        #expect(lease(2, &pool).map { endpoints[$0]! } == [0, 2])
    }

    @Test("lends an identity again after an end that leaves nothing owed, and never after another")
    func law() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 1, reuses: true)
        _ = fill(&pool)
        let slot = lease(1, &pool)[0]
        #expect(pool.release(slot, reusable: true) == .kept)
        #expect(lease(1, &pool) == [slot])
        #expect(pool.release(slot, reusable: false) == .retired)
        #expect(pool.readyCount == 0 && pool.isUp)
        #expect(wanted(&pool).count == 1)
        #expect(pool.readyCount == 0)
    }

    @Test("lends no identity twice unless the configuration allows it, whatever its end left")
    func fresh() {
        var pool = IdentityPool(endpoints: 1, spare: 2, maximum: 4, reuses: false)
        _ = fill(&pool)
        let slots = lease(2, &pool)
        #expect(pool.lease(for: ticket(10)) == .waiting)
        for slot in slots { #expect(pool.release(slot, reusable: true) == .retired) }
        #expect(pool.readyCount == 0 && pool.waitingCount == 1)
        let next = wanted(&pool)
        #expect(next.count == 3)
        #expect(pool.opened(next[0].slot) == .lent(to: ticket(10)))
    }

    @Test("does not keep an identity whose endpoint is down, whatever its end left")
    func lostLease() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 1, reuses: true)
        _ = fill(&pool)
        let slot = lease(1, &pool)[0]
        let closed = pool.endpointDown(0)
        #expect(closed == [] && !pool.isUp)
        #expect(pool.lease(for: ticket(1)) == .noWorker)
        #expect(pool.release(slot, reusable: true) == .retired)
    }

    @Test("serves waiting exchanges in order, from a returned identity and from a fresh one")
    func order() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 3, reuses: true)
        _ = fill(&pool)
        let slot = lease(1, &pool)[0]
        #expect(pool.lease(for: ticket(10)) == .waiting)
        #expect(pool.lease(for: ticket(11)) == .waiting)
        let fresh = wanted(&pool)
        #expect(pool.release(slot, reusable: true) == .lent(to: ticket(10)))
        #expect(pool.opened(fresh[0].slot) == .lent(to: ticket(11)))
        #expect(pool.opened(fresh[1].slot) == .kept)
        #expect(pool.leasedCount == 2 && pool.waitingCount == 0)
    }

    @Test("lets no exchange wait for an identity that it could not open, not even for the first one")
    func exhausted() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 3, reuses: true)
        _ = fill(&pool)
        _ = lease(1, &pool)
        #expect(pool.lease(for: ticket(10)) == .waiting)
        #expect(pool.lease(for: ticket(11)) == .waiting)
        #expect(pool.lease(for: ticket(12)) == .exhausted)
        #expect(wanted(&pool).count == 2)
        #expect(pool.lease(for: ticket(13)) == .exhausted)
        pool.withdraw(ticket(10))
        #expect(pool.lease(for: ticket(14)) == .waiting)
        #expect(pool.lease(for: ticket(15)) == .exhausted)
    }

    @Test("skips withdrawn exchanges and ignores a second withdrawal")
    func withdrawal() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 3, reuses: true)
        _ = fill(&pool)
        let slot = lease(1, &pool)[0]
        #expect(pool.lease(for: ticket(10)) == .waiting)
        #expect(pool.lease(for: ticket(11)) == .waiting)
        pool.withdraw(ticket(10))
        pool.withdraw(ticket(10))
        #expect(pool.release(slot, reusable: true) == .lent(to: ticket(11)))
    }

    @Test("gives up all waiting exchanges once every endpoint is down, and none before")
    func stranded() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 4, reuses: true)
        _ = fill(&pool)
        let slots = lease(1, &pool)
        for number in 10...11 as ClosedRange<UInt64> { _ = pool.lease(for: ticket(number)) }
        let none = pool.stranded()
        #expect(none == [])
        _ = pool.endpointDown(0)
        _ = pool.release(slots[0], reusable: false)
        let all = pool.stranded()
        #expect(all == [ticket(10), ticket(11)])
        #expect(pool.waitingCount == 0)
    }

    @Test("has nothing ready after an outage, and opens anew")
    func outage() {
        var pool = IdentityPool(endpoints: 1, spare: 2, maximum: 4, reuses: true)
        let before = Set(fill(&pool).keys)
        #expect(Set(pool.endpointDown(0)) == before && pool.readyCount == 0)
        #expect(wanted(&pool).isEmpty)
        pool.endpointUp(0)
        #expect(wanted(&pool).count == 2)
    }

    @Test("does not keep what was opened while its endpoint went down")
    func downWhileOpening() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 4, reuses: true)
        pool.endpointUp(0)
        let slot = wanted(&pool)[0].slot
        _ = pool.endpointDown(0)
        #expect(pool.opened(slot) == .retired)
    }

    @Test("takes back a slot that could not be opened, once")
    func openFailed() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 1, reuses: true)
        pool.endpointUp(0)
        let slot = wanted(&pool)[0].slot
        pool.openFailed(slot)
        pool.openFailed(slot)
        let again = wanted(&pool)
        #expect(again.count == 1 && again[0].slot == slot)
    }

    @Test("closes half of the unused identities, down to the spare ones")
    func trim() {
        var pool = IdentityPool(endpoints: 1, spare: 2, maximum: 20, reuses: true)
        _ = fill(&pool)
        var slots = lease(2, &pool)
        for number in 0..<10 as Range<UInt64> { _ = pool.lease(for: ticket(number)) }
        for (slot, _) in wanted(&pool) where pool.opened(slot) != .kept { slots.append(slot) }
        for slot in slots { _ = pool.release(slot, reusable: true) }
        var ready = [pool.readyCount]
        for _ in 0..<8 {
            let closed = pool.trim()
            #expect(pool.readyCount == ready.last! - closed.count)
            ready.append(pool.readyCount)
        }
        #expect(ready == [14, 14, 8, 5, 3, 2, 2, 2, 2])
        #expect(wanted(&pool).isEmpty)
    }

    @Test("closes nothing that was used since the last time")
    func trimInUse() {
        var pool = IdentityPool(endpoints: 1, spare: 6, maximum: 20, reuses: true)
        _ = fill(&pool)
        _ = pool.trim()
        for slot in lease(6, &pool) { _ = pool.release(slot, reusable: true) }
        let closed = pool.trim()
        #expect(closed == [])
    }

    @Test("reuses nothing after a surplus reply, until the worker has left")
    func brokenWord() throws {
        var pool = IdentityPool(endpoints: 2, spare: 4, maximum: 8, reuses: true)
        let endpoints = fill(&pool)
        let slots = lease(4, &pool)
        for slot in slots.dropLast() { _ = pool.release(slot, reusable: true) }
        let liar = slots[0], liars = slots.filter { endpoints[$0] == endpoints[liar] }
        let unfit = pool.receivedUnowed(liar)
        let closed = try #require(unfit)
        #expect(closed == liars.filter { $0 != slots[3] })
        #expect(pool.endpointsTrusted.count { $0 } == 1 && pool.readyCount == 3 - closed.count)
        for (slot, endpoint) in wanted(&pool) where endpoint == endpoints[liar] {
            #expect(pool.opened(slot) == .kept)
            #expect(pool.isFit(slot))
        }
        // Lent when it became known: it serves to its end, and then no more.
        let last = slots[3]
        #expect(pool.isFit(last))
        #expect(pool.release(last, reusable: true) == (liars.contains(last) ? .retired : .kept))
        pool.endpointUp(endpoints[liar]!)
        #expect(pool.endpointsTrusted.contains(false), "it was up all the time")
        _ = pool.endpointDown(endpoints[liar]!)
        #expect(pool.endpointsTrusted == [true, true])
    }

    @Test("believes another reactor about a surplus reply: closes used identities and reuses none")
    func distrust() {
        var pool = IdentityPool(endpoints: 1, spare: 2, maximum: 3, reuses: true)
        _ = fill(&pool)
        let slots = lease(2, &pool)
        _ = pool.release(slots[0], reusable: true)
        let closed = pool.distrust(0)
        #expect(closed == [slots[0]] && pool.endpointsTrusted == [false])
        #expect(pool.release(slots[1], reusable: true) == .retired)
        let again = pool.distrust(0)
        #expect(again == [])
    }

    @Test("trusts the next worker after one has left, even if identities wait for it")
    func workerLeft() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 2, reuses: true)
        _ = fill(&pool)
        let slot = lease(1, &pool)[0]
        _ = pool.release(slot, reusable: true)
        let closed = pool.receivedUnowed(slot)
        #expect(closed == [slot] && pool.endpointsTrusted == [false])
        pool.workerLeft(0)
        #expect(pool.endpointsTrusted == [true] && pool.isUp)
    }

    @Test("does not distrust a service that sends a greeting to an unused identity")
    func greeting() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 1, reuses: true)
        _ = fill(&pool)
        let slot = lease(1, &pool)[0]
        let closed = pool.receivedUnowed(slot)
        #expect(closed == nil && pool.endpointsTrusted == [true] && pool.isFit(slot))
        #expect(pool.release(slot, reusable: true) == .kept)
    }

    @Test("an identity with an unread surplus reply is not lent again")
    func unfitWhenLent() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 1, reuses: true)
        _ = fill(&pool)
        let slot = lease(1, &pool)[0]
        _ = pool.release(slot, reusable: true)
        #expect(lease(1, &pool) == [slot])
        #expect(pool.isFit(slot))
        let closed = pool.receivedUnowed(slot)
        #expect(closed == [] && !pool.isFit(slot))
        #expect(pool.release(slot, reusable: false) == .retired)
    }
}
