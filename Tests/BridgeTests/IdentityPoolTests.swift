// The law of identities on short stories; IdentityPoolModelTests has the long ones.

import Testing

@testable import Bridge

@Suite("A pool of identities")
struct IdentityPoolTests {
    private func ticket(_ number: UInt64) -> Ticket { Ticket(value: number) }

    /// Opens all that the pool wants at `at(0)`. - Returns: the slots with their endpoints.
    private func openAll(_ pool: inout IdentityPool, at now: Instant = at(0)) -> [(slot: Int, endpoint: Int)] {
        var opened: [(slot: Int, endpoint: Int)] = []
        while let next = pool.nextToOpen(at: now) { opened.append(next) }
        return opened
    }

    /// Opens and connects until the pool wants no more. - Returns: the endpoint of each slot.
    private func fill(_ pool: inout IdentityPool) -> [Int: Int] {
        var endpoints: [Int: Int] = [:]
        while case let opened = openAll(&pool), !opened.isEmpty {
            for (slot, endpoint) in opened {
                endpoints[slot] = endpoint
                _ = pool.connected(slot)
            }
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

    @Test("opens one identity for each endpoint, and the spare ones once an endpoint is up")
    func opening() {
        var pool = IdentityPool(endpoints: 2, spare: 3, maximum: 10)
        let opened = openAll(&pool)
        #expect(opened.map(\.endpoint) == [0, 1])
        #expect(!pool.isUp && pool.endpointsUp == [false, false])
        #expect(pool.lease(for: ticket(1)) == .noWorker)
        #expect(pool.connected(opened[1].slot) == .kept)
        #expect(pool.isUp && pool.endpointsUp == [false, true])
        #expect(openAll(&pool).map(\.endpoint) == [1, 1])
        #expect(pool.connectingCount == 3 && pool.readyCount == 1 && pool.leasedCount == 0)
    }

    @Test("lets endpoints take turns and passes over those without a ready identity")
    func turns() {
        var pool = IdentityPool(endpoints: 3, spare: 9, maximum: 9)
        let endpoints = fill(&pool)
        #expect(lease(6, &pool).map { endpoints[$0]! } == [0, 1, 2, 0, 1, 2])
        for (slot, endpoint) in endpoints where endpoint == 1 { pool.lost(slot, at: at(1)) }
        #expect(lease(2, &pool).map { endpoints[$0]! } == [0, 2])
    }

    @Test("lends an identity again after an end that leaves nothing owed, and never after another")
    func law() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 1)
        _ = fill(&pool)
        let slot = lease(1, &pool)[0]
        #expect(pool.release(slot, reusable: true, wasLost: false) == .kept)
        #expect(lease(1, &pool) == [slot])
        #expect(pool.release(slot, reusable: false, wasLost: false) == .retired)
        #expect(pool.readyCount == 0 && pool.isUp)
        #expect(openAll(&pool).count == 1)
        #expect(pool.readyCount == 0)
    }

    @Test("does not keep an identity whose connection is gone, whatever its end left")
    func lostLease() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 1)
        _ = fill(&pool)
        let slot = lease(1, &pool)[0]
        #expect(pool.release(slot, reusable: true, wasLost: true) == .retired)
        #expect(!pool.isUp)
        #expect(pool.lease(for: ticket(1)) == .noWorker)
    }

    @Test("serves those who wait in the order they came, from a return and from a fresh connection")
    func order() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 3)
        _ = fill(&pool)
        let slot = lease(1, &pool)[0]
        #expect(pool.lease(for: ticket(10)) == .waiting)
        #expect(pool.lease(for: ticket(11)) == .waiting)
        let fresh = openAll(&pool)
        #expect(pool.release(slot, reusable: true, wasLost: false) == .lent(to: ticket(10)))
        #expect(pool.connected(fresh[0].slot) == .lent(to: ticket(11)))
        #expect(pool.connected(fresh[1].slot) == .kept)
        #expect(pool.leasedCount == 2 && pool.waitingCount == 0)
    }

    @Test("lets nobody wait for an identity that it could not open, not even before it has opened any")
    func exhausted() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 3)
        _ = fill(&pool)
        _ = lease(1, &pool)
        #expect(pool.lease(for: ticket(10)) == .waiting)
        #expect(pool.lease(for: ticket(11)) == .waiting)
        #expect(pool.lease(for: ticket(12)) == .exhausted)
        #expect(openAll(&pool).count == 2)
        #expect(pool.lease(for: ticket(13)) == .exhausted)
        pool.withdraw(ticket(10))
        #expect(pool.lease(for: ticket(14)) == .waiting)
        #expect(pool.lease(for: ticket(15)) == .exhausted)
    }

    @Test("passes over who withdrew, and a second withdrawal is nothing")
    func withdrawal() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 3)
        _ = fill(&pool)
        let slot = lease(1, &pool)[0]
        #expect(pool.lease(for: ticket(10)) == .waiting)
        #expect(pool.lease(for: ticket(11)) == .waiting)
        pool.withdraw(ticket(10))
        pool.withdraw(ticket(10))
        #expect(pool.release(slot, reusable: true, wasLost: false) == .lent(to: ticket(11)))
    }

    @Test("hands out everybody who waits once all is down, and nobody before")
    func stranded() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 4)
        _ = fill(&pool)
        let slots = lease(1, &pool)
        for number in 10...11 as ClosedRange<UInt64> { _ = pool.lease(for: ticket(number)) }
        let nobody = pool.stranded()
        #expect(nobody == [])
        _ = pool.release(slots[0], reusable: false, wasLost: true)
        let all = pool.stranded()
        #expect(all == [ticket(10), ticket(11)])
        #expect(pool.waitingCount == 0)
    }

    @Test("notices by patience that what died with its last identity is down")
    func patience() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 4)
        _ = fill(&pool)
        _ = pool.release(lease(1, &pool)[0], reusable: false, wasLost: false)
        _ = openAll(&pool, at: at(100))
        pool.checkConnecting(at: at(150), patience: 50)
        #expect(pool.isUp)
        pool.checkConnecting(at: at(151), patience: 50)
        #expect(!pool.isUp)
    }

    @Test("comes up again when a lost identity is connected again")
    func reconnect() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 4)
        let slot = fill(&pool).keys.first!
        pool.lost(slot, at: at(5))
        #expect(!pool.isUp && pool.connectingCount == 1)
        #expect(openAll(&pool).isEmpty)
        #expect(pool.connected(slot) == .kept)
        #expect(pool.isUp && lease(1, &pool) == [slot])
    }

    @Test("takes a slot back whose opening failed, once")
    func openFailed() {
        var pool = IdentityPool(endpoints: 1, spare: 1, maximum: 1)
        let slot = openAll(&pool)[0].slot
        pool.openFailed(slot)
        pool.openFailed(slot)
        #expect(pool.connectingCount == 0)
        let again = openAll(&pool)
        #expect(again.count == 1 && again[0].slot == slot)
    }

    @Test("gives back half of what nobody used, until the spare ones are left")
    func trim() {
        var pool = IdentityPool(endpoints: 1, spare: 2, maximum: 20)
        _ = fill(&pool)
        var slots = lease(2, &pool)
        for number in 0..<10 as Range<UInt64> { _ = pool.lease(for: ticket(number)) }
        for (slot, _) in openAll(&pool) where pool.connected(slot) != .kept { slots.append(slot) }
        for slot in slots { _ = pool.release(slot, reusable: true, wasLost: false) }
        var ready = [pool.readyCount]
        for _ in 0..<8 {
            let closed = pool.trim()
            #expect(pool.readyCount == ready.last! - closed.count)
            ready.append(pool.readyCount)
        }
        #expect(ready == [14, 14, 8, 5, 3, 2, 2, 2, 2])
        #expect(openAll(&pool).isEmpty)
    }

    @Test("gives back nothing that was in use since the last time")
    func trimInUse() {
        var pool = IdentityPool(endpoints: 1, spare: 6, maximum: 20)
        _ = fill(&pool)
        _ = pool.trim()
        for slot in lease(6, &pool) { _ = pool.release(slot, reusable: true, wasLost: false) }
        let closed = pool.trim()
        #expect(closed == [])
    }

    @Test("does not close the last identity of an endpoint, which would be opened again at once")
    func trimKeepsEndpoints() {
        var pool = IdentityPool(endpoints: 5, spare: 1, maximum: 20)
        _ = fill(&pool)
        #expect(pool.readyCount == 5)
        for _ in 0..<4 {
            let closed = pool.trim()
            #expect(closed == [])
        }
    }

    @Test("gives the places of an endpoint that is down to those that are up")
    func trimDown() {
        var pool = IdentityPool(endpoints: 2, spare: 8, maximum: 8)
        let endpoints = fill(&pool)
        for (slot, endpoint) in endpoints where endpoint == 0 { pool.lost(slot, at: at(1)) }
        #expect(pool.connectingCount == 4 && pool.endpointsUp == [false, true])
        #expect(openAll(&pool).isEmpty)
        let closed = pool.trim()
        #expect(closed.count == 3 && closed.allSatisfy { endpoints[$0] == 0 })
        #expect(openAll(&pool).map(\.endpoint) == [1, 1, 1])
    }
}
