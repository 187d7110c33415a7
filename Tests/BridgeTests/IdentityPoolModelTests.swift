// Random lives of a pool in a world of endpoints that die and come back, exchanges that come, wait, end and leave.
//
// The world keeps its own books, by slot, and never asks the pool what it thinks of one. It checks the law after each
// step: lent once at a time, nothing owed comes back, served in order, never above the maximum, and where identities
// are not reused, or a reply too many came, nothing is lent twice.

import Testing

@testable import Bridge

private struct World {
    enum Phase: Equatable {
        case opening, ready
        case lent(Ticket, isLost: Bool)
    }

    struct Identity {
        let endpoint: Int
        var phase: Phase
        var hasServed = false
    }

    let maximum: Int
    let reuses: Bool
    var pool: IdentityPool
    var alive: [Bool]
    var liars: Set<Int> = []
    var identities: [Int: Identity] = [:]
    var waiting: [Ticket] = []
    var served: Set<Ticket> = []
    var random: SplitMix64
    var now: UInt64 = 0
    private var lastTicket: UInt64 = 0

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        let endpoints = Int.random(in: 1...4, using: &random)
        maximum = Int.random(in: endpoints...12, using: &random)
        reuses = random.oneIn(2)
        pool = IdentityPool(
            endpoints: endpoints, spare: Int.random(in: 1...4, using: &random), maximum: maximum, reuses: reuses)
        alive = (0..<endpoints).map { _ in false }
        for endpoint in 0..<endpoints { raise(endpoint) }
    }

    func slots(_ isWanted: (Identity) -> Bool) -> [Int] {
        identities.filter { isWanted($0.value) }.keys.sorted()
    }

    var lentSlots: [Int] {
        slots { if case .lent = $0.phase { true } else { false } }
    }

    // MARK: What happens

    mutating func step() {
        now += UInt64.random(in: 0...5, using: &random)
        switch Int.random(in: 0..<25, using: &random) {
        case 0..<6: request()
        case 6..<10: open(failing: random.oneIn(6))
        case 10..<15: openOne()
        case 15..<19: if let slot = lentSlots.randomElement(using: &random) { finish(slot, owed: random.oneIn(2)) }
        case 19: kill(alive.indices.randomElement(using: &random)!)
        case 20: raise(alive.indices.randomElement(using: &random)!)
        case 21: withdraw()
        case 22: if let slot = identities.keys.sorted().randomElement(using: &random) { receiveUnowed(slot) }
        default: trim()
        }
    }

    @discardableResult
    mutating func request() -> IdentityPool.Lease {
        lastTicket += 1
        let ticket = Ticket(value: lastTicket)
        let hasReady = identities.values.contains { $0.phase == .ready }
        let lease = pool.lease(for: ticket)
        switch lease {
        case .ready(let slot):
            #expect(identities[slot]?.phase == .ready, "lent twice, or before it was there")
            lend(slot, to: ticket)
        case .waiting:
            #expect(!hasReady && pool.isUp)
            waiting.append(ticket)
            #expect(waiting.count <= maximum)
        case .noWorker:
            #expect(!hasReady && !alive.contains(true))
        case .exhausted:
            #expect(!hasReady && pool.isUp && identities.count + waiting.count >= maximum)
        }
        return lease
    }

    mutating func open(failing: Bool) {
        while let (slot, endpoint) = pool.nextToOpen() {
            #expect(identities[slot] == nil, "a slot in use was handed out")
            #expect(alive[endpoint], "opened at an endpoint without a worker")
            identities[slot] = Identity(endpoint: endpoint, phase: .opening)
            #expect(identities.count <= maximum)
            guard failing else { continue }
            pool.openFailed(slot)
            identities[slot] = nil
            return
        }
    }

    mutating func openOne() {
        if let slot = slots({ $0.phase == .opening }).randomElement(using: &random) { opened(slot) }
    }

    mutating func opened(_ slot: Int) {
        let placement = pool.opened(slot)
        if alive[identities[slot]!.endpoint] { return settle(slot, placement) }
        #expect(placement == .retired)
        identities[slot] = nil
    }

    mutating func finish(_ slot: Int, owed: Bool) {
        guard case .lent(_, let isLost)? = identities[slot]?.phase else { return }
        let placement = pool.release(slot, reusable: !owed && !isLost)
        if !reuses || owed || isLost || liars.contains(identities[slot]!.endpoint) {
            #expect(placement == .retired, "an identity came back that may not")
            identities[slot] = nil
        } else {
            identities[slot]!.hasServed = true
            settle(slot, placement)
        }
    }

    private mutating func settle(_ slot: Int, _ placement: IdentityPool.Placement) {
        switch placement {
        case .lent(let ticket):
            #expect(waiting.first == ticket, "served out of turn")
            waiting.removeAll { $0 == ticket }
            lend(slot, to: ticket)
        case .kept:
            #expect(waiting.isEmpty, "an exchange waits while an identity is idle")
            identities[slot]!.phase = .ready
        case .retired: Issue.record("a sound identity was retired")
        }
    }

    private mutating func lend(_ slot: Int, to ticket: Ticket) {
        #expect(served.insert(ticket).inserted, "served twice")
        if !reuses || liars.contains(identities[slot]!.endpoint) {
            #expect(!identities[slot]!.hasServed, "lent twice where it may not")
        }
        identities[slot]?.phase = .lent(ticket, isLost: false)
    }

    mutating func kill(_ endpoint: Int) {
        alive[endpoint] = false
        liars.remove(endpoint)
        let closed = Set(pool.endpointDown(endpoint))
        #expect(closed == Set(slots { $0.endpoint == endpoint && $0.phase == .ready }))
        for slot in closed { identities[slot] = nil }
        for slot in slots({ $0.endpoint == endpoint }) {
            if case .lent(let ticket, _) = identities[slot]!.phase {
                identities[slot]!.phase = .lent(ticket, isLost: true)
            }
        }
        let stranded = pool.stranded()
        #expect(stranded == (alive.contains(true) ? [] : waiting))
        if !alive.contains(true) { waiting = [] }
    }

    /// A surplus reply arrives at an identity in the pool.
    mutating func receiveUnowed(_ slot: Int) {
        guard let identity = identities[slot], identity.phase == .ready else { return }
        let closed = pool.receivedUnowed(slot).map { Set($0) }
        guard identity.hasServed else { return #expect(closed == nil) }
        liars.insert(identity.endpoint)
        let used = slots { $0.endpoint == identity.endpoint && $0.phase == .ready && $0.hasServed }
        #expect(closed == Set(used))
        for slot in used { identities[slot] = nil }
    }

    mutating func raise(_ endpoint: Int) {
        alive[endpoint] = true
        pool.endpointUp(endpoint)
    }

    private mutating func withdraw() {
        guard let ticket = waiting.randomElement(using: &random) else { return }
        pool.withdraw(ticket)
        waiting.removeAll { $0 == ticket }
    }

    mutating func trim() {
        for slot in pool.trim() {
            let phase = identities.removeValue(forKey: slot)?.phase
            #expect(phase == .ready, "closed what was lent")
        }
    }

    func audit() {
        #expect(pool.waitingCount == waiting.count)
        #expect(pool.leasedCount == lentSlots.count)
        #expect(pool.readyCount == slots { $0.phase == .ready }.count)
        #expect(pool.endpointsUp == alive)
        #expect(pool.endpointsTrusted == alive.indices.map { !liars.contains($0) })
    }

    /// One fair round: what is wanted opens, what is lent ends.
    mutating func fairRound() {
        open(failing: false)
        for slot in slots({ $0.phase == .opening }) { opened(slot) }
        for slot in lentSlots { finish(slot, owed: random.oneIn(2)) }
        now += 20
    }
}

@Suite("A pool of identities in any order of events")
struct IdentityPoolModelTests {
    @Test("keeps the law of identities", arguments: 0..<40 as Range<UInt64>)
    func law(_ seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<1_500 {
            world.step()
            world.audit()
        }
        #expect(!world.served.isEmpty)
    }

    @Test(
        "serves all waiting exchanges while one endpoint is up and opening succeeds",
        arguments: 0..<40 as Range<UInt64>)
    func liveness(_ seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<40 {
            for _ in 0..<Int.random(in: 1...120, using: &world.random) { world.step() }
            world.open(failing: false)
            let up = world.alive.indices.filter { world.alive[$0] }
            guard let survivor = up.randomElement(using: &world.random) else { continue }
            for endpoint in world.alive.indices where endpoint != survivor && world.random.oneIn(2) {
                world.kill(endpoint)
            }
            for _ in 0..<30 { world.request() }
            let waited = world.waiting
            for _ in 0..<world.maximum + 3 { world.fairRound() }
            #expect(world.waiting.isEmpty)
            #expect(waited.allSatisfy { world.served.contains($0) })
            world.audit()
        }
    }

    @Test("recovers after everything was down", arguments: 0..<40 as Range<UInt64>)
    func recovery(_ seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<500 { world.step() }
        for endpoint in world.alive.indices { world.kill(endpoint) }
        for _ in 0..<3 { world.fairRound() }
        #expect(!world.pool.isUp && world.waiting.isEmpty)
        #expect(world.request() == .noWorker)
        world.raise(world.alive.count - 1)
        for _ in 0..<3 { world.fairRound() }
        guard case .ready = world.request() else {
            Issue.record("an endpoint is up again and no exchange is served")
            return
        }
    }
}
