// The identities of one `peer: router` service on one reactor: which are ready, leased, to be opened or closed.
//
//              open           opened                lease
//     (free) -------> opening -------> ready ---------------> leased
//        ^                               ^ |                     |
//        |                               | | endpoint down       | release
//        |                 nothing owed  +-|---------------------+
//        +------------------ retire <------+---------------------+  reply owed, or endpoint down or not trusted
//
// Law: an identity serves one exchange and is closed. With reuse configured, it becomes ready again after an end that
// owes no replies by the service's declaration (`final` or `count`). One reply too many breaks that declaration:
// identities of that endpoint then serve one exchange each, until the worker there has left. The longest unused is
// leased first.
//
// The pool owns no socket: it hands out slots; its owner opens and closes the sockets and reports endpoints up or down.

import Basics

/// The identities of one service on one reactor.
public struct IdentityPool: Sendable {
    public enum Lease: Equatable, Sendable {
        /// The identity belongs to the exchange until `release`.
        case ready(slot: Int)
        /// An identity is being opened; `opened` or `release` will assign it.
        case waiting
        /// No endpoint is up.
        case noWorker
        /// All identities that the service may have are leased.
        case exhausted
    }

    /// What happened to an identity that was opened or released.
    public enum Placement: Equatable, Sendable {
        /// It was leased to a waiting exchange.
        case lent(to: Ticket)
        /// It is ready for the next exchange.
        case kept
        /// Close it; its slot is free.
        case retired
    }

    private enum State: Sendable {
        case free
        /// Exits: opened, openFailed.
        case opening
        /// Exits: lease, endpointDown, receivedUnowed, trim.
        case ready
        /// Exits: release.
        case leased
    }

    private struct Slot: Sendable {
        var state: State
        var endpoint: Int
        /// It has served an exchange.
        var hasServed = false
    }

    private struct EndpointTally: Sendable {
        var opening = 0
        var ready = FIFO<Int>()
        var leased = 0
        var isUp = false
        var keepsItsWord = true
        /// The identities that future exchanges can have.
        var supply: Int { opening + ready.count }
        var total: Int { supply + leased }
    }

    private let spare: Int
    private let maximum: Int
    private let reuses: Bool
    private var slots: [Slot] = []
    private var free: [Int] = []
    private var endpoints: [EndpointTally]
    private var waiters = FIFO<Ticket>()
    private var next = 0
    private var leastReady = 0

    /// - Parameters:
    ///   - endpoints: number of endpoints of the service, at least 1; all are down at first.
    ///   - spare: identities to keep connected ahead of need, at least 1.
    ///   - maximum: maximum number of identities at one time.
    ///   - reuses: an identity may serve again after an end that owes no replies.
    public init(endpoints: Int, spare: Int, maximum: Int, reuses: Bool) {
        precondition(endpoints >= 1 && spare >= 1 && maximum >= 1)
        self.spare = spare
        self.maximum = maximum
        self.reuses = reuses
        self.endpoints = Array(repeating: EndpointTally(), count: endpoints)
    }

    public var isUp: Bool { endpoints.contains { $0.isUp } }
    public var readyCount: Int { endpoints.reduce(0) { $0 + $1.ready.count } }
    public var leasedCount: Int { endpoints.reduce(0) { $0 + $1.leased } }
    public var waitingCount: Int { waiters.count }
    /// For each endpoint, whether it is up.
    public var endpointsUp: [Bool] { endpoints.map(\.isUp) }

    /// For each endpoint, whether no unexpected reply has come from its worker.
    public var endpointsTrusted: [Bool] { endpoints.map(\.keepsItsWord) }

    /// Marks the endpoint as up.
    public mutating func endpointUp(_ endpoint: Int) { endpoints[endpoint].isUp = true }

    /// The worker at the endpoint is gone; trust its successor.
    public mutating func workerLeft(_ endpoint: Int) { endpoints[endpoint].keepsItsWord = true }

    /// Marks the endpoint as down. Its leased identities are retired when they are released.
    /// - Returns: the slots to close.
    public mutating func endpointDown(_ endpoint: Int) -> [Int] {
        endpoints[endpoint].isUp = false
        workerLeft(endpoint)
        let closing = Array(endpoints[endpoint].ready)
        endpoints[endpoint].ready.removeAll()
        for slot in closing { retire(slot) }
        leastReady = min(leastReady, readyCount)
        return closing
    }

    /// Leases an identity for `ticket`, round-robin across endpoints.
    public mutating func lease(for ticket: Ticket) -> Lease {
        for offset in endpoints.indices {
            let endpoint = (next + offset) % endpoints.count
            guard let slot = endpoints[endpoint].ready.popFirst() else { continue }
            next = (endpoint + 1) % endpoints.count
            markLeased(slot)
            return .ready(slot: slot)
        }
        guard isUp else { return .noWorker }
        guard opening + maximum - total > waiters.count else { return .exhausted }
        waiters.append(ticket)
        return .waiting
    }

    /// The exchange ended before it got an identity.
    public mutating func withdraw(_ ticket: Ticket) {
        if let position = waiters.firstIndex(of: ticket) { waiters.remove(at: position) }
    }

    /// A reply came on `slot` while no exchange held it. If the identity has served before, it is a reply too many.
    /// - Returns: at the first such reply of this endpoint, the slots to close (all that have served there); else nil.
    public mutating func receivedUnowed(_ slot: Int) -> [Int]? {
        let endpoint = slots[slot].endpoint
        guard slots[slot].hasServed, endpoints[endpoint].keepsItsWord else { return nil }
        return distrust(endpoint)
    }

    /// Stops reuse at the endpoint: each identity serves one exchange from now on.
    /// - Returns: the slots to close, all that have served there.
    public mutating func distrust(_ endpoint: Int) -> [Int] {
        endpoints[endpoint].keepsItsWord = false
        let closing = endpoints[endpoint].ready.removeAll { slots[$0].hasServed }
        for slot in closing { retire(slot) }
        leastReady = min(leastReady, readyCount)
        return closing
    }

    /// Whether `slot`, just leased, may still serve: a message read from it since may have broken the trust in its
    /// endpoint.
    public func isFit(_ slot: Int) -> Bool {
        !slots[slot].hasServed || endpoints[slots[slot].endpoint].keepsItsWord
    }

    /// If no endpoint is up, removes and returns the exchanges that wait for an identity.
    public mutating func stranded() -> [Ticket] {
        guard !isUp else { return [] }
        defer { waiters.removeAll() }
        return Array(waiters)
    }

    /// Removes and returns the exchanges that wait for an identity, because none can be opened.
    public mutating func giveUpWaiting() -> [Ticket] {
        defer { waiters.removeAll() }
        return Array(waiters)
    }

    /// The next identity to open; nil if there are enough for the waiting exchanges and the spares, or no endpoint is
    /// up.
    public mutating func nextToOpen() -> (slot: Int, endpoint: Int)? {
        guard total < maximum, let endpoint = endpointInNeed() else { return nil }
        let slot = free.popLast() ?? slots.count
        let entry = Slot(state: .opening, endpoint: endpoint)
        if slot == slots.count { slots.append(entry) } else { slots[slot] = entry }
        endpoints[endpoint].opening += 1
        return (slot, endpoint)
    }

    /// The identity is connected.
    public mutating func opened(_ slot: Int) -> Placement {
        guard case .opening = slots[slot].state else { return .kept }
        endpoints[slots[slot].endpoint].opening -= 1
        return place(slot)
    }

    /// Opening the identity failed (out of descriptors): its slot is free again.
    public mutating func openFailed(_ slot: Int) {
        guard case .opening = slots[slot].state else { return }
        endpoints[slots[slot].endpoint].opening -= 1
        retire(slot)
    }

    /// The exchange that held `slot` is over.
    /// - Parameter reusable: by the service's declaration no reply is owed, and the connection was never seen to break.
    public mutating func release(_ slot: Int, reusable: Bool) -> Placement {
        guard case .leased = slots[slot].state else { return .kept }
        let endpoint = slots[slot].endpoint
        endpoints[endpoint].leased -= 1
        guard reuses, reusable, endpoints[endpoint].keepsItsWord else {
            retire(slot)
            return .retired
        }
        slots[slot].hasServed = true
        return place(slot)
    }

    /// Shrinks the pool after a peak: closes half of the ready identities not used since the last call, beyond the
    /// spares.
    /// - Returns: the slots to close.
    public mutating func trim() -> [Int] {
        var closing: [Int] = []
        let unused = min(leastReady, readyCount)
        leastReady = readyCount
        guard unused > spare else { return [] }
        for _ in 0..<(unused - spare + 1) / 2 {
            guard let endpoint = endpoints.indices.max(by: { endpoints[$0].ready.count < endpoints[$1].ready.count }),
                let slot = endpoints[endpoint].ready.popFirst()
            else { break }
            retire(slot)
            closing.append(slot)
        }
        leastReady = readyCount
        return closing
    }

    private var opening: Int { endpoints.reduce(0) { $0 + $1.opening } }
    private var total: Int { endpoints.reduce(0) { $0 + $1.total } }

    private func endpointInNeed() -> Int? {
        let supply = endpoints.reduce(0) { $0 + $1.supply }
        guard supply < spare + waiters.count else { return nil }
        return endpoints.indices.filter { endpoints[$0].isUp }
            .min { endpoints[$0].supply < endpoints[$1].supply }
    }

    private mutating func place(_ slot: Int) -> Placement {
        guard endpoints[slots[slot].endpoint].isUp else {
            retire(slot)
            return .retired
        }
        if let waiter = waiters.popFirst() {
            markLeased(slot)
            return .lent(to: waiter)
        }
        slots[slot].state = .ready
        endpoints[slots[slot].endpoint].ready.append(slot)
        return .kept
    }

    private mutating func markLeased(_ slot: Int) {
        slots[slot].state = .leased
        endpoints[slots[slot].endpoint].leased += 1
        leastReady = min(leastReady, readyCount)
    }

    private mutating func retire(_ slot: Int) {
        slots[slot].state = .free
        free.append(slot)
    }
}
