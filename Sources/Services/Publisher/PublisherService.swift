// A service of external publishers: the gateway subscribes to the topics of its clients.
//
//     PUB --[topic][body]--> link --> Publication, made once --> subscribers on this reactor --> exchanges, sessions
//                              |                            \--> letter --> subscribers on another reactor
//                              +<-- first and last subscriber of a topic
//
// A socket that connects exists on each reactor. A socket that binds has one home, and the other reactors post their
// topics to it. The gateway subscribes to a topic while it has subscribers. With a cache it subscribes to everything
// for good and every reactor gets every message, because only a value that was received can be cached.

import Basics
package import Bridge
import Configuration
package import Contract
import Operations
package import Reactors
package import ZeroMQ

/// A publisher service on one reactor.
package final class PublisherService: TopicSource, ReadinessHandler {
    /// The most messages read from one socket at a time: some hundred microseconds of work.
    private static let messagesPerDrain = 512
    /// A turn drains a service up to eight times before its messages can be sent to clients (Core.turnEnded). Together
    /// that may be an eighth of the smallest buffer: a burst must not fill the buffer of a client that reads, nor the
    /// quarter of it at which the client counts as slow.
    private static let drainsPerBuffer = 64

    package let plan: ServicePlan
    package private(set) lazy var subscribers = Subscribers(self, host)
    private unowned let host: any ServiceHost
    /// The reactor that has the sockets.
    private let home: Int
    private var links: [MonitoredSubscriber] = []
    private var ears: [DescriptorWatch] = []
    /// At the home of a bound socket: the topics of other reactors, and the messages for them.
    private let elsewhere = Subscriptions()
    private var outboxes: [[Publication]]
    private var reactors: [Int] = []
    /// Messages from the home that have not been delivered here yet.
    private var inbox = FIFO<Publication>()
    /// The most bytes that one drain may give to a subscriber.
    private let bytesPerDrain: Int
    private var drainedBytes = 0
    private var surplus = Frame()

    private var isHome: Bool { home == host.index }
    private var keepsAll: Bool { plan.configuration.publisher.cache > 0 }

    init(_ host: any ServiceHost, _ plan: ServicePlan) throws(ZMQError) {
        self.host = host
        self.plan = plan
        home = plan.configuration.bind == nil ? host.index : host.home(of: plan)
        let configuration = host.configuration
        let leastBuffer = min(configuration.limits.maxBufferedBytes, configuration.sessions.maxBufferedBytes)
        bytesPerDrain = leastBuffer / Self.drainsPerBuffer
        outboxes = Array(repeating: [], count: host.reactorCount)
        guard isHome else { return }
        if let endpoint = plan.configuration.bind {
            links.append(try MonitoredSubscriber(host, plan, endpoint, binds: true))
            host.log.info("service \(plan.name) is bound to \(links[0].endpoint)")
        }
        for endpoint in plan.configuration.connect {
            links.append(try MonitoredSubscriber(host, plan, endpoint, binds: false))
        }
    }

    package var state: ServiceState {
        guard isHome else { return ServiceState(isHere: false) }
        var state = ServiceState()
        state.workers = links.reduce(0) { $0 + $1.peers }
        state.isReady = state.workers > 0
        state.trouble = links.lazy.compactMap(\.trouble).first
        return state
    }

    package func start() {
        ears = links.map { DescriptorWatch($0.socket.descriptor) }
        listen()
        for link in links {
            if keepsAll { link.subscribe([]) }
            link.start()
        }
        host.touch(self)
    }

    package func ready(_ readiness: Readiness) { host.touch(self) }

    private func listen() { for index in ears.indices { ears[index].listen(host, self) } }

    package func tick() {
        listen()
        for link in links { link.tick() }
        host.touch(self)
    }

    package func stop() {
        for index in ears.indices { ears[index].stop(host) }
        for link in links { link.stop() }
    }

    // MARK: Subscribers

    /// The request of an exchange is the list of its topics.
    package func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult {
        guard host.acceptsRequests else { return .rejected(.shutdown) }
        subscribers.join(exchange)
        for topic in TopicList.read(request.bytes) where !subscribers.subscribe(exchange, to: topic) {
            return .rejected(.overloaded)
        }
        return .accepted
    }

    package func ended(_ exchange: any Requester, _ end: End) { subscribers.leave(exchange) }
    package func pause(_ exchange: any Requester) { subscribers.pause(exchange) }
    package func resume(_ exchange: any Requester) { subscribers.resume(exchange) }

    /// Ends all subscriptions: a drain does not wait for what has no end.
    package func drainBegan() { subscribers.dismiss(because: .shutdown) }

    /// Why the process cannot subscribe to these topics as well, or nil.
    package func problem(of topics: [[UInt8]]) -> Problem? {
        if let problem = TopicList.problem(of: topics) { return problem }
        guard !subscribers.hasRoom(for: topics) else { return nil }
        let most = plan.configuration.publisher.maxTopics
        return Problem(
            .tooManyTopics,
            "service \"\(plan.name)\" has reached its limit of \(most) topics (max_topics); try again later")
    }

    // MARK: Upstream

    /// `topic` has its first subscriber on this reactor.
    func firstSubscriber(of topic: [UInt8]) {
        if keepsAll { return }
        guard isHome else { return post(.subscribe(topic, from: host.index), to: home) }
        if !elsewhere.holds(topic) { subscribe(topic) }
    }

    func lastSubscriberLeft(_ topic: [UInt8]) {
        if keepsAll { return }
        guard isHome else { return post(.unsubscribe(topic, from: host.index), to: home) }
        if !elsewhere.holds(topic) { unsubscribe(topic) }
    }

    package func receivedLetter(_ letter: any ServiceLetter) {
        guard let letter = letter as? TopicLetter else { return }
        switch letter {
        case .subscribe(let topic, let reactor):
            if elsewhere.add(topic, for: reactor), !subscribers.holds(topic) { subscribe(topic) }
        case .unsubscribe(let topic, let reactor):
            if elsewhere.remove(topic, for: reactor), !subscribers.holds(topic) { unsubscribe(topic) }
        case .published(let publications):
            inbox.append(contentsOf: publications)
            host.touch(self)
        }
    }

    private func subscribe(_ topic: [UInt8]) {
        for link in links { link.subscribe(topic) }
        host.touch(self)
    }

    private func unsubscribe(_ topic: [UInt8]) {
        for link in links { link.unsubscribe(topic) }
        host.touch(self)
    }

    private func post(_ letter: TopicLetter, to host: Int) {
        self.host.post(letter, of: plan, to: host)
    }

    // MARK: Messages

    package func drain() -> Bool {
        drainedBytes = 0
        var hasMore = subscribers.catchUp(by: bytesPerDrain, &drainedBytes)
        for link in links where drain(link) { hasMore = true }
        if deliverInbox() { hasMore = true }
        for reactor in outboxes.indices where !outboxes[reactor].isEmpty {
            post(.published(outboxes[reactor]), to: reactor)
            outboxes[reactor] = []
        }
        return hasMore
    }

    private func deliverInbox() -> Bool {
        while drainedBytes < bytesPerDrain, let publication = inbox.popFirst() {
            guard subscribers.wants(publication.topic.span) else { continue }
            drainedBytes += publication.text.count
            subscribers.deliver(publication)
        }
        return !inbox.isEmpty
    }

    private func drain(_ link: MonitoredSubscriber) -> Bool {
        for _ in 0..<Self.messagesPerDrain where drainedBytes < bytesPerDrain {
            guard receiveMessage(link) else { return false }
        }
        return true
    }

    /// Reads and delivers one whole message, whatever its shape.
    private func receiveMessage(_ link: MonitoredSubscriber) -> Bool {
        var first = Frame()
        var second = Frame()
        guard link.socket.receive(into: &first) else { return false }
        var frames = 1
        var hasMore = first.hasMore
        while hasMore {
            let isThere = frames == 1 ? link.socket.receive(into: &second) : link.socket.receive(into: &surplus)
            guard isThere else { break }
            hasMore = frames == 1 ? second.hasMore : surplus.hasMore
            frames += 1
        }
        host.metrics.services[plan.index].counts.topics.received += 1
        switch (plan.configuration.publisher.frames, frames) {
        case (.topicAndBody, 2): publish(first.bytes, second.bytes)
        case (.single, 1): publish(first.bytes, first.bytes)
        default: malformed(Excerpt.count(frames), first.bytes)
        }
        return true
    }

    private func publish(_ topic: Span<UInt8>, _ body: Span<UInt8>) {
        let metrics = host.metrics.services[plan.index]
        metrics.counts.bytesReceived += UInt64(body.count)
        reactors.removeAll(keepingCapacity: true)
        if keepsAll && plan.configuration.bind != nil {
            reactors.append(contentsOf: outboxes.indices.lazy.filter { $0 != self.home })
        } else if !elsewhere.isEmpty {
            elsewhere.find(topic, into: &reactors)
        }
        let isWantedHere = subscribers.wants(topic)
        // The message was on its way when the last subscriber left.
        guard isWantedHere || !reactors.isEmpty else { return }
        let inspection = plan.inspector.inspect(body)
        guard inspection.facts.isValid else { return malformed(inspection.fault ?? "its body", body) }
        let publication = Publication(topic, body, inspection, plan)
        drainedBytes += publication.text.count
        for reactor in reactors { outboxes[reactor].append(publication) }
        if isWantedHere { subscribers.deliver(publication) }
    }

    private func malformed(_ fault: String, _ bytes: Span<UInt8>) {
        let metrics = host.metrics.services[plan.index]
        metrics.dropped(.malformed)
        metrics.log.dropping()?(
            "dropped a publisher's message that does not match `frames` and `body`: \(fault), beginning with "
                + Excerpt.text(bytes))
    }
}
