// A service behind a ROUTER: each exchange is a DEALER of its own, with an identity that the ROUTER addresses.
//
//     exchange --send--> pool.lease --ready----------------------------> identity's socket
//                              |----waiting--> (a fresh one connects) -->
//                              |----noWorker, exhausted--> refused at once
//     end: nothing owed -> back to the pool;  anything owed or lost -> closed, a fresh one opens
//
// Whether an identity is connected its socket says itself: with ZMQ_IMMEDIATE a DEALER is writable exactly while its
// connection stands, so no monitor a socket is needed (4 more descriptors each). One monitored DEALER an endpoint,
// which never sends, tells of handshakes that fail. Opening costs 120-180 microseconds, so few are opened a turn, ahead
// of need.

import Bridge
import Configuration
import Reactors
import ZeroMQ

/// The identities of one `peer: router` service on one reactor.
final class RouterService: Service {
    /// Fresh identities in one turn at most: 4 x 180 us is what a turn may bear.
    private static let openingsPerTurn = 4
    /// An endpoint that takes longer than this to connect, with nothing else connected, is down.
    private static let connectPatience: Nanoseconds = 1_000_000_000
    /// Ticks between two looks at what may be given back.
    private static let ticksPerTrim = 40

    let plan: ServicePlan
    private unowned let core: Core
    private var pool: IdentityPool
    private var identities: [RouterIdentity?] = []
    private var touched: [RouterIdentity] = []
    private var sentinels: [Sentinel] = []
    private var ticks = 0
    private var trouble: String?

    init(_ core: Core, _ plan: ServicePlan, share: Int) {
        self.core = core
        self.plan = plan
        let settings = plan.configuration.identities
        pool = IdentityPool(
            endpoints: plan.configuration.connect.count, spare: max(1, settings.spare), maximum: max(1, share))
    }

    var state: ServiceState {
        var state = ServiceState()
        state.isReady = pool.isUp
        state.workers = pool.endpointsUp.count { $0 }
        state.identitiesConnecting = pool.connectingCount
        state.identitiesReady = pool.readyCount
        state.identitiesLeased = pool.leasedCount
        state.waiting = pool.waitingCount
        state.trouble = trouble ?? sentinels.lazy.compactMap(\.watcher.trouble).first
        return state
    }

    func start() {
        for endpoint in plan.configuration.connect {
            do {
                sentinels.append(try Sentinel(core, plan, endpoint))
            } catch {
                report("\(endpoint): \(error)")
            }
        }
        core.touch(self)
    }

    func send(_ request: inout Frame, for exchange: OpenExchange) -> Handover {
        core.touch(self)
        switch pool.lease(for: exchange.ticket) {
        case .ready(let slot):
            return transmit(&request, identities[slot]!, exchange) ? .taken : .refused(.noWorker)
        case .waiting:
            var frame = Frame()
            swap(&frame, &request)
            exchange.unsent = FrameBox(frame)
            return .taken
        case .noWorker: return .refused(.noWorker)
        case .exhausted: return .refused(.overloaded)
        }
    }

    func ended(_ exchange: OpenExchange, _ end: End) {
        guard let slot = exchange.identity, let identity = identities[slot] else {
            return pool.withdraw(exchange.ticket)
        }
        exchange.identity = nil
        identity.exchange = nil
        identity.isPaused = false
        let cancels = end.cancelsWorker && identity.isConnected && plan.cancel != nil
        if cancels, let cancel = plan.cancel {
            var frame = Frame(copying: cancel.span)
            _ = identity.send(&frame, plan.template)
        }
        let isReusable = !end.owesReplies && !identity.hasUnread
        place(identity, pool.release(slot, reusable: isReusable, wasLost: !identity.isConnected), lingering: cancels)
        core.touch(self)
    }

    func pause(_ exchange: OpenExchange) {
        if let slot = exchange.identity { identities[slot]?.isPaused = true }
    }

    func resume(_ exchange: OpenExchange) {
        guard let slot = exchange.identity, let identity = identities[slot] else { return }
        identity.isPaused = false
        touch(identity)
    }

    func touch(_ identity: RouterIdentity) {
        guard !identity.isTouched else { return }
        identity.isTouched = true
        touched.append(identity)
        core.touch(self)
    }

    func drain() -> Bool {
        let batch = touched
        touched.removeAll(keepingCapacity: true)
        for identity in batch {
            identity.isTouched = false
            guard identity.isOpen else { continue }
            if identity.drain(self) { touch(identity) }
            updateConnection(of: identity)
        }
        return openFresh() || !touched.isEmpty
    }

    func tick() {
        ticks += 1
        for sentinel in sentinels { sentinel.watcher.poll() }
        pool.checkConnecting(at: core.now, patience: Self.connectPatience)
        if ticks % Self.ticksPerTrim == 0 { for slot in pool.trim() { close(slot, lingering: false) } }
        endStranded()
        core.touch(self)
    }

    func stop() {
        for slot in identities.indices { close(slot, lingering: true) }
        for sentinel in sentinels { sentinel.watcher.stop(core) }
        sentinels.removeAll()
    }

    /// A message arrived on `identity`.
    func received(_ body: inout Frame, _ fault: ReplyShape.Fault?, _ identity: RouterIdentity) {
        guard let exchange = identity.exchange else { return core.metrics.services[plan.index].dropped(.late) }
        exchange.received(body.bytes, fault: fault)
    }

    private func transmit(_ request: inout Frame, _ identity: RouterIdentity, _ exchange: OpenExchange) -> Bool {
        exchange.identity = identity.slot
        identity.exchange = exchange
        let byteCount = request.count
        guard case .sent = identity.send(&request, plan.template) else {
            identity.isConnected = false
            return false
        }
        core.metrics.services[plan.index].counts.bytesSent += UInt64(byteCount)
        touch(identity)
        return true
    }

    /// Does what the pool decided about `identity`.
    private func place(_ identity: RouterIdentity, _ placement: IdentityPool.Placement, lingering: Bool = false) {
        switch placement {
        case .retired: close(identity.slot, lingering: lingering)
        case .kept: break
        case .lent(let ticket): deliverUnsent(to: ticket, identity)
        }
    }

    private func deliverUnsent(to ticket: Ticket, _ identity: RouterIdentity) {
        guard let exchange = core.find(ticket), let box = exchange.unsent else {
            return place(identity, pool.release(identity.slot, reusable: true, wasLost: false))
        }
        exchange.unsent = nil
        if !transmit(&box.frame, identity, exchange) { exchange.finish(because: .noWorker) }
    }

    /// Compares what the socket says of its connection with what the pool believes.
    private func updateConnection(of identity: RouterIdentity) {
        guard identity.isOpen else { return }
        let isConnected = identity.isWritable
        guard isConnected != identity.isConnected else { return }
        identity.isConnected = isConnected
        if isConnected {
            place(identity, pool.connected(identity.slot))
        } else if let exchange = identity.exchange {
            exchange.finish(because: .workerLost)
        } else {
            pool.lost(identity.slot, at: core.now)
        }
        endStranded()
    }

    private func endStranded() {
        for ticket in pool.stranded() { core.find(ticket)?.finish(because: .noWorker) }
    }

    /// Opens what the pool asks for, some a turn. - Returns: whether it asks for more.
    private func openFresh() -> Bool {
        for _ in 0..<Self.openingsPerTurn {
            guard let (slot, endpoint) = pool.nextToOpen(at: core.now) else { return false }
            do {
                let name = core.mintIdentity(prefix: plan.configuration.identities.prefix)
                let identity = try RouterIdentity(
                    core, self, slot: slot, endpoint: plan.configuration.connect[endpoint], name: name)
                while identities.count <= slot { identities.append(nil) }
                identities[slot] = identity
                trouble = nil
                touch(identity)
            } catch {
                pool.openFailed(slot)
                report("no further identity can be opened: \(error)")
                return false
            }
        }
        return true
    }

    private func close(_ slot: Int, lingering: Bool) {
        guard identities.indices.contains(slot), let identity = identities[slot] else { return }
        identities[slot] = nil
        identity.close(core, lingering: lingering)
    }

    private func report(_ text: String) {
        if trouble != text { core.log.warning("service \(plan.name): \(text)") }
        trouble = text
    }
}
