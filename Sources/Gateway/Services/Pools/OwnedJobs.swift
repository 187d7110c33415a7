// The requests of one owner in a pool. An exchange has one at a time; a session or a native client may have many, and
// all of them are withdrawn when it goes.

import Bridge

/// The jobs that are not over, by their owner.
struct OwnedJobs {
    /// The first of each; the others hang on it.
    private var first: [Ticket: Job] = [:]

    /// - Parameter jobs: where it is no more if it is over already.
    mutating func add(_ job: Job, _ jobs: borrowing TicketTable<Job>) {
        guard jobs.isLive(job.ticket) else { return }
        job.next = first.updateValue(job, forKey: job.submission.owner)
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
    mutating func removeAll(of owner: Ticket) -> Job? { first.removeValue(forKey: owner) }
}

extension TicketTable<Job> {
    /// What the ticket names is there.
    func isLive(_ ticket: Ticket) -> Bool { if case .live = find(ticket) { true } else { false } }

    /// What the ticket names is not over for whoever asked.
    func isOpen(_ ticket: Ticket) -> Bool { if case .live(let job) = find(ticket) { job.isCounted } else { false } }
}
