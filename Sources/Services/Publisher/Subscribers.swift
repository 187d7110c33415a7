// The subscribers of one publisher on one reactor: the messages each receives, and first the cached ones.
//
//     join --subscribe--> catching up --cached ones delivered--> live --leave--> gone
//                              |                                   |
//                              +-- new messages queue up           +-- each message at once
//
// A subscriber is an exchange or a session. Its own buffer is bounded, and a subscriber that exceeds it ends. Cached
// messages are delivered in pieces, as the client reads them, so that a large cache does not make it count as slow.

import Basics
import Bridge
import Contract
import Operations

/// The subscribers of a publisher on one reactor.
package final class Subscribers {
    private final class Subscriber {
        let requester: any Requester
        var topics: [[UInt8]] = []
        /// Messages not delivered yet: from the cache, and those that arrived since.
        var backlog = FIFO<Publication>()
        var lateBytes = 0
        var isPaused = false

        init(_ requester: any Requester) { self.requester = requester }
    }

    private let plan: ServicePlan
    private unowned let host: any ServiceHost
    private unowned let service: PublisherService
    private let subscriptions = Subscriptions()
    private var subscribers: [Subscriber?] = []
    private var freeSlots: [Int] = []
    private var cache: LastValues<Publication>
    private var catchingUp: [Subscriber] = []
    private var found: [Int] = []

    private var metrics: ServiceMetrics { host.metrics.services[plan.index] }

    init(_ service: PublisherService, _ host: any ServiceHost) {
        self.service = service
        self.host = host
        plan = service.plan
        cache = LastValues(capacity: plan.configuration.publisher.cache)
    }

    package func holds(_ topic: [UInt8]) -> Bool { subscriptions.holds(topic) }

    /// Whether the process may subscribe to these topics as well.
    package func hasRoom(for topics: [[UInt8]]) -> Bool {
        let fresh = Set(topics).filter { !subscriptions.holds($0) }
        return fresh.count <= host.bounds.heldTopics.room(plan.index)
    }

    // MARK: Subscriptions

    package func join(_ requester: any Requester) {
        let slot = freeSlots.popLast() ?? subscribers.count
        if slot == subscribers.count { subscribers.append(nil) }
        subscribers[slot] = Subscriber(requester)
        requester.slot = slot
        metrics.counts.topics.subscribers += 1
    }

    package func leave(_ requester: any Requester) {
        guard let slot = requester.slot, let subscriber = subscribers[slot] else { return }
        subscriber.backlog.removeAll()
        for topic in subscriber.topics { drop(topic, for: slot) }
        subscribers[slot] = nil
        freeSlots.append(slot)
        requester.slot = nil
        metrics.counts.topics.subscribers -= 1
    }

    /// - Returns: false if the limit of topics is reached.
    package func subscribe(_ requester: any Requester, to topic: [UInt8]) -> Bool {
        guard let slot = requester.slot, let subscriber = subscribers[slot], !subscriber.topics.contains(topic) else {
            return true
        }
        if !subscriptions.holds(topic), !host.bounds.heldTopics.enter(plan.index) { return false }
        if subscriptions.add(topic, for: slot) {
            metrics.counts.topics.held += 1
            service.firstSubscriber(of: topic)
        }
        let missed = cache.values(for: topic, besides: subscriber.topics)
        subscriber.topics.append(topic)
        if !missed.isEmpty {
            if subscriber.backlog.isEmpty { catchingUp.append(subscriber) }
            subscriber.backlog.append(contentsOf: missed)
            host.touch(service)
        }
        return true
    }

    /// - Returns: false if it was not subscribed to that topic.
    package func unsubscribe(_ requester: any Requester, from topic: [UInt8]) -> Bool {
        guard let slot = requester.slot, let subscriber = subscribers[slot],
            let index = subscriber.topics.firstIndex(of: topic)
        else { return false }
        subscriber.topics.remove(at: index)
        subscriber.backlog.removeAll { publication in !subscriber.topics.contains { publication.topic.starts(with: $0) }
        }
        drop(topic, for: slot)
        return true
    }

    package func topicCount(_ requester: any Requester) -> Int {
        requester.slot.flatMap { subscribers[$0]?.topics.count } ?? 0
    }

    private func drop(_ topic: [UInt8], for slot: Int) {
        guard subscriptions.remove(topic, for: slot) else { return }
        host.bounds.heldTopics.leave(plan.index)
        metrics.counts.topics.held -= 1
        service.lastSubscriberLeft(topic)
    }

    // MARK: Messages

    /// Looks up the subscribers of a message; `deliver` follows if there are any.
    func wants(_ topic: Span<UInt8>) -> Bool {
        found.removeAll(keepingCapacity: true)
        subscriptions.find(topic, into: &found)
        return !found.isEmpty || cache.capacity > 0
    }

    /// Delivers a message to the subscribers that `wants` has found.
    package func deliver(_ publication: Publication) {
        cache.keep(publication, for: publication.topic)
        for slot in found {
            guard let subscriber = subscribers[slot] else { continue }
            if subscriber.backlog.isEmpty {
                give(publication, to: subscriber)
            } else {
                queue(publication, for: subscriber)
            }
        }
    }

    package func pause(_ requester: any Requester) { subscriber(of: requester)?.isPaused = true }

    package func resume(_ requester: any Requester) {
        guard let subscriber = subscriber(of: requester) else { return }
        subscriber.isPaused = false
        if !subscriber.backlog.isEmpty { host.touch(service) }
    }

    /// Delivers backlogs of late subscribers, as far as they accept them.
    /// - Parameters:
    ///   - bytes: the amount for each subscriber, or slightly more.
    ///   - most: the most that one subscriber was given.
    /// - Returns: whether more can be delivered.
    func catchUp(by bytes: Int, _ most: inout Int) -> Bool {
        guard !catchingUp.isEmpty else { return false }
        var hasMore = false
        for subscriber in catchingUp {
            var given = 0
            while given < bytes, !subscriber.isPaused, let next = subscriber.backlog.popFirst() {
                given += next.text.count
                give(next, to: subscriber)
            }
            most = max(most, given)
            if subscriber.backlog.isEmpty { subscriber.lateBytes = 0 } else if !subscriber.isPaused { hasMore = true }
        }
        catchingUp.removeAll(where: \.backlog.isEmpty)
        return hasMore
    }

    /// Ends all subscribers.
    func dismiss(because reason: EndReason) {
        for case let subscriber? in subscribers { subscriber.requester.finish(because: reason) }
    }

    private func give(_ publication: Publication, to subscriber: Subscriber) {
        metrics.counts.topics.delivered += 1
        subscriber.requester.receivedFromPublisher(publication)
    }

    /// Queues a message behind a backlog. Such messages have the bound of a buffer.
    private func queue(_ publication: Publication, for subscriber: Subscriber) {
        subscriber.lateBytes += publication.text.count
        guard subscriber.lateBytes <= host.limits.maxBufferedBytes else {
            return subscriber.requester.finish(because: .slowClient)
        }
        subscriber.backlog.append(publication)
    }

    private func subscriber(of requester: any Requester) -> Subscriber? { requester.slot.flatMap { subscribers[$0] } }
}
