// The memory that one holder holds for one purpose, as its core's ledger records it.

/// The purpose that memory is held for; a label of the metrics.
package enum MemoryKind: Int, CaseIterable, Sendable {
    /// Request bodies that are arriving or that wait for an identity.
    case bodies
    /// WebSocket messages that are not complete yet.
    case messages
    /// Replies that the client has not read yet: of streams, single responses and sessions.
    case replies
    /// Messages of sessions that can be resumed.
    case resume
    /// Requests that wait for a ready worker or for room in a worker's queue.
    case queues

    package var word: String { String(describing: self) }
}

/// Holds memory for a client and can release it on demand.
package protocol MemoryHolder: AnyObject {
    /// Memory is short and this is the largest holder. Release what is held for `kind`, and tell the client why if that
    /// is possible. Called when nothing else of the turn is on the stack.
    func evict(_ kind: MemoryKind)
}

/// The amount that a holder has reported for one kind. Holder and ledger retain each other until `release`.
package struct HeldMemory {
    private let kind: MemoryKind
    private var account: MemoryAccount?

    package init(_ kind: MemoryKind) { self.kind = kind }

    /// Reports that the holder now holds this many bytes for the client. Called for every message; most calls change
    /// too little to be reported, and evaluate neither ledger nor client.
    @inline(__always)
    package mutating func set(
        _ bytes: Int, in ledger: @autoclosure () -> MemoryLedger, for client: @autoclosure () -> UInt64,
        _ holder: some MemoryHolder
    ) {
        let known = account?.bytes ?? 0
        guard abs(bytes - known) >= MemoryLedger.grain || bytes == 0 && known > 0 else { return }
        update(bytes, ledger(), client(), holder)
    }

    /// Reports that the holder holds nothing any more, and closes its account.
    package mutating func release(in ledger: @autoclosure () -> MemoryLedger) {
        guard let account else { return }
        ledger().close(account)
        self.account = nil
    }

    private mutating func update(_ bytes: Int, _ ledger: MemoryLedger, _ client: UInt64, _ holder: any MemoryHolder) {
        let account = account ?? ledger.open(kind, client, holder)
        self.account = account
        ledger.change(account, to: bytes)
    }
}

/// An entry of the ledger. Its holder owns it.
package final class MemoryAccount {
    package let kind: MemoryKind
    package let client: ClientMemory
    /// Retained until the account is closed.
    package let holder: any MemoryHolder
    /// The amount last reported.
    fileprivate(set) var bytes = 0
    fileprivate var place = 0

    init(_ kind: MemoryKind, _ client: ClientMemory, _ holder: any MemoryHolder) {
        self.kind = kind
        self.client = client
        self.holder = holder
    }
}

/// The memory that one core holds for one client.
package final class ClientMemory {
    /// An IPv4 address or an IPv6 /64; nil for memory that counts for no address.
    package let key: UInt64?
    package private(set) var bytes = 0
    private(set) var accounts: [MemoryAccount] = []
    /// The client exceeds its share and is on the ledger's list.
    var isCrowded = false

    init(_ key: UInt64?) { self.key = key }

    package var largest: MemoryAccount? { accounts.max { $0.bytes < $1.bytes } }

    package func add(_ account: MemoryAccount) {
        account.place = accounts.count
        accounts.append(account)
    }

    package func remove(_ account: MemoryAccount) {
        accounts.swapAt(account.place, accounts.count - 1)
        accounts[account.place].place = account.place
        accounts.removeLast()
    }

    /// - Returns: the change in bytes.
    package func change(_ account: MemoryAccount, to bytes: Int) -> Int {
        let delta = bytes - account.bytes
        account.bytes = bytes
        self.bytes += delta
        return delta
    }
}
