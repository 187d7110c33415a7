// The identities of one `peer: router` service: which lie ready, which are lent out, when to open and close some.
//
//             open           opened                lease
//    (free) -------> opening -------> ready ---------------> leased
//       ^                               ^ |                     |
//       |                               | | endpoint down       | release
//       |                 nothing owed  +-|---------------------+
//       +------------------ retire <------+---------------------+  something is owed, its endpoint is down or lied
//
// Law: an identity serves one exchange and is closed. Where the configuration allows reuse it returns from an end that
// leaves nothing owed by the service's word, `final` or `count`. A reply too many breaks that word: from then on an
// identity of that endpoint serves one exchange, until the worker there has left. The longest rested is lent first.
//
// The pool owns no socket. It hands out slot numbers; its owner opens and closes what they stand for, and tells which
// endpoints can be talked to.

import Basics

/// The identities of one service on one reactor.
public struct IdentityPool: Sendable {
    public enum Lease: Equatable, Sendable {
        /// This identity is the caller's until it is released.
        case ready(slot: Int)
        /// A fresh one is on its way; `opened` or `release` will hand it over.
        case waiting
        /// No endpoint is up.
        case noWorker
        /// All identities the service may have are lent out.
        case exhausted
    }

    /// What happens to an identity that comes back or comes up.
    public enum Placement: Equatable, Sendable {
        /// It went straight on to a waiting exchange.
        case lent(to: Ticket)
        /// It waits for the next exchange.
        case kept
        /// Its owner closes it; the slot is free.
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
        /// It came back from an exchange.
        var hasServed = false
    }

    private struct EndpointTally: Sendable {
        var opening = 0
        var ready = FIFO<Int>()
        var leased = 0
        var isUp = false
        var keepsItsWord = true
        /// What exchanges to come can count on.
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
    ///   - endpoints: how many endpoints the service connects to, at least 1; all are down at first.
    ///   - spare: identities to keep connected ahead of need, at least 1.
    ///   - maximum: the most identities at one time.
    ///   - reuses: an identity may serve again after an end that leaves nothing owed.
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

    /// For each endpoint, whether no reply came from it that was owed to no exchange.
    public var endpointsTrusted: [Bool] { endpoints.map(\.keepsItsWord) }

    /// The endpoint can be talked to.
    public mutating func endpointUp(_ endpoint: Int) { endpoints[endpoint].isUp = true }

    /// The worker at the endpoint is gone. Whoever comes in its place is trusted.
    public mutating func workerLeft(_ endpoint: Int) { endpoints[endpoint].keepsItsWord = true }

    /// The endpoint is gone. What is lent there is retired when it is released.
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

    /// An exchange needs an identity. Endpoints take turns.
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

    /// A waiting exchange is over before it got an identity.
    public mutating func withdraw(_ ticket: Ticket) {
        if let position = waiters.firstIndex(of: ticket) { waiters.remove(at: position) }
    }

    /// A reply came under `slot` while no exchange had it. Under one that has served, it was too many.
    /// - Returns: where that is the first one, the slots to close, all that have served there; else nil.
    public mutating func receivedUnowed(_ slot: Int) -> [Int]? {
        let endpoint = slots[slot].endpoint
        guard slots[slot].hasServed, endpoints[endpoint].keepsItsWord else { return nil }
        return distrust(endpoint)
    }

    /// The service does not keep its word there: each identity serves one exchange from now on.
    /// - Returns: the slots to close, all that have served there.
    public mutating func distrust(_ endpoint: Int) -> [Int] {
        endpoints[endpoint].keepsItsWord = false
        let closing = endpoints[endpoint].ready.removeAll { slots[$0].hasServed }
        for slot in closing { retire(slot) }
        leastReady = min(leastReady, readyCount)
        return closing
    }

    /// Whether `slot`, just leased, may still serve: what was read from it since may have shown that it may not.
    public func isFit(_ slot: Int) -> Bool {
        !slots[slot].hasServed || endpoints[slots[slot].endpoint].keepsItsWord
    }

    /// No endpoint is up any more: the exchanges that wait for one, which are taken off the list.
    public mutating func stranded() -> [Ticket] {
        guard !isUp else { return [] }
        defer { waiters.removeAll() }
        return Array(waiters)
    }

    /// No identity can be opened: the exchanges that wait for one, which are taken off the list.
    public mutating func giveUpWaiting() -> [Ticket] {
        defer { waiters.removeAll() }
        return Array(waiters)
    }

    /// The next identity to open, if one is needed: enough for those who wait and the spare ones, where an endpoint is
    /// up.
    public mutating func nextToOpen() -> (slot: Int, endpoint: Int)? {
        guard total < maximum, let endpoint = endpointInNeed() else { return nil }
        let slot = free.popLast() ?? slots.count
        let entry = Slot(state: .opening, endpoint: endpoint)
        if slot == slots.count { slots.append(entry) } else { slots[slot] = entry }
        endpoints[endpoint].opening += 1
        return (slot, endpoint)
    }

    /// The identity is there.
    public mutating func opened(_ slot: Int) -> Placement {
        guard case .opening = slots[slot].state else { return .kept }
        endpoints[slots[slot].endpoint].opening -= 1
        return place(slot)
    }

    /// Opening the identity failed (no descriptors left): the slot is free again.
    public mutating func openFailed(_ slot: Int) {
        guard case .opening = slots[slot].state else { return }
        endpoints[slots[slot].endpoint].opening -= 1
        retire(slot)
    }

    /// An exchange is over.
    /// - Parameter reusable: nothing is owed under this identity, by the service's word, and its connection was never
    ///   seen to break.
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

    /// Gives back what a busier time needed: closes half of the ready identities that nobody used since the last call.
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
