// `clients:`: a ROUTER beside a service, for native DEALER and REQ clients. They share its workers, queue, limits and
// metrics with the web: the gateway is then asyncsrv's server_task, or rrbroker.
//
//     [client][body...]              a DEALER      every reply goes back as [client][body...]
//     [client][hops...][""][body...] a REQ         every reply goes back as [client][hops...][""][body...]
//
// A client is what its frames before the body say: a session of a kind, with one ticket for its whole life. What the
// service cannot take stays where it is: the client's own high water mark holds it, as behind zmq_proxy(3).
//
// Its requests count as open exchanges, of which native clients have a share. A pool knows each of them and counts them
// itself; of a service whose replies do not say to which request they belong they are counted here, and each is over
// with the reply that the service's end rules call the last, and at the deadline. A ROUTER cannot leave one peer
// unread: while the share is used up none is read, and libzmq lets them take turns when it goes on.

import Bridge
import ZeroMQ

/// The native clients of one service, on its home reactor.
final class NativeClients {
    /// Messages read in one turn: fewer than replies, so that workers are emptied first, and the web has its share.
    private static let turnBudget = 128
    /// How long a client is remembered that asks nothing and is sent nothing, where nobody tells that it is gone.
    private static let memory: Nanoseconds = 600_000_000_000
    /// Clients behind others that are remembered at a time: some 10 MB. They are what their broker writes in front of a
    /// body, so one peer could make any number of them. Those that are connected themselves have a descriptor each.
    private static let mostBehindOthers = 20_000

    private unowned let host: any ServiceHost
    private unowned let service: any Service
    private let router: MonitoredRouter
    private var clients: [[UInt8]: NativeClient] = [:]
    private var behindOthers = 0
    /// What messages are received into; taken out for the time, for what one leads to may come back here.
    private var inbox: MessageBox?
    /// What the service could not take yet.
    private var held: (client: NativeClient, body: FrameBox, more: [FrameBox])?
    private let hasPool: Bool
    private let rejections: NativeRejections
    /// How many may be with the workers, where no pool says when one is ready.
    private let places: () -> Int
    /// Replies after which a request is over; nil where they are not counted.
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
        // A client that is held back is not read, nor are the answers to its pings: it would be taken for frozen.
        options.heartbeatInterval = nil
        router = try MonitoredRouter(host, endpoint, options)
        host.log.info("native clients of service \(plan.name) come to \(router.endpoint)")
        router.onLost = { [unowned self] name, _ in forget { $0.envelope[0] == name } }
    }

    var count: Int { clients.count }

    /// Requests were rejected, as a sentence.
    var trouble: String? { rejections.trouble ?? router.trouble }

    func start() { router.start(service) }

    func stop() { router.stop() }

    /// Hands over what has come, as far as the service takes it. - Returns: whether more may be there.
    func drain() -> Bool {
        guard release() else { return false }
        let inbox = inbox ?? MessageBox()
        self.inbox = nil
        defer { self.inbox = inbox }
        for _ in 0..<Self.turnBudget {
            guard router.receive(&inbox.message) else { return false }
            guard take(&inbox.message) else {
                router.stopsReading()
                return false
            }
        }
        router.stopsReading()
        return true
    }

    /// A client that is connected itself is there until its connection is gone; of those behind others, and over
    /// inproc, nobody tells.
    func tick() {
        router.tick()
        if !hasPool {
            let limit = service.plan.rules.deadline
            for client in clients.values { ended(client.open.expire(limit, at: host.now), because: .deadline) }
        }
        rejections.tick()
        forget { $0.isBehindOthers && host.now.since($0.usedAt) > Self.memory }
    }

    /// Tries what is held again. - Returns: whether nothing is held any more.
    private func release() -> Bool {
        guard let held else { return true }
        guard hand(held.client, held.body, held.more) else { return false }
        self.held = nil
        return true
    }

    /// - Returns: false when the service takes no more for now.
    private func take(_ message: inout Message) -> Bool {
        var bodyAt = 1
        for index in 1..<max(1, message.count - 1) where message.isEmpty(index) {
            bodyAt = index + 1
            break
        }
        guard bodyAt < message.count, !message.isTooLong, let client = client(message, bodyAt) else {
            let metrics = host.metrics.services[service.plan.index]
            metrics.dropped(.malformed)
            metrics.log.dropping()?("dropped a message of a native client that has no body, \(Excerpt.text(message))")
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

    /// A place among the open exchanges, and with the workers.
    private func takePlace() -> Bool {
        let index = service.plan.index
        return host.metrics.services[index].counts.nativeOpen < places() && host.bounds.openExchanges.enterNative(index)
    }

    /// So many of a client's requests are over.
    /// - Parameter reason: why they are not answered; nil where they are, or where their client has gone.
    fileprivate func ended(_ count: Int, because reason: EndReason? = nil) {
        guard count > 0 else { return }
        host.metrics.services[service.plan.index].counts.nativeOpen -= count
        if let reason { rejections.note(reason, count) }
        for _ in 0..<count { host.bounds.openExchanges.leaveNative(service.plan.index) }
    }

    /// Whoever has these frames before the body.
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

    /// Forgets those of the clients behind others that have been unused longest, a half of what may be remembered. A
    /// reply that one of them still waits for is dropped, and counted as late.
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

    /// What the client asked is not answered.
    fileprivate func failed(_ client: NativeClient, because reason: EndReason) {
        // A pool tells of each request.
        guard hasPool else { return ended(client.open.endAll(), because: reason) }
        guard reason != .shutdown else { return service.ended(client, End(reason)) }
        rejections.note(reason)
    }

    /// Sends a reply on its way back.
    private func reply(_ body: inout Frame, _ more: [FrameBox], to client: NativeClient) {
        let metrics = host.metrics.services[service.plan.index]
        router.willSend()
        client.usedAt = host.now
        let identity = client.envelope[0]
        var address = Frame(copying: identity.span)
        // Gone, or it does not take its replies: either way nobody else gets them.
        let outcome = router.socket.send(&address, more: true)
        if outcome == .wouldBlock { rejections.note(.slowClient) }
        guard outcome == .sent else { return metrics.dropped(.unknown) }
        router.socket.begin(client.envelope.dropFirst())
        _ = router.socket.send(&body, more: !more.isEmpty)
        for (index, box) in more.enumerated() { _ = router.socket.send(&box.frame, more: index < more.count - 1) }
        metrics.counts.nativeReplies += 1
    }
}

/// One native client.
final class NativeClient: RequesterState, Requester {
    /// The frames before a body, the first of which is its identity.
    let envelope: [[UInt8]]
    let connection: Int32?
    /// No connection of ours is its own: it is behind another broker, for more than an identity and a delimiter precede
    /// its bodies, or it came over inproc.
    let isBehindOthers: Bool
    var usedAt: Instant
    /// Its requests, where no pool knows them.
    fileprivate(set) var open = RequestLine()
    private let host: any ServiceHost
    private unowned let clients: NativeClients
    /// All that comes by one connection takes turns with others: behind a broker there may be any number.
    let fairnessKey: UInt64

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

    var memoryKey: UInt64 { MemoryLedger.noClient }
    var isNative: Bool { true }
    var canBeHeldBack: Bool { true }

    func receivedFromWorker(_ body: inout Frame, _ note: ReplyMetadata) {
        if case .marker = note.last { return }
        host.metrics.services[plan.index].counts.bytesReceived += UInt64(body.count)
        clients.took(&body, note, for: self)
    }

    /// Its protocol has no words for a request that cannot be answered; the client waits as long as it likes.
    func finish(because reason: EndReason) { clients.failed(self, because: reason) }

    // Its protocol has no words for these.
    func receivedFromPublisher(_ publication: Publication) {}
    func noteQueueTiming(_ queueTiming: QueueTiming) {}
    func unsentWasSent() {}
    func requestWasTaken() {}
}
