import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

/// Holds a given amount, and releases it when evicted.
private final class Holder: MemoryHolder {
    let name: String
    private let ledger: MemoryLedger
    private let client: UInt64
    private let evicted: (String) -> Void
    private var held = HeldMemory(.replies)
    var isObedient = true

    init(_ name: String, _ ledger: MemoryLedger, _ client: UInt64 = 1, _ evicted: @escaping (String) -> Void = { _ in })
    {
        (self.name, self.ledger, self.client, self.evicted) = (name, ledger, client, evicted)
    }

    func hold(_ bytes: Int) { held.set(bytes, in: ledger, for: client, self) }

    func evict(_ kind: MemoryKind) {
        evicted(name)
        if isObedient { hold(0) }
    }
}

@Suite("The ledger of memory") struct MemoryLedgerTests {
    private static let mebi = 1 << 20

    private func ledgers(_ count: Int, limit: Int, leastShare: Int = 0) -> [MemoryLedger] {
        let budget = MemoryBudget(limit: limit, reactors: count)
        return (0..<count).map { MemoryLedger(budget, core: $0, reactors: count, leastShare: leastShare) }
    }

    @Test("small amounts are not counted, and released ones are forgotten")
    func counts() {
        let ledger = ledgers(1, limit: 100 * Self.mebi)[0]
        let holder = Holder("a", ledger)
        holder.hold(MemoryLedger.grain - 1)
        #expect(ledger.budget.held == 0)
        holder.hold(10_000)
        holder.hold(10_100)
        #expect(ledger.budget.held == 10_000)
        holder.hold(50_000)
        #expect(ledger.budget.held == 50_000 && ledger.bytes[MemoryKind.replies.rawValue] == 50_000)
        holder.hold(0)
        #expect(ledger.budget.held == 0 && !ledger.mustSettle)
    }

    @Test("a client above its share loses its largest holder, and another client loses nothing")
    func share() {
        let ledger = ledgers(1, limit: 100 * Self.mebi)[0]
        var gone: [String] = []
        var holders: [Holder] = []
        for (name, client, size) in [("a", 1, 9), ("b", 1, 11), ("c", 1, 8), ("other", 2, 20)]
            as [(String, UInt64, Int)]
        {
            holders.append(Holder(name, ledger, client) { gone.append($0) })
            holders.last?.hold(size * Self.mebi)
        }
        #expect(ledger.mustSettle && gone.isEmpty)
        ledger.settle()
        #expect(gone == ["b"] && !ledger.mustSettle && ledger.budget.held == 37 * Self.mebi)
        #expect(ledger.evictions[MemoryKind.replies.rawValue] == 1)
    }

    @Test("memory without an address has no share, but is still bounded by the limit")
    func noClient() {
        let ledger = ledgers(1, limit: 100 * Self.mebi)[0]
        var gone: [String] = []
        let large = Holder("large", ledger, MemoryLedger.noClient) { gone.append($0) }
        let small = Holder("small", ledger, 3) { gone.append($0) }
        large.hold(90 * Self.mebi)
        ledger.settle()
        #expect(gone.isEmpty)
        small.hold(23 * Self.mebi)
        #expect(ledger.budget.isExceeded && ledger.fullness?.code == nil)
        ledger.settle()
        #expect(gone == ["large"] && !ledger.budget.isExceeded)
    }

    @Test("a core that is not above its part asks the one that is")
    func parts() {
        let all = ledgers(2, limit: 100 * Self.mebi, leastShare: 25 * Self.mebi)
        var (gone, asked): ([String], [Int]) = ([], [])
        all[1].ask = { asked.append($0) }
        let hogs = (1...8).map { number in Holder("hog\(number)", all[0], UInt64(number)) { gone.append($0) } }
        for (number, hog) in hogs.enumerated() { hog.hold((10 + number) * Self.mebi - 20_000) }
        hogs[7].hold(0)
        let small = Holder("small", all[1], 9) { gone.append($0) }
        small.hold(15 * Self.mebi)
        #expect(all[1].mustSettle)
        all[1].settle()
        all[1].settle()
        #expect(gone.isEmpty && asked == [0] && all[1].fullness?.code == nil)
        hogs[7].hold(25 * Self.mebi)
        #expect(all[1].fullness?.code == .overloaded && all[0].fullness?.code == nil)
        all[0].asked()
        all[0].settle()
        #expect(gone == ["hog8", "hog7"] && !all[0].budget.isExceeded)
    }

    @Test("a holder that keeps its memory is no longer counted, and nothing loops forever")
    func disobedient() {
        let ledger = ledgers(1, limit: 100 * Self.mebi)[0]
        let holder = Holder("a", ledger)
        holder.isObedient = false
        holder.hold(30 * Self.mebi)
        ledger.settle()
        #expect(ledger.budget.held == 0)
        holder.hold(0)
        #expect(ledger.budget.held == 0)
    }

    @Test(
        "a share is a quarter, divided among the reactors, but not below two buffers",
        arguments: [
            (1, 512, 16, 128), (2, 512, 16, 64), (64, 512, 16, 16), (2, 32, 16, 8),
        ])
    func shares(reactors: Int, limit: Int, least: Int, share: Int) {
        let ledger = ledgers(reactors, limit: limit * Self.mebi, leastShare: least * Self.mebi)[0]
        #expect(ledger.share == share * Self.mebi)
    }

    @Test("a body larger than the share is always rejected")
    func bodies() {
        let ledger = ledgers(1, limit: 100 * Self.mebi)[0]
        #expect(ledger.problem(ofBody: UInt64(26 * Self.mebi))?.code == .bodyTooLarge)
        #expect(ledger.problem(ofBody: UInt64(24 * Self.mebi)) == nil)
        #expect(ledger.problem(ofBody: nil) == nil)
    }
}
