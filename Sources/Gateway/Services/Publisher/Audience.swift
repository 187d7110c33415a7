// Who listens to one publisher on one reactor, what they hear, and what a newcomer hears first.
//
//     join --subscribe--> catching up --nothing left of the cache--> hearing --leave--> gone
//                              |                                        |
//                              +-- new messages queue up behind         +-- each message at once
//
// A listener is an exchange or a session; its own buffer has a bound, and one that is beyond it ends. What the cache
// holds for a newcomer is given in pieces, as its client takes it, so that a large cache is no reason to be slow.

import Bridge

/// The listeners of a publisher, on one reactor.
final class Audience {
    private final class Seat {
        let listener: any Requester
        var topics: [[UInt8]] = []
        /// What it has not been given yet: of the cache, and what came meanwhile.
        var backlog: ArraySlice<Publication> = []
        var lateBytes = 0
        var isPaused = false

        init(_ listener: any Requester) { self.listener = listener }
    }

    private let plan: ServicePlan
    private unowned let core: any ServiceHost
    private unowned let service: PublisherService
    private let subscriptions = Subscriptions()
    private var seats: [Seat?] = []
    private var freeSeats: [Int] = []
    private var cache: LastValues<Publication>
    private var catchingUp: [Seat] = []
    private var found: [Int] = []

    private var metrics: ServiceMetrics { core.metrics.services[plan.index] }

    init(_ service: PublisherService, _ core: any ServiceHost) {
        self.service = service
        self.core = core
        plan = service.plan
        cache = LastValues(capacity: plan.configuration.publisher.cache)
    }

    func holds(_ topic: [UInt8]) -> Bool { subscriptions.holds(topic) }

    /// Whether the process may listen to these topics as well.
    func hasRoom(for topics: [[UInt8]]) -> Bool {
        let fresh = Set(topics).filter { !subscriptions.holds($0) }
        return fresh.count <= core.bounds.heldTopics.room(plan.index)
    }

    // MARK: Coming and going

    func join(_ listener: any Requester) {
        let seat = freeSeats.popLast() ?? seats.count
        if seat == seats.count { seats.append(nil) }
        seats[seat] = Seat(listener)
        listener.slot = seat
        metrics.counts.topics.subscribers += 1
    }

    func leave(_ listener: any Requester) {
        guard let place = listener.slot, let seat = seats[place] else { return }
        seat.backlog = []
        for topic in seat.topics { drop(topic, for: place) }
        seats[place] = nil
        freeSeats.append(place)
        listener.slot = nil
        metrics.counts.topics.subscribers -= 1
    }

    /// - Returns: false where the process listens to as many topics as it may.
    func subscribe(_ listener: any Requester, to topic: [UInt8]) -> Bool {
        guard let place = listener.slot, let seat = seats[place], !seat.topics.contains(topic) else { return true }
        if !subscriptions.holds(topic), !core.bounds.heldTopics.enter(plan.index) { return false }
        if subscriptions.add(topic, for: place) {
            metrics.counts.topics.held += 1
            service.firstListener(of: topic)
        }
        let missed = cache.values(for: topic, besides: seat.topics)
        seat.topics.append(topic)
        if !missed.isEmpty {
            if seat.backlog.isEmpty { catchingUp.append(seat) }
            seat.backlog += missed
            core.touch(service)
        }
        return true
    }

    /// - Returns: false where it did not listen to that topic.
    func unsubscribe(_ listener: any Requester, from topic: [UInt8]) -> Bool {
        guard let place = listener.slot, let seat = seats[place],
            let index = seat.topics.firstIndex(of: topic)
        else { return false }
        seat.topics.remove(at: index)
        seat.backlog.removeAll { publication in !seat.topics.contains { publication.topic.starts(with: $0) } }
        drop(topic, for: place)
        return true
    }

    func topicCount(_ listener: any Requester) -> Int { listener.slot.flatMap { seats[$0]?.topics.count } ?? 0 }

    private func drop(_ topic: [UInt8], for place: Int) {
        guard subscriptions.remove(topic, for: place) else { return }
        core.bounds.heldTopics.leave(plan.index)
        metrics.counts.topics.held -= 1
        service.lastListenerLeft(topic)
    }

    // MARK: Messages

    /// Looks up who hears a message; `deliver` follows where anybody does.
    func wants(_ topic: Span<UInt8>) -> Bool {
        found.removeAll(keepingCapacity: true)
        subscriptions.find(topic, into: &found)
        return !found.isEmpty || cache.capacity > 0
    }

    /// Gives a message to those that `wants` has found.
    func deliver(_ publication: Publication) {
        cache.keep(publication, for: publication.topic)
        for place in found {
            guard let seat = seats[place] else { continue }
            if seat.backlog.isEmpty { give(publication, to: seat) } else { queue(publication, for: seat) }
        }
    }

    func pause(_ listener: any Requester) { seat(of: listener)?.isPaused = true }

    func resume(_ listener: any Requester) {
        guard let seat = seat(of: listener) else { return }
        seat.isPaused = false
        if !seat.backlog.isEmpty { core.touch(service) }
    }

    /// Gives those who came late what they take of their backlogs.
    /// - Parameters:
    ///   - bytes: of messages to each of them, or little more.
    ///   - most: what one of them was given at most.
    /// - Returns: whether there is more that can be given.
    func catchUp(by bytes: Int, _ most: inout Int) -> Bool {
        guard !catchingUp.isEmpty else { return false }
        var hasMore = false
        for seat in catchingUp {
            var given = 0
            while given < bytes, !seat.isPaused, let next = seat.backlog.popFirst() {
                given += next.text.count
                give(next, to: seat)
            }
            most = max(most, given)
            if seat.backlog.isEmpty { seat.lateBytes = 0 } else if !seat.isPaused { hasMore = true }
        }
        catchingUp.removeAll(where: \.backlog.isEmpty)
        return hasMore
    }

    /// Ends all of them.
    func dismiss(because reason: EndReason) {
        for case let seat? in seats { seat.listener.finish(because: reason) }
    }

    private func give(_ publication: Publication, to seat: Seat) {
        metrics.counts.topics.delivered += 1
        seat.listener.receivedFromPublisher(publication)
    }

    /// What comes while a listener is still at its backlog has the bound of a buffer.
    private func queue(_ publication: Publication, for seat: Seat) {
        seat.lateBytes += publication.text.count
        guard seat.lateBytes <= core.configuration.limits.maxBufferedBytes else {
            return seat.listener.finish(because: .slowClient)
        }
        seat.backlog.append(publication)
    }

    private func seat(of listener: any Requester) -> Seat? { listener.slot.flatMap { seats[$0] } }
}
