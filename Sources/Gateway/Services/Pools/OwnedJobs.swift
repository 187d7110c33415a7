// The requests of one owner in a pool. An exchange has one at a time; a session or a native client may have many, and
// all of them are withdrawn when it goes.

import Bridge

/// The jobs that are not over, by their owner.
struct OwnedJobs {
    /// The first of each; the others hang on it.
    private var first = TicketMap<Job>()

    mutating func add(_ job: Job) {
        let owner = job.submission.owner
        job.next = first[owner]
        first[owner] = job
    }

    mutating func remove(_ job: Job) {
        let owner = job.submission.owner
        guard let head = first[owner] else { return }
        if head === job {
            first[owner] = job.next
        } else {
            var previous = head
            while let next = previous.next, next !== job { previous = next }
            previous.next = job.next
        }
        job.next = nil
    }

    /// - Returns: the first; the others hang on it.
    mutating func removeAll(of owner: Ticket) -> Job? {
        let head = first[owner]
        first[owner] = nil
        return head
    }
}

extension TicketTable<Job> {
    /// What the ticket names is there.
    func isLive(_ ticket: Ticket) -> Bool { if case .live = find(ticket) { true } else { false } }
}
