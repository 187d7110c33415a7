import Testing

@testable import Bridge

/// Who gets work, in what order, and what happens to it when a worker goes.
struct WorkerPoolTests {
    private func ticket(_ number: UInt64) -> Ticket { Ticket(reactor: 0, number: number) }
    private func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func pool(_ names: [String], capacity: Int = 1) -> (WorkerPool, [WorkerID]) {
        var pool = WorkerPool(capacity: capacity)
        let ids = names.map { pool.register(Array($0.utf8), at: at(0)) }
        for (index, id) in ids.enumerated() { pool.ready(id, at: at(UInt64(index))) }
        return (pool, ids)
    }

    private func name(_ pool: WorkerPool, _ id: WorkerID?) -> String? {
        id.flatMap { pool[$0] }.map { String(decoding: $0.name, as: UTF8.self) }
    }

    @Test func theLongestReadyIsTheNext() {
        var (pool, ids) = pool(["a", "b", "c"])
        #expect(pool.lend(to: ticket(1), at: at(10)) == ids[0])
        #expect(pool.lend(to: ticket(2), at: at(10)) == ids[1])
        pool.finish(ticket(2), of: ids[1], at: at(20))
        pool.finish(ticket(1), of: ids[0], at: at(21))
        let order = (3...5).map { name(pool, pool.lend(to: ticket($0), at: at(30))) }
        #expect(order == ["c", "b", "a"])
        #expect(pool.lend(to: ticket(6), at: at(30)) == nil)
        #expect(pool.readyCount == 0)
    }

    @Test func aWorkerThatIsNotReadyGetsNothing() {
        var pool = WorkerPool()
        let id = pool.register([1], at: at(0))
        #expect(pool.lend(to: ticket(1), at: at(1)) == nil)
        pool.ready(id, at: at(2))
        pool.ready(id, at: at(3))
        #expect(pool.readyCount == 1)
        #expect(pool.lend(to: ticket(1), at: at(4)) == id)
        #expect(pool.lend(to: ticket(2), at: at(4)) == nil)
    }

    @Test func workersWithRoomTakeTurns() {
        var (pool, _) = pool(["a", "b"], capacity: 2)
        let order = (1...4).map { name(pool, pool.lend(to: ticket($0), at: at(10))) }
        #expect(order == ["a", "b", "a", "b"])
        #expect(pool.lend(to: ticket(5), at: at(10)) == nil)
    }

    @Test func aDrainingWorkerGetsNothingNew() {
        var (pool, ids) = pool(["a", "b"])
        pool.setDraining(true, ids[0], at: at(5))
        #expect(pool.readyCount == 1)
        #expect(pool.lend(to: ticket(1), at: at(6)) == ids[1])
        #expect(pool.lend(to: ticket(2), at: at(6)) == nil)
        pool.setDraining(false, ids[0], at: at(7))
        #expect(pool.lend(to: ticket(2), at: at(8)) == ids[0])
        pool.setDraining(true, ids[0], at: at(9))
        #expect(pool.finish(ticket(2), of: ids[0], at: at(10)) == true)
        #expect(pool.readyCount == 0)
    }

    @Test func aWorkerThatGoesLeavesItsRequests() {
        var (pool, ids) = pool(["a"], capacity: 3)
        for number in 1...3 { #expect(pool.lend(to: ticket(UInt64(number)), at: at(1)) == ids[0]) }
        pool.finish(ticket(2), of: ids[0], at: at(2))
        #expect(pool.remove(ids[0]) == [ticket(1), ticket(3)])
        #expect(pool[ids[0]] == nil)
        #expect(pool.find([UInt8](("a").utf8).span) == nil)
        #expect(pool.lend(to: ticket(4), at: at(3)) == nil)
        #expect(pool.count == 0 && pool.readyCount == 0)
        #expect(pool.finish(ticket(1), of: ids[0], at: at(4)) == false)
        let again = pool.register(Array("a".utf8), at: at(5))
        #expect(again != ids[0])
        #expect(pool[ids[0]] == nil)
    }

    @Test func anUnreachableWorkerGetsNothingEvenWithRoom() {
        var (pool, ids) = pool(["a"], capacity: 4)
        #expect(pool.lend(to: ticket(1), at: at(1)) == ids[0])
        #expect(pool.lend(to: ticket(2), at: at(1)) == ids[0])
        pool.finish(ticket(2), of: ids[0], isReady: false, at: at(2))
        #expect(pool.lend(to: ticket(3), at: at(3)) == nil)
        pool.finish(ticket(1), of: ids[0], at: at(4))
        #expect(pool.lend(to: ticket(3), at: at(5)) == ids[0])
    }

    @Test func silentWorkersAreFound() {
        var (pool, ids) = pool(["a", "b"])
        pool.heard(ids[1], at: at(900))
        #expect(pool.silent(for: 1_000_000_000, at: at(1_000)) == [ids[0]])
        #expect(pool.silent(for: 1_000_000_000, at: at(999)) == [])
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func aRandomLifeAgreesWithASimpleModel(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let capacity = Int(random.next() % 3) + 1
        var pool = WorkerPool(capacity: capacity)
        var model: [(id: WorkerID, name: [UInt8], requests: [Ticket], isDraining: Bool, since: Int?)] = []
        var clock = 0
        for step in 0..<4_000 {
            let now = at(UInt64(step))
            clock += 1
            let index = model.isEmpty ? 0 : Int(random.next() % UInt64(model.count))
            switch random.next() % 8 {
            case 0 where model.count < 12:
                let name: [UInt8] = [UInt8(truncatingIfNeeded: step), UInt8(truncatingIfNeeded: step >> 8)]
                let id = pool.register(name, at: now)
                pool.ready(id, at: now)
                model.append((id, name, [], false, clock))
            case 1 where !model.isEmpty && random.next() % 4 == 0:
                let gone = model.remove(at: index)
                #expect(pool.remove(gone.id) == gone.requests)
            case 2 where !model.isEmpty && random.next() % 4 == 0:
                model[index].isDraining.toggle()
                pool.setDraining(model[index].isDraining, model[index].id, at: now)
                model[index].since = model[index].isDraining || model[index].requests.count == capacity ? nil : clock
            case 3, 4, 5:
                let request = ticket(UInt64(step))
                let expected = model.indices.filter { model[$0].since != nil }
                    .min { model[$0].since! < model[$1].since! }
                #expect(pool.lend(to: request, at: now) == expected.map { model[$0].id })
                guard let expected else { continue }
                model[expected].requests.append(request)
                model[expected].since = model[expected].requests.count < capacity ? clock : nil
            default:
                guard !model.isEmpty, let request = model[index].requests.randomElement(using: &random) else {
                    continue
                }
                #expect(pool.finish(request, of: model[index].id, at: now) == true)
                model[index].requests.removeAll { $0 == request }
                if model[index].since == nil && !model[index].isDraining { model[index].since = clock }
            }
            #expect(pool.count == model.count)
            #expect(pool.readyCount == model.count { $0.since != nil })
        }
    }
}
