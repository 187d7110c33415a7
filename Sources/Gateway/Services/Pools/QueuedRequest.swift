// One request on its way through a pool: in the queue, at a worker, done.

import Bridge
import ZeroMQ

/// Which request of whom.
struct RequestMetadata: Sendable {
    /// The exchange, session or native client that gets the replies.
    let owner: Ticket
    /// Whom it counts for where clients take turns.
    let client: UInt64
    /// Of the services that a broker knows, which.
    var subject: String?
    /// A native client's: it hears of no end but a reply, so it waits in the queue for a worker that is yet to come. It
    /// has no exchange, so the pool sees to it that it counts as one, and to its deadline.
    var isNative = false
    /// What is rejected waits where it came from, and is tried again.
    var canBeHeldBack = false
    /// Its owner waits for no reply, but wants to know when a worker has it.
    var isOneWay = false

    /// For a queue.
    var waiter: QueueClient { QueueClient(client, isNative: isNative, canBeHeldBack: canBeHeldBack) }
}

/// A request in a pool.
final class QueuedRequest {
    let metadata: RequestMetadata
    let arrivedAt: Instant
    /// Since when it waits for a worker, for the first time or again.
    var waitsSince: Instant
    /// Its own name: what a worker that answers under an address is given for one.
    var ticket = Ticket.none
    var body: Frame
    let byteCount: Int
    /// What a native client sent behind its body.
    var more: [FrameBox]
    var worker: WorkerID?
    /// Its place in the queue, if it is there.
    var place = 0
    var attempts = 0
    var replies = 0
    /// When it was given to a worker for the first time.
    var sentAt: Instant?
    /// It is a native client's, and not over.
    var isCounted = false
    /// It has a place among the open exchanges, which is the pool's to give back.
    var hasPlace = false
    /// Nobody waits for its replies any more; its worker has it all the same.
    var isOrphan = false
    /// The owner's next job, and the one before: OwnedRequests' own.
    var next: QueuedRequest?
    unowned var previous: QueuedRequest?

    init(_ metadata: RequestMetadata, _ body: inout Frame, _ more: [FrameBox], at now: Instant) {
        self.metadata = metadata
        self.more = more
        arrivedAt = now
        waitsSince = now
        byteCount = body.count + more.reduce(0) { $0 + $1.frame.count }
        self.body = Frame()
        swap(&self.body, &body)
    }

    /// How it has fared so far.
    func queueTiming(at now: Instant) -> QueueTiming {
        QueueTiming(queued: (sentAt ?? now).since(arrivedAt), attempts: attempts)
    }
}

/// How a pool reaches its workers.
protocol PoolDialect: AnyObject {
    /// Sends `request` to `worker`. The body may be taken out of it, unless it may be tried again.
    func give(_ request: QueuedRequest, to worker: Worker) -> SendOutcome
    /// The worker is gone, or is to go.
    func removed(_ worker: Worker)
}
