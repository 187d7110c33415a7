// The requests of one owner in a pool. An exchange has one at a time; a session or a native client may have many, and
// all of them are withdrawn when it goes. All pools of a service share this, for it has a place for each owner that
// there was: a broker with ten thousand names would have as many tables of ten thousand.

import Bridge

/// The jobs that are not over, by their owner.
final class OwnedJobs {
    /// The latest of each; the others hang on it, linked both ways: who has thousands is
    /// mostly answered from the end.
    private var first = TicketMap<Job>()

    func add(_ job: Job) {
        let owner = job.submission.owner
        let head = first[owner]
        job.next = head
        head?.previous = job
        first[owner] = job
    }

    /// Takes it out, if it is there.
    func remove(_ job: Job) {
        if let previous = job.previous {
            previous.next = job.next
        } else if first[job.submission.owner] === job {
            first[job.submission.owner] = job.next
        }
        job.next?.previous = job.previous
        job.next = nil
        job.previous = nil
    }

    /// Takes one of the owner's out; nil when there is none.
    func removeOne(of owner: Ticket) -> Job? {
        guard let job = first[owner] else { return nil }
        remove(job)
        return job
    }
}

extension TicketTable<Job> {
    /// What the ticket names is there.
    func isLive(_ ticket: Ticket) -> Bool { if case .live = find(ticket) { true } else { false } }
}
