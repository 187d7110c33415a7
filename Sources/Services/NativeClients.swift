// `clients:` opens a ROUTER for native DEALER and REQ clients of a service. They share its workers, queue, limits and
// metrics with web clients. The gateway then acts as the guide's asyncsrv (server_task) or rrbroker.
//
//     [client][body...]              a DEALER      every reply goes back as [client][body...]
//     [client][hops...][""][body...] a REQ         every reply goes back as [client][hops...][""][body...]
//
// The frames before the body identify a client. It is a kind of session, with one ticket for as long as it is
// remembered. A message that the service cannot accept stays in the socket: the client's own high water mark takes
// effect, as behind zmq_proxy(3).
//
// Requests of native clients count as open exchanges, and native clients have a share of those. A pool tracks and
// counts each request itself. For other services, whose replies do not name their request, they are counted here: a
// request is over with the reply that is the last one by the service's end rules, or at the deadline. A ROUTER cannot
// leave a single peer unread, so while the share is used up none is read; then libzmq lets the peers take turns.

package import Bridge
package import Contract
import Operations
package import ZeroMQ

/// The native clients of one service, on its home reactor.
package final class NativeClients {
    /// Messages read in one turn: fewer than replies, so that workers are drained first and the web gets its share.
    private static let turnBudget = 128
    /// How long an unused client is remembered if no event reports that it is gone.
    private static let memory: Nanoseconds = 600_000_000_000
    /// The most clients behind others that are remembered, some 10 MB. Their identities are whatever a broker writes
    /// before a body, so one peer could invent any number. Clients that connect themselves cost a descriptor each.
    private static let mostBehindOthers = 20_000

    private unowned let host: any ServiceHost
    private unowned let service: any Service
    private let router: MonitoredRouter
    private var clients: [[UInt8]: NativeClient] = [:]
    private var behindOthers = 0
    /// The message that the service could not accept yet.
    private var held: (client: NativeClient, body: FrameBox, more: [FrameBox])?
    private let hasPool: Bool
    private let rejections: NativeRejections
    /// The most requests that may be with workers, if no pool reports when one is ready.
    private let places: () -> Int
    /// Replies after which a request is over; nil if they are not counted.
    private let bound: Int?

    init?(_ host: any ServiceHost, _ service: any Service, places: @escaping () -> Int = { .max }) throws(ZMQError) {
        let plan = service.plan
        guard let endpoint = plan.configuration.clients else { return nil }
        self.host = host
        self.service = service
        self.places = places
        rejections = NativeRejections(host, plan)
        hasPool = plan.traits.reportsPools
        bound = plan.rules.count ?? (plan.configuration.replies.final == nil ? 1 : nil)
        var options = SocketOptions(plan.configuration.socket)
        // A client that is held back is not read, and neither are its heartbeat replies: it would be taken for dead.
        options.heartbeatInterval = nil
        router = try MonitoredRouter(host, endpoint, options)
            host.log.info("native clients of service \(plan.name) connect to \(router.endpoint)")
        router.onLost = { [unowned self] name, _ in forget { $0.envelope[0] == name } }
    }

    package var count: Int { clients.count }

    /// Why requests are rejected, as a sentence; nil if none are.
    package var trouble: String? { rejections.trouble ?? router.trouble }

    package func start() { router.start(service) }

    package func stop() { router.stop() }

    /// Submits the messages that have arrived, as far as the service accepts them. - Returns: whether more may be left.
    package func drain() -> Bool {
        guard release() else { return false }
        return router.drain(atMost: Self.turnBudget, heedsMemory: false, take)
    }

    /// Forgets clients that are gone. A client that connects itself is kept until its connection is gone. For clients
    /// behind others, and over inproc, there is no such event.
    package func tick() {
        router.tick()
        if !hasPool {
            let limit = service.plan.rules.deadline
            for client in clients.values { ended(client.open.expire(limit, at: host.now), because: .deadline) }
        }
        rejections.tick()
        forget { $0.isBehindOthers && host.now.since($0.usedAt) > Self.memory }
    }

    /// Submits the held message again. - Returns: whether nothing is held any more.
    private func release() -> Bool {
        guard let held else { return true }
        guard hand(held.client, held.body, held.more) else { return false }
        self.held = nil
        return true
    }

    /// - Returns: false if the service accepts no more for now.
    private func take(_ message: inout Message) -> Bool {
        var bodyAt = 1
        for index in 1..<max(1, message.count - 1) where message.isEmpty(index) {
            bodyAt = index + 1
            break
        }
        guard bodyAt < message.count, !message.isTooLong, let client = client(message, bodyAt) else {
            let metrics = host.metrics.services[service.plan.index]
            metrics.dropped(.malformed)
            metrics.log.dropping()?("dropped a native client's message without a body, \(Excerpt.text(message))")
            return true
        }
        host.metrics.services[service.plan.index].counts.nativeRequests += 1
        let more = message.surplus(from: bodyAt + 1)
        let body = FrameBox(message.take(bodyAt))
        if hand(client, body, more) { return true }
        held = (client, body, more)
        host.metrics.services[service.plan.index].counts.nativeHeld += 1
        return false
    }

    private func hand(_ client: NativeClient, _ body: FrameBox, _ more: [FrameBox]) -> Bool {
        client.usedAt = host.now
        let index = service.plan.index
        guard hasPool || takePlace() else { return false }
        guard case .accepted = service.submit(&body.frame, more, client.metadata) else {
            if !hasPool { host.bounds.openExchanges.leaveNative(index) }
            return false
        }
        guard !hasPool else { return true }
        client.open.begin(at: host.now)
        host.metrics.services[index].counts.nativeOpen += 1
        return true
    }

    /// Takes a place among the open exchanges and with the workers.
    private func takePlace() -> Bool {
        let index = service.plan.index
        return host.metrics.services[index].counts.nativeOpen < places() && host.bounds.openExchanges.enterNative(index)
    }

    /// Some of a client's requests are over.
    /// - Parameter reason: why they got no reply; nil if they did, or if their client is gone.
    fileprivate func ended(_ count: Int, because reason: EndReason? = nil) {
        guard count > 0 else { return }
        host.metrics.services[service.plan.index].counts.nativeOpen -= count
        if let reason { rejections.note(reason, count) }
        for _ in 0..<count { host.bounds.openExchanges.leaveNative(service.plan.index) }
    }

    /// The client with these frames before its body.
    private func client(_ message: borrowing Message, _ bodyAt: Int) -> NativeClient? {
        var key: [UInt8] = []
        var envelope: [[UInt8]] = []
        for index in 0..<bodyAt {
            let bytes = [UInt8](copying: message.bytes(index))
            envelope.append(bytes)
            key.append(UInt8(min(bytes.count, 255)))
            key += bytes
        }
        let connection = message.sourceDescriptor
        if let known = clients[key] {
            if known.connection == connection { return known }
            forget { $0 === known }
        }
        guard router.admit(envelope[0], on: connection) else { return nil }
        let client = NativeClient(host, service, self, envelope, connection)
        guard host.requesters.insert(client) else { return nil }
        clients[key] = client
        if client.isBehindOthers {
            behindOthers += 1
            if behindOthers > Self.mostBehindOthers { forgetUnused() }
        }
        return client
    }

    /// Forgets the clients behind others that have been unused longest: half of the number that may be remembered. A
    /// reply that one of them still waits for is dropped and counted as late.
    private func forgetUnused() {
        let unused = clients.values.filter { $0.isBehindOthers && $0.open.count == 0 }.sorted { $0.usedAt < $1.usedAt }
        let going = Set(unused.prefix(Self.mostBehindOthers / 2).map(ObjectIdentifier.init))
        forget { going.contains(ObjectIdentifier($0)) }
    }

    private func forget(_ isGone: (NativeClient) -> Bool) {
        for (key, client) in clients where isGone(client) {
            clients[key] = nil
            if client.isBehindOthers { behindOthers -= 1 }
            if held?.client === client { held = nil }
            host.requesters.remove(client)
            ended(client.open.endAll())
            service.ended(client, End(.clientLeft))
        }
    }

    /// A worker replied to one of its requests.
    fileprivate func took(_ body: inout Frame, _ note: ReplyMetadata, for client: NativeClient) {
        if !hasPool, client.open.replied(isLast: service.plan.saysItself(body.bytes), bound: bound) {
            ended(1)
        }
        reply(&body, note.more, to: client)
    }

    /// Requests of the client get no reply.
    fileprivate func failed(_ client: NativeClient, because reason: EndReason) {
        // A pool reports each request.
        guard hasPool else { return ended(client.open.endAll(), because: reason) }
        guard reason != .shutdown else { return service.ended(client, End(reason)) }
        rejections.note(reason)
    }

    /// Sends a reply on its way back.
    private func reply(_ body: inout Frame, _ more: [FrameBox], to client: NativeClient) {
        let metrics = host.metrics.services[service.plan.index]
        client.usedAt = host.now
        // The client is gone or does not read its replies. Either way no other client gets them.
        let outcome = router.begin(to: client.envelope[0])
        if outcome == .wouldBlock { rejections.note(.slowClient) }
        guard outcome == .sent else { return metrics.dropped(.unknown) }
        router.socket.add(copying: client.envelope.dropFirst())
        router.socket.finish(&body, more)
        metrics.counts.nativeReplies += 1
    }
}

/// One native client.
package final class NativeClient: RequesterState, Requester {
    /// The frames before a body. The first one is the client's identity.
    package let envelope: [[UInt8]]
    package let connection: Int32?
    /// The client has no connection of its own to us: it came over inproc, or it is behind another broker, because more
    /// than an identity and a delimiter precede its bodies.
    let isBehindOthers: Bool
    var usedAt: Instant
    /// Its open requests, if no pool tracks them.
    fileprivate(set) var open = RequestLine()
    private let host: any ServiceHost
    private unowned let clients: NativeClients
    /// Everything on one connection takes turns as one client: there may be any number of clients behind a broker.
    package let fairnessKey: UInt64

    init(
        _ host: any ServiceHost, _ service: any Service, _ clients: NativeClients, _ envelope: [[UInt8]],
        _ connection: Int32?
    ) {
        self.host = host
        self.clients = clients
        self.envelope = envelope
        self.connection = connection
        isBehindOthers = connection == nil || envelope.count > 2
        usedAt = host.now
        let peer = envelope[0]
        fairnessKey = FNV1a.hash(peer.span)
        super.init(service)
    }

    package var memoryKey: UInt64 { MemoryLedger.noClient }
    package var isNative: Bool { true }
    package var canBeHeldBack: Bool { true }

    package func receivedFromWorker(_ body: inout Frame, _ note: ReplyMetadata) {
        if case .marker = note.last { return }
        host.metrics.services[plan.index].counts.bytesReceived += UInt64(body.count)
        clients.took(&body, note, for: self)
    }

    /// Native protocols cannot report that a request fails, so the client may wait as long as it likes.
    package func finish(because reason: EndReason) { clients.failed(self, because: reason) }

    // Native protocols have no messages for these.
    package func receivedFromPublisher(_ publication: Publication) {}
    package func noteQueueTiming(_ queueTiming: QueueTiming) {}
    package func unsentWasSent() {}
    package func requestWasTaken() {}
}
