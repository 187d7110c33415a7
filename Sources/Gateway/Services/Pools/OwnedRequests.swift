// The requests of one owner in a pool. An exchange has one at a time; a session or a native client may have many, and
// all of them are withdrawn when it goes. All pools of a service share this, for it has a place for each owner that
// there was: a broker with ten thousand names would have as many tables of ten thousand.

import Bridge

/// The jobs that are not over, by their owner.
final class OwnedRequests {
    /// The latest of each; the others hang on it, linked both ways: who has thousands is
    /// mostly answered from the end.
    private var first = TicketMap<QueuedRequest>()

    func add(_ request: QueuedRequest) {
        let owner = request.metadata.owner
        let head = first[owner]
        request.next = head
        head?.previous = request
        first[owner] = request
    }

    /// Takes it out, if it is there.
    func remove(_ request: QueuedRequest) {
        if let previous = request.previous {
            previous.next = request.next
        } else if first[request.metadata.owner] === request {
            first[request.metadata.owner] = request.next
        }
        request.next?.previous = request.previous
        request.next = nil
        request.previous = nil
    }

    /// Takes one of the owner's out; nil when there is none.
    func removeOne(of owner: Ticket) -> QueuedRequest? {
        guard let request = first[owner] else { return nil }
        remove(request)
        return request
    }
}

extension TicketTable<QueuedRequest> {
    /// What the ticket names is there.
    func isLive(_ ticket: Ticket) -> Bool { if case .live = find(ticket) { true } else { false } }
}
