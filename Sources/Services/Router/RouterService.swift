// A service behind a ROUTER: each exchange has its own DEALER, with an identity that the ROUTER addresses.
//
//     exchange --send--> pool.lease --ready----------------------------> identity's socket
//                              |----waiting--> (a fresh one connects) -->
//                              |----noWorker, exhausted--> rejected at once
//     end: closed, and a fresh one opens; with `reuse`, and nothing owed, back to the pool
//
// One link for each endpoint, which never carries requests, shows whether the endpoint can be reached; a monitor for
// each identity would cost four more descriptors. An identity is opened if its endpoint is up, and what is sent on it
// waits in libzmq until the connection is made. Opening takes time, so few are opened in a turn, ahead of need.
//
// When an endpoint goes down, its identities may still hold replies that came before. Exchanges on them are read out
// and end as `workerLost` at the next tick.

package import Bridge
import Configuration
package import Contract
import Reactors
package import ZeroMQ

/// The identities of one `peer: router` service on one reactor.
package final class RouterService: Service {
    /// The most fresh identities in one turn: 16 x 20 us is what a turn can afford.
    private static let openingsPerTurn = 16
    /// The most new sockets among them: each costs another 60 us.
    private static let socketsPerTurn = 4
    /// Ticks between two rounds of closing unused identities.
    private static let ticksPerTrim = 40
    /// Ticks between two checks of the size of recent replies.
    private static let ticksPerMark = 4
    /// The most identities whose connection is checked in one tick, at 0.5 us each.
    private static let looksPerTick = 512

    package let plan: ServicePlan
    /// Set if the endpoints are Majordomo brokers.
    let brokerVersion: MajordomoVersion?
    package let host: any ServiceHost
    private var pool: IdentityPool
    package let identities: IdentitySockets
    private var exhaustionLimit = RateLimit()
    private var touched: [RouterIdentity] = []
    private var links: [MonitoredDealer] = []
    /// The endpoints that identities connect to.
    package private(set) var addresses: EndpointAddresses
    /// If the endpoints are Majordomo brokers: whether they offer the service.
    private var inquiries: [BrokerInquiry] = []
    private var lost: [RouterIdentity] = []
    private var ticks = 0
    private var trouble: String?
    /// An identity could not be opened since the last tick.
    private var hasFailed = false
    private var nextLook = 0
    private var oversize: OversizeNotice

    init(_ host: any ServiceHost, _ plan: ServicePlan, share: Int) {
        self.host = host
        self.plan = plan
        brokerVersion = plan.brokerVersion
        identities = IdentitySockets(host, plan)
        addresses = EndpointAddresses(plan)
        let settings = plan.configuration.identities
        oversize = OversizeNotice(
            plan.configuration.connect.joined(separator: ", "), plan.configuration.socket.maxReplyBytes)
        pool = IdentityPool(
            endpoints: plan.configuration.connect.count, spare: max(1, settings.spare), maximum: max(1, share),
            reuses: settings.reuse)
    }

    package var state: ServiceState {
        var state = ServiceState()
        state.isReady = pool.isUp
        state.workers = pool.endpointsUp.count { $0 }
        state.identitiesReady = pool.readyCount
        state.identitiesLeased = pool.leasedCount
        state.waiting = pool.waitingCount
        state.trouble = trouble ?? links.lazy.compactMap(\.trouble).first
            ?? oversize.trouble(at: host.now) ?? pool.endpointsTrusted.firstIndex(of: false).map(distrust)
        return state
    }

    package func start() {
        for (index, endpoint) in plan.configuration.connect.enumerated() {
            do {
                let name = host.mintIdentity(prefix: plan.configuration.identities.prefix)
                let link = try MonitoredDealer(host, plan, endpoint, identity: name)
                links.append(link)
                if let version = brokerVersion {
                    inquire(link, index, version)
                } else {
                    link.onChange = { [unowned self] link in
                        addresses.linkChanged(index, isUp: link.isUp, host)
                        changed(index, isUp: link.isUp)
                    }
                }
                link.start()
            } catch {
                report("\(endpoint): \(error)")
            }
        }
        if plan.configuration.socket.queueWhileDown {
            for index in plan.configuration.connect.indices { changed(index, isUp: true) }
        }
    }

    private func inquire(_ link: MonitoredDealer, _ index: Int, _ version: MajordomoVersion) {
        let name = plan.configuration.brokered.name ?? plan.name
        let inquiry = BrokerInquiry(host, link, version, name) { [unowned self] in
            changed(index, isUp: inquiries[index].isUp)
        }
        inquiries.append(inquiry)
        link.onChange = { [unowned self, unowned inquiry] link in
            addresses.linkChanged(index, isUp: link.isUp, host)
            inquiry.tick()
        }
        inquiry.start()
    }

    package func receivedLetter(_ letter: any ServiceLetter) {
        guard let letter = letter as? RouterLetter else { return }
        switch letter {
        case .distrusted(let endpoint): for slot in pool.distrust(endpoint) { close(slot, lingering: false) }
        case .resolved(let endpoint, let epoch, let address): addresses.resolved(endpoint, epoch: epoch, address)
        }
    }

    package func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult {
        if let slot = exchange.slot {
            return transmit(&request, slot, exchange) ? .accepted : .rejected(.overloaded)
        }
        if !exchange.unsent.isEmpty { return keep(&request, for: exchange) }
        while true {
            switch pool.lease(for: exchange.ticket) {
            case .ready(let slot):
                host.touch(self)
                guard let identity = identities[slot] else { preconditionFailure("a lent slot is empty") }
                guard isFit(identity) else {
                    place(identity, pool.release(slot, reusable: false))
                    continue
                }
                if transmit(&request, slot, exchange) {
                    if exchange.isOneWay { exchange.requestWasTaken() }
                    return .accepted
                }
                place(identity, pool.release(slot, reusable: false))
                return .rejected(.overloaded)
            case .waiting:
                host.touch(self)
                return keep(&request, for: exchange)
            case .noWorker: return .rejected(.noWorker)
            case .exhausted:
                reportExhaustion()
                return .rejected(.overloaded)
            }
        }
    }

    package func ended(_ exchange: any Requester, _ end: End) {
        guard let slot = exchange.slot, let identity = identities[slot] else {
            return pool.withdraw(exchange.ticket)
        }
        exchange.slot = nil
        identity.resume()
        identity.exchange = nil
        let cancels = end.cancelsWorker && !identity.isLost && plan.cancel != nil
        if cancels, let cancel = plan.cancel {
            var frame = Frame(copying: cancel.span)
            _ = identity.sendToWorker(&frame, behind: plan.head)
        }
        let isReusable = !end.owesReplies && !identity.isLost
        // The exchange ended well without a reply: its request may still be on its way.
        let lingers = cancels || end.isOK && !identity.hasReceived
        place(identity, pool.release(slot, reusable: isReusable), lingering: lingers)
        host.touch(self)
    }

    package func pause(_ exchange: any Requester) {
        if let slot = exchange.slot { identities[slot]?.pause() }
    }

    package func resume(_ exchange: any Requester) {
        guard let slot = exchange.slot, let identity = identities[slot] else { return }
        identity.resume()
        touch(identity)
    }

    package func touch(_ identity: RouterIdentity) {
        guard !identity.isTouched else { return }
        identity.isTouched = true
        touched.append(identity)
        host.touch(self)
    }

    package func drain() -> Bool {
        let batch = touched
        touched.removeAll(keepingCapacity: true)
        for identity in batch {
            identity.isTouched = false
            guard identity.isOpen else { continue }
            if identity.drain(self) { touch(identity) }
        }
        let late = identities.disconnectClosed()
        if late > 0 { host.metrics.services[plan.index].dropped(.late, late) }
        return openFresh() || !touched.isEmpty
    }

    package func tick() {
        ticks += 1
        if !hasFailed && pool.readyCount > 0 { trouble = nil }
        hasFailed = false
        for link in links { link.tick() }
        for inquiry in inquiries { inquiry.tick() }
        if ticks % Self.ticksPerTrim == 0 { for slot in pool.trim() { close(slot, lingering: false) } }
        identities.trim(keeping: Self.socketsPerTurn)
        if ticks % Self.ticksPerMark == 0 { identities.lookAtMark() }
        endLost()
        endForsaken()
        host.touch(self)
    }

    package func stop() {
        identities.stop()
        for inquiry in inquiries { inquiry.stop() }
        for link in links { link.stop() }
        links.removeAll()
    }

    /// A message arrived on `identity`.
    package func receivedFromWorker(_ body: inout Frame, _ note: ReplyMetadata, _ identity: RouterIdentity) {
        guard let exchange = identity.exchange else {
            host.metrics.services[plan.index].dropped(.late)
            return receivedUnowed(identity)
        }
        exchange.receivedFromWorker(&body, note)
    }

    /// A reply arrived that no exchange expected: the service may not keep to its declared end.
    private func receivedUnowed(_ identity: RouterIdentity) {
        guard let closing = pool.receivedUnowed(identity.slot) else { return }
        for slot in closing { close(slot, lingering: false) }
        for other in 0..<host.reactorCount where other != host.index {
            host.post(RouterLetter.distrusted(endpoint: identity.endpoint), of: plan, to: other)
        }
        host.log.warning("service \(plan.name): \(distrust(of: identity.endpoint))")
    }

    /// The warning about an endpoint that does not keep to its declared end.
    private func distrust(of endpoint: Int) -> String {
        "\(plan.configuration.connect[endpoint]): a reply came after the one that `replies` declares to be the last; "
            + "it was dropped, but another like it could reach the wrong client, so `identities.reuse` is off for this "
            + "endpoint until its worker leaves"
    }

    private func isFit(_ identity: RouterIdentity) -> Bool {
        if identity.isNew { return true }
        identity.drainWhole(self)
        return pool.isFit(identity.slot)
    }

    private func keep(_ request: inout Frame, for exchange: any Requester) -> SendResult {
        var frame = Frame()
        swap(&frame, &request)
        exchange.unsent.append(FrameBox(frame))
        return .accepted
    }

    /// - Returns: whether libzmq accepted it; its queue may be full.
    private func transmit(_ request: inout Frame, _ slot: Int, _ exchange: any Requester) -> Bool {
        guard let identity = identities[slot] else { preconditionFailure("a lent slot is empty") }
        let byteCount = request.count
        guard case .sent = identity.sendToWorker(&request, behind: plan.head) else { return false }
        exchange.slot = slot
        identity.exchange = exchange
        host.metrics.services[plan.index].counts.bytesSent += UInt64(byteCount)
        touch(identity)
        return true
    }

    /// Carries out the pool's decision about `identity`.
    private func place(_ identity: RouterIdentity, _ placement: IdentityPool.Placement, lingering: Bool = false) {
        switch placement {
        case .retired: close(identity.slot, lingering: lingering)
        case .kept: identity.isNew = false
        case .lent(let ticket): deliverUnsent(to: ticket, identity)
        }
    }

    private func deliverUnsent(to ticket: Ticket, _ identity: RouterIdentity) {
        guard let exchange = host.requesters[ticket] else {
            return place(identity, pool.release(identity.slot, reusable: true))
        }
        let unsent = exchange.unsent
        exchange.unsent = []
        guard isFit(identity) else {
            place(identity, pool.release(identity.slot, reusable: false))
            for box in unsent {
                if case .rejected(let reason) = sendToWorker(&box.frame, for: exchange) {
                    return exchange.finish(because: reason)
                }
            }
            return
        }
        exchange.slot = identity.slot
        identity.exchange = exchange
        for box in unsent where !transmit(&box.frame, identity.slot, exchange) {
            return exchange.finish(because: .overloaded)
        }
        exchange.unsentWasSent()
        if exchange.isOneWay { exchange.requestWasTaken() }
    }

    private func changed(_ endpoint: Int, isUp: Bool) {
        guard isUp || !plan.configuration.socket.queueWhileDown else { return pool.workerLeft(endpoint) }
        host.touch(self)
        if isUp { return pool.endpointUp(endpoint) }
        for slot in pool.endpointDown(endpoint) { close(slot, lingering: false) }
        for slot in identities.slots {
            guard let identity = identities[slot], identity.endpoint == endpoint, !identity.isLost else { continue }
            identity.isLost = true
            lost.append(identity)
        }
        for ticket in pool.stranded() { host.requesters[ticket]?.finish(because: .noWorker) }
    }

    /// Ends exchanges whose worker is gone, after reading its last replies.
    private func endLost() {
        let batch = lost
        lost.removeAll()
        // Some may have become another identity meanwhile.
        for identity in batch where identity.isOpen && identity.isLost {
            if identity.isPaused {
                lost.append(identity)
                continue
            }
            identity.drainWhole(self)
            identity.exchange?.finish(because: .workerLost)
        }
    }

    /// Ends exchanges whose identity lost its connection because of a frame that is too large. No event reports that.
    private func endForsaken() {
        let slots = identities.slots
        for _ in 0..<min(slots.count, Self.looksPerTick) {
            nextLook = nextLook + 1 < slots.count ? nextLook + 1 : 0
            guard let identity = identities[nextLook], identity.exchange != nil, !identity.isLost, !identity.isPaused,
                identity.isForsaken(self)
            else { continue }
            identity.drainWhole(self)
            oversize.happened(host)
            identity.exchange?.finish(because: .limit)
        }
    }

    /// Opens identities that the pool asks for, a few in each turn. - Returns: whether it asks for more.
    private func openFresh() -> Bool {
        var sockets = Self.socketsPerTurn
        for _ in 0..<Self.openingsPerTurn {
            guard identities.hasUnnamed || sockets > 0 else { return true }
            guard let (slot, endpoint) = pool.nextToOpen() else { return false }
            if !identities.hasUnnamed { sockets -= 1 }
            do {
                let identity = try identities.open(slot, endpoint, for: self)
                place(identity, pool.opened(slot))
            } catch {
                pool.openFailed(slot)
                hasFailed = true
                report("cannot open another identity: \(error)")
                giveUp()
                return false
            }
        }
        return true
    }

    /// No identity can be opened for the waiting exchanges. Either a session whose client is away gives up its own at
    /// the end of the turn, or the exchanges are rejected.
    private func giveUp() {
        guard pool.waitingCount > 0 else { return }
        if host.freeIdentity() { return host.whenTurnEnds { [unowned self] in host.touch(self) } }
        for ticket in pool.giveUpWaiting() { host.requesters[ticket]?.finish(because: .overloaded) }
    }

    private func close(_ slot: Int, lingering: Bool) {
        identities.retire(slot, lingering: lingering)
        host.touch(self)
    }

    private func reportExhaustion() {
        let line = exhaustionLimit.admit(
            "service \(plan.name): all identities are in use, and the request is refused with 503 overloaded; raise "
                + "identities.max, or check why the worker takes so long", at: host.now)
        if let line { host.log.warning("\(line)") }
    }

    private func report(_ text: String) {
        if trouble != text { host.log.warning("service \(plan.name): \(text)") }
        trouble = text
    }
}
