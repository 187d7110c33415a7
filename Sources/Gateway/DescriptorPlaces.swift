// The descriptors that clients and workers can make the process open, counted, so that the last one is never taken:
// some calls of libzmq end the process when they find none (errno_assert), and its accept loop spins.
//
//     limit (ulimit -n)
//       |-- what is open once all reactors are up: listeners, epoll sets, sockets to endpoints
//       |-- kept free: an eighth, 16 to 256, for what is opened in passing
//       \-- places ---+-- connections: HTTP connections, sessions               at most 5/8
//                     |-- peers: ZeroMQ connections to ports that are bound     at most 1/4
//                     \-- identities of `router` services, two for each         what is left, at least 1/8
//
// Counted by all reactors together: atomic, without a lock and without an order, touched when a connection comes or
// goes.

import HTTP
import Synchronization

/// Places of one kind, within those of the process.
final class Places: ConnectionPlaces, Sendable {
    private let bound: Atomic<Int>
    private let taken = Atomic<Int>(0)
    private let all: Places?

    init(_ bound: Int, of all: Places? = nil) {
        self.bound = Atomic(bound)
        self.all = all
    }

    var inUse: Int { taken.load(ordering: .relaxed) }
    var most: Int { bound.load(ordering: .relaxed) }

    func take() -> Bool { take(1) }

    /// Takes that many places, or none.
    func take(_ count: Int) -> Bool {
        let after = taken.wrappingAdd(count, ordering: .relaxed).newValue
        if after <= bound.load(ordering: .relaxed), all?.take(count) ?? true { return true }
        taken.wrappingSubtract(count, ordering: .relaxed)
        return false
    }

    func takeAnyway() {
        taken.wrappingAdd(1, ordering: .relaxed)
        all?.takeAnyway()
    }

    func give() { give(1) }

    func give(_ count: Int) {
        taken.wrappingSubtract(count, ordering: .relaxed)
        all?.give(count)
    }

    fileprivate func setBound(_ number: Int) { bound.store(max(1, number), ordering: .relaxed) }
}

/// The places of the process.
final class DescriptorPlaces: Sendable {
    /// The limit of open files.
    let limit: Int
    let connections: Places
    let peers: Places
    let identities: Places
    private let all: Places

    /// - Parameter limit: descriptors that the process may have.
    init(limit: Int) {
        self.limit = limit
        all = Places(1)
        connections = Places(1, of: all)
        peers = Places(1, of: all)
        identities = Places(.max, of: all)
        settle(open: 32)
    }

    /// The process is up, and so many descriptors are open.
    func settle(open: Int) {
        let kept = min(256, max(16, limit / 8))
        let places = limit - kept - max(0, open - all.inUse)
        all.setBound(places)
        connections.setBound(places * 5 / 8)
        peers.setBound(places / 4)
    }
}
