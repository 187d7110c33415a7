// Counts the descriptors that clients and workers can make the process open, so that the last one is never used up:
// without one, some calls of libzmq abort the process (errno_assert), and its accept loop spins.
//
//     limit (ulimit -n)
//       |-- open once all reactors are up: listeners, epoll sets, sockets to endpoints
//       |-- kept free: an eighth, 16 to 256, for short-lived descriptors
//       \-- places ---+-- connections: HTTP connections, sessions               at most 5/8
//                     |-- identities of `router` services, two for each         what is left of 3/4, at least 1/8
//                     \-- peers: ZeroMQ connections to ports that are bound     1/4, in equal shares (PeerGuard)
//
// All reactors count the first two together, with relaxed atomics and without a lock, when a connection opens or
// closes.

import Synchronization

/// Places of one kind, a part of the process's places.
package final class Places: Sendable {
    private let bound: Atomic<Int>
    private let taken = Atomic<Int>(0)
    private let all: Places?

    init(_ bound: Int, of all: Places? = nil) {
        self.bound = Atomic(bound)
        self.all = all
    }

    package var inUse: Int { taken.load(ordering: .relaxed) }
    package var most: Int { bound.load(ordering: .relaxed) }

    package func take() -> Bool { take(1) }

    /// Takes this many places, or none.
    package func take(_ count: Int) -> Bool {
        let after = taken.wrappingAdd(count, ordering: .relaxed).newValue
        if after <= bound.load(ordering: .relaxed), all?.take(count) ?? true { return true }
        taken.wrappingSubtract(count, ordering: .relaxed)
        return false
    }

    package func takeAnyway() {
        taken.wrappingAdd(1, ordering: .relaxed)
        all?.takeAnyway()
    }

    package func give() { give(1) }

    package func give(_ count: Int) {
        taken.wrappingSubtract(count, ordering: .relaxed)
        all?.give(count)
    }

    fileprivate func setBound(_ number: Int) { bound.store(max(1, number), ordering: .relaxed) }
}

/// The places of the process.
package final class DescriptorPlaces: Sendable {
    /// The limit of open files.
    package let limit: Int
    package let connections: Places
    package let identities: Places
    private let ports: Int
    private let clients: Places
    private let peers = Atomic<Int>(1)

    /// The most connections that one port may have.
    var peersPerPort: Int { peers.load(ordering: .relaxed) / max(1, ports) }

    /// - Parameters:
    ///   - limit: the most descriptors that the process may have.
    ///   - ports: the number of ports that are bound for workers, publishers and native clients.
    package init(limit: Int, ports: Int) {
        self.limit = limit
        self.ports = ports
        clients = Places(1)
        connections = Places(1, of: clients)
        identities = Places(.max, of: clients)
        settle(open: 32)
    }

    /// The process is up and has `open` descriptors: sets the bounds.
    package func settle(open: Int) {
        let kept = min(256, max(16, limit / 8))
        let places = max(8, limit - kept - max(0, open - clients.inUse))
        let peers = ports > 0 ? places / 4 : 0
        self.peers.store(peers, ordering: .relaxed)
        clients.setBound(places - peers)
        connections.setBound(places * 5 / 8)
    }
}
