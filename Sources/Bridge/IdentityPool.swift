// The identities of one `peer: router` service: which are connected, which are lent out, when to open and close some.
//
//             open                connected               lease
//    (free) ---------> connecting ---------> ready ---------------> leased
//       ^                   ^                 |  ^                    |
//       |                   +------ lost -----+  |  release, nothing  |
//       |                                        +----- owed ---------+
//       +------------------------- retire: something is owed, or it was lost
//
// Law: an identity is lent to one exchange at a time, and returns only from an end that leaves nothing owed. Whatever
// may still be answered is closed, and a fresh identity takes its place.
//
// The pool owns no socket. It hands out slot numbers; its owner opens, watches and closes what they stand for. An
// endpoint is up from the first identity connected to it until it is seen to be lost: closing our own identities says
// nothing about the other side.

/// The identities of one service on one reactor.
public struct IdentityPool: Sendable {
    public enum Lease: Equatable, Sendable {
        /// This identity is the caller's until it is released.
        case ready(slot: Int)
        /// A fresh one is on its way; `connected` or `release` will hand it over.
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
        /// Exits: connected, retire.
        case connecting(since: Instant)
        /// Exits: lease, lost, trim.
        case ready
        /// Exits: release.
        case leased
    }

    private struct Slot: Sendable {
        var state: State
        var endpoint: Int
    }

    private struct EndpointTally: Sendable {
        var connecting = 0
        var ready: [Int] = []
        var leased = 0
        var isUp = false
        /// What exchanges to come can count on.
        var supply: Int { connecting + ready.count }
        var total: Int { supply + leased }
    }

    private let spare: Int
    private let maximum: Int
    private var slots: [Slot] = []
    private var free: [Int] = []
    private var endpoints: [EndpointTally]
    private var waiters: [Ticket] = []
    private var next = 0
    private var leastReady = 0

    /// - Parameters:
    ///   - endpoints: how many endpoints the service connects to, at least 1.
    ///   - spare: identities to keep connected ahead of need, at least 1.
    ///   - maximum: the most identities at one time.
    public init(endpoints: Int, spare: Int, maximum: Int) {
        precondition(endpoints >= 1 && spare >= 1 && maximum >= 1)
        self.spare = spare
        self.maximum = max(maximum, endpoints)
        self.endpoints = Array(repeating: EndpointTally(), count: endpoints)
    }

    public var isUp: Bool { endpoints.contains { $0.isUp } }
    public var connectingCount: Int { endpoints.reduce(0) { $0 + $1.connecting } }
    public var readyCount: Int { endpoints.reduce(0) { $0 + $1.ready.count } }
    public var leasedCount: Int { endpoints.reduce(0) { $0 + $1.leased } }
    public var waitingCount: Int { waiters.count }
    /// For each endpoint, whether it is up.
    public var endpointsUp: [Bool] { endpoints.map(\.isUp) }

    /// An exchange needs an identity. Endpoints take turns.
    public mutating func lease(for ticket: Ticket) -> Lease {
        for offset in endpoints.indices {
            let endpoint = (next + offset) % endpoints.count
            guard endpoints[endpoint].isUp, let slot = endpoints[endpoint].ready.popLast() else { continue }
            next = (endpoint + 1) % endpoints.count
            markLeased(slot)
            return .ready(slot: slot)
        }
        guard isUp else { return .noWorker }
        guard upConnecting + maximum - total > waiters.count else { return .exhausted }
        waiters.append(ticket)
        return .waiting
    }

    /// A waiting exchange is over before it got an identity.
    public mutating func withdraw(_ ticket: Ticket) {
        if let position = waiters.firstIndex(of: ticket) { waiters.remove(at: position) }
    }

    /// No endpoint is up any more: the exchanges that wait for one, which are taken off the list.
    public mutating func stranded() -> [Ticket] {
        guard !isUp else { return [] }
        defer { waiters.removeAll() }
        return waiters
    }

    /// The identity's connection stands (for the first time, or again after `lost`).
    public mutating func connected(_ slot: Int) -> Placement {
        guard case .connecting = slots[slot].state else { return .kept }
        endpoints[slots[slot].endpoint].connecting -= 1
        endpoints[slots[slot].endpoint].isUp = true
        return place(slot)
    }

    /// The connection of an identity that nobody has lent is gone; libzmq connects it again.
    public mutating func lost(_ slot: Int, at now: Instant) {
        let endpoint = slots[slot].endpoint
        guard case .ready = slots[slot].state else { return }
        endpoints[endpoint].ready.removeAll { $0 == slot }
        endpoints[endpoint].connecting += 1
        slots[slot].state = .connecting(since: now)
        takeDownIfDeserted(endpoint)
    }

    /// An exchange is over.
    /// - Parameter reusable: nothing is owed under this identity and its connection stands.
    /// - Parameter wasLost: its connection is gone.
    public mutating func release(_ slot: Int, reusable: Bool, wasLost: Bool) -> Placement {
        guard case .leased = slots[slot].state else { return .kept }
        endpoints[slots[slot].endpoint].leased -= 1
        if reusable && !wasLost { return place(slot) }
        retire(slot)
        if wasLost { takeDownIfDeserted(slots[slot].endpoint) }
        return .retired
    }

    /// The next identity to open, if one is needed: a first one for each endpoint, then enough for those who wait and
    /// the spare ones, on endpoints that are up.
    public mutating func nextToOpen(at now: Instant) -> (slot: Int, endpoint: Int)? {
        guard total < maximum, let endpoint = endpointInNeed() else { return nil }
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
            slots[slot] = Slot(state: .connecting(since: now), endpoint: endpoint)
        } else {
            slot = slots.count
            slots.append(Slot(state: .connecting(since: now), endpoint: endpoint))
        }
        endpoints[endpoint].connecting += 1
        return (slot, endpoint)
    }

    /// Opening the identity failed (no descriptors left): the slot is free again.
    public mutating func openFailed(_ slot: Int) {
        guard case .connecting = slots[slot].state else { return }
        endpoints[slots[slot].endpoint].connecting -= 1
        retire(slot)
    }

    /// Takes down endpoints where nothing is connected and something has tried for longer than `patience`: what died
    /// with its last identity is never reported lost.
    public mutating func checkConnecting(at now: Instant, patience: Nanoseconds) {
        for slot in slots {
            guard case .connecting(let since) = slot.state, now.since(since) > patience else { continue }
            takeDownIfDeserted(slot.endpoint)
        }
    }

    /// Gives back what a busier time needed: closes half of the ready identities that nobody used since the last call,
    /// and all but one that try in vain to reach an endpoint that is down, where they take places from those that are
    /// up. An endpoint keeps its last identity: it would only be opened again.
    /// - Returns: the slots to close.
    public mutating func trim() -> [Int] {
        var closing = trimDown()
        let floor = max(spare, endpoints.count)
        let unused = min(leastReady, readyCount)
        leastReady = readyCount
        guard unused > floor else { return closing }
        for _ in 0..<(unused - floor + 1) / 2 {
            guard let endpoint = endpoints.indices.max(by: { endpoints[$0].ready.count < endpoints[$1].ready.count }),
                let slot = endpoints[endpoint].ready.first
            else { break }
            endpoints[endpoint].ready.removeFirst()
            retire(slot)
            closing.append(slot)
        }
        leastReady = readyCount
        return closing
    }

    private var total: Int { endpoints.reduce(0) { $0 + $1.total } }
    private var upConnecting: Int { endpoints.reduce(0) { $0 + ($1.isUp ? $1.connecting : 0) } }

    private mutating func trimDown() -> [Int] {
        var closing: [Int] = []
        for (slot, entry) in slots.enumerated() {
            guard case .connecting = entry.state, !endpoints[entry.endpoint].isUp,
                endpoints[entry.endpoint].total > 1
            else { continue }
            endpoints[entry.endpoint].connecting -= 1
            retire(slot)
            closing.append(slot)
        }
        return closing
    }

    private func endpointInNeed() -> Int? {
        if let fresh = endpoints.indices.first(where: { endpoints[$0].total == 0 }) { return fresh }
        let supply = endpoints.reduce(0) { $0 + ($1.isUp ? $1.supply : 0) }
        guard supply < spare + waiters.count else { return nil }
        return endpoints.indices.filter { endpoints[$0].isUp }
            .min { endpoints[$0].supply < endpoints[$1].supply }
    }

    private mutating func place(_ slot: Int) -> Placement {
        if !waiters.isEmpty {
            markLeased(slot)
            return .lent(to: waiters.removeFirst())
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

    private mutating func takeDownIfDeserted(_ endpoint: Int) {
        if endpoints[endpoint].ready.isEmpty && endpoints[endpoint].leased == 0 { endpoints[endpoint].isUp = false }
    }
}
