// The memory that one core holds for its clients, by holder and by client, and which holder has to be evicted.
//
//     HeldMemory --set--> account --> client --> core --> MemoryBudget
//                                      |                     |
//                         above its share: evict its       above the limit: evict the largest of the largest
//                         largest holder                   client, if this core is above its part (MemoryBudget)
//
// A client's share is a quarter of the limit, divided among the reactors. On each reactor it is at least two full
// buffers, so that many reactors do not make it useless. Memory without an address (unix sockets, requests in a pool)
// has no share.
//
// No holder is evicted in the middle of something. An account only notes that an eviction is due, services stop reading
// for this round, and `settle` evicts after sessions and streams have sent what their clients can take.

import Bridge
package import Contract

/// The memory of one core.
package final class MemoryLedger {
    /// The change in bytes after which a holder reports. Less is not counted: at most 40 MiB for 10,000 connections.
    static let grain = 4_096
    /// The most that holders may grow in one round of a turn: some milliseconds of work, for which other clients wait.
    private static let roundBytes = 2 << 20
    /// The key for memory that counts for no address.
    package static let noClient: UInt64 = 0

    package let budget: MemoryBudget
    /// The most bytes that one client may hold on this core.
    package let share: Int
    /// A holder has to be evicted, or one round has received enough: services stop reading until `settle`.
    package private(set) var mustSettle = false
    /// Whether services should stop reading for now.
    package var stopsReading: Bool { mustSettle || budget.isTransitFull }
    /// Bytes held, and holders that were evicted, by kind.
    package private(set) var bytes = [Int](repeating: 0, count: MemoryKind.allCases.count)
    private(set) var evictions = [UInt64](repeating: 0, count: MemoryKind.allCases.count)
    /// Requests and sessions rejected because memory was short.
    package var rejections: UInt64 = 0
    /// Asks another core to evict.
    package var ask: (Int) -> Void = { _ in }
    /// Reports an eviction: the kind, the bytes, and whether the client exceeded its share.
    package var reportEviction: (MemoryKind, Int, Bool) -> Void = { _, _, _ in }

    private let core: Int
    private var clients: [UInt64: ClientMemory] = [:]
    private let others = ClientMemory(nil)
    private var crowded: [ClientMemory] = []
    private var grownInRound = 0

    package init(_ budget: MemoryBudget, core: Int, reactors: Int, leastShare: Int) {
        self.budget = budget
        self.core = core
        let quarter = budget.limit / 4
        share = min(quarter, max(quarter / reactors, leastShare))
    }

    /// The bytes that this core holds.
    package var held: Int { bytes.reduce(0, +) }

    // MARK: Holding

    /// Opens an account for a holder, which keeps it in a HeldMemory.
    package func open(_ kind: MemoryKind, _ key: UInt64, _ holder: any MemoryHolder) -> MemoryAccount {
        var client = others
        if key != Self.noClient {
            client = clients[key] ?? ClientMemory(key)
            clients[key] = client
        }
        let account = MemoryAccount(kind, client, holder)
        client.add(account)
        return account
    }

    package func close(_ account: MemoryAccount) {
        change(account, to: 0)
        account.client.remove(account)
        if let key = account.client.key, account.client.accounts.isEmpty { clients[key] = nil }
    }

    package func change(_ account: MemoryAccount, to bytes: Int) {
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
    package func asked() {
        budget.answered(core)
        mustSettle = true
    }

    /// Evicts the largest holders until all bounds are kept.
    package func settle() {
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
        // The account must shrink in any case, or this loop would never end.
        if account.bytes >= bytes && bytes > 0 { change(account, to: 0) }
    }

    // MARK: Rejecting

    /// Why a request with a body of this length is rejected, or nil.
    /// - Parameter length: nil if it is unknown.
    package func problem(ofBody length: UInt64?) -> Problem? {
        if let length, length > UInt64(share) {
            rejections += 1
            return Problem(
                .bodyTooLarge, "the body is larger than the \(ByteCount.text(share)) that one client may hold "
                    + "(a quarter of `limits.max_memory`, divided among the reactors)")
        }
        return length ?? .max < UInt64(Self.grain) ? nil : fullness
    }

    /// Why new work is rejected, or nil. Usually room is about to be made, by this core in this turn or by another; new
    /// work is only rejected if that is too slow.
    package var fullness: Problem? {
        guard !mustSettle, budget.held > budget.limit + budget.limit / 8 else { return nil }
        rejections += 1
        return Problem(.overloaded, MemoryWords.short)
    }
}

/// The sentences of the problems that clients get when memory is short.
package enum MemoryWords {
    package static let short = "the gateway has reached its memory limit (`limits.max_memory`); try again in a moment"
    package static let body =
        "the gateway or this client's address has reached its memory limit (`limits.max_memory`), and this body was "
        + "the largest part of it; try again in a moment"
    package static let message = "the gateway has reached its memory limit (limits.max_memory); try again later"
    package static let replies =
        "the client read too slowly, and its replies were the largest part of the memory that `limits.max_memory` "
        + "allows"
    package static let collected = "the replies were the largest part of the memory that `limits.max_memory` allows"
}
