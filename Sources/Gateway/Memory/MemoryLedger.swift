// What one core holds for its clients, who holds it, and who has to let go.
//
//     HeldMemory --set--> account --> client --> core --> MemoryBudget
//                                      |                     |
//                         above its share: its largest     above the limit: the largest of the largest client,
//                         holder lets go                   if this core is above its part (MemoryBudget)
//
// A client's share is a quarter of the limit, divided among the reactors; but on each of them at least two full
// buffers, so that many reactors do not make it useless. Clients without an address (unix sockets, what waits in a
// pool) have no share.
//
// No holder lets go in the middle of something: an account only notes that one must, services stop reading for this
// round, and `settle` does it when sessions and streams have sent what their clients take.

import Bridge

/// The memory of one core.
final class MemoryLedger {
    /// A holder reports when it has changed by so much. Less is not counted: with 10,000 connections 40 MiB at most.
    static let grain = 4_096
    /// What holders may grow by in one round of a turn: some milliseconds of work, for which other clients wait.
    private static let roundBytes = 2 << 20
    /// The client of what no address counts for.
    static let noClient: UInt64 = 0

    let budget: MemoryBudget
    /// The bytes that a client may hold on this core.
    let share: Int
    /// A holder must let go, or one round has received enough: services stop reading until `settle`.
    private(set) var mustSettle = false
    /// Services read no more for now.
    var stopsReading: Bool { mustSettle || budget.isTransitFull }
    /// Bytes held, and holders that had to let go, by kind.
    private(set) var bytes = [Int](repeating: 0, count: MemoryKind.allCases.count)
    private(set) var evictions = [UInt64](repeating: 0, count: MemoryKind.allCases.count)
    /// Requests and sessions that were rejected.
    var rejections: UInt64 = 0
    /// Asks another core to let go.
    var ask: (Int) -> Void = { _ in }
    /// Says who let go: what it held, how much, and whether it was for its client's share.
    var reportEviction: (MemoryKind, Int, Bool) -> Void = { _, _, _ in }

    private let core: Int
    private var clients: [UInt64: ClientMemory] = [:]
    private let others = ClientMemory(nil)
    private var crowded: [ClientMemory] = []
    private var grownInRound = 0

    init(_ budget: MemoryBudget, core: Int, reactors: Int, leastShare: Int) {
        self.budget = budget
        self.core = core
        let quarter = budget.limit / 4
        share = min(quarter, max(quarter / reactors, leastShare))
    }

    /// Bytes that this core holds.
    var held: Int { bytes.reduce(0, +) }

    // MARK: Holding

    /// An account for a holder; HeldMemory has it.
    func open(_ kind: MemoryKind, _ key: UInt64, _ holder: any MemoryHolder) -> MemoryAccount {
        var client = others
        if key != Self.noClient {
            client = clients[key] ?? ClientMemory(key)
            clients[key] = client
        }
        let account = MemoryAccount(kind, client, holder)
        client.add(account)
        return account
    }

    func close(_ account: MemoryAccount) {
        change(account, to: 0)
        account.client.remove(account)
        if let key = account.client.key, account.client.accounts.isEmpty { clients[key] = nil }
    }

    func change(_ account: MemoryAccount, to bytes: Int) {
        let client = account.client
        let delta = client.change(account, to: bytes)
        self.bytes[account.kind.rawValue] += delta
        let all = budget.add(delta, on: core)
        guard delta > 0 else { return }
        grownInRound += delta
        if all > budget.limit || grownInRound > Self.roundBytes { mustSettle = true }
        guard client.key != nil, client.bytes > share, !client.isCrowded else { return }
        client.isCrowded = true
        crowded.append(client)
        mustSettle = true
    }

    // MARK: Letting go

    /// Another core has noticed that the process holds too much.
    func asked() {
        budget.answered(core)
        mustSettle = true
    }

    /// Makes the largest holders let go until the bounds are kept.
    func settle() {
        guard mustSettle else { return }
        mustSettle = false
        grownInRound = 0
        while let client = crowded.popLast() {
            client.isCrowded = false
            while client.bytes > share, let account = client.largest { evict(account, forShare: true) }
        }
        while budget.isExceeded {
            guard budget.isAbovePart(core), let account = heaviest?.largest else {
                for other in budget.coresToAsk() where other != core { ask(other) }
                return
            }
            evict(account, forShare: false)
        }
    }

    private var heaviest: ClientMemory? {
        let client = clients.values.max { $0.bytes < $1.bytes }
        guard let client, client.bytes >= others.bytes else { return others.accounts.isEmpty ? nil : others }
        return client
    }

    private func evict(_ account: MemoryAccount, forShare: Bool) {
        let bytes = account.bytes
        evictions[account.kind.rawValue] += 1
        reportEviction(account.kind, bytes, forShare)
        account.holder.evict(account.kind)
        // It must be less now in any case, or this would go on for ever.
        if account.bytes >= bytes && bytes > 0 { change(account, to: 0) }
    }

    // MARK: Rejecting

    /// Why a request whose body is so long is not taken in, or nil.
    /// - Parameter length: nil where it is not known.
    func problem(ofBody length: UInt64?) -> Problem? {
        if let length, length > UInt64(share) {
            rejections += 1
            return Problem(
                .bodyTooLarge, "the body has more than \(ByteCount.text(share)), which is what one client may hold "
                    + "(a quarter of `limits.max_memory`, divided among the reactors)")
        }
        return length ?? .max < UInt64(Self.grain) ? nil : fullness
    }

    /// Why nothing new is taken in, or nil. Mostly room is about to be made, by this core in this turn or by another;
    /// new work has to wait only if that is too slow.
    var fullness: Problem? {
        guard !mustSettle, budget.held > budget.limit + budget.limit / 8 else { return nil }
        rejections += 1
        return Problem(.overloaded, MemoryWords.short)
    }
}

/// The words for those who have to do without memory.
enum MemoryWords {
    static let short = "the gateway holds as much memory as `limits.max_memory` allows; try again in a moment"
    static let body =
        "the gateway or this client's address holds as much memory as `limits.max_memory` allows, and this body was "
        + "the largest part of it; try again in a moment"
    static let message = "the gateway's memory is short (limits.max_memory); try again later"
    static let replies =
        "the replies were not taken, and were the largest part of the memory that `limits.max_memory` allows"
    static let collected = "the replies were the largest part of the memory that `limits.max_memory` allows"
}
