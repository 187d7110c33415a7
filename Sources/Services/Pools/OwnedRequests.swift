// The requests of each owner in a service's pools. An exchange has one at a time. A session or native client may have
// many, which are all withdrawn when it goes. All pools of a service share one table, because it has a place for each
// owner that ever existed: a broker with ten thousand names would otherwise have as many tables of ten thousand.

import Bridge

/// The requests that are not over, by owner.
package final class OwnedRequests {
    /// The latest request of each owner. The others are linked to it in both directions, because requests of an owner
    /// with thousands are mostly answered from the end.
    private var first = TicketMap<QueuedRequest>()

    package func add(_ request: QueuedRequest) {
        let owner = request.metadata.owner
        let head = first[owner]
        request.next = head
        head?.previous = request
        first[owner] = request
    }

    /// Removes a request if it is there.
    package func remove(_ request: QueuedRequest) {
        if let previous = request.previous {
            previous.next = request.next
        } else if first[request.metadata.owner] === request {
            first[request.metadata.owner] = request.next
        }
        request.next?.previous = request.previous
        request.next = nil
        request.previous = nil
    }

    /// Removes one request of the owner; nil if there is none.
    func removeOne(of owner: Ticket) -> QueuedRequest? {
        guard let request = first[owner] else { return nil }
        remove(request)
        return request
    }
}

extension TicketTable<QueuedRequest> {
    /// Whether the ticket names something that is there.
    func isLive(_ ticket: Ticket) -> Bool { if case .live = find(ticket) { true } else { false } }
}
