// A request on its way through a pool: in the queue, at a worker, done.

package import Bridge
package import Contract
package import ZeroMQ

/// The owner of a request, and how to treat it.
package struct RequestMetadata: Sendable {
    /// The exchange, session or native client that gets the replies.
    package let owner: Ticket
    /// The client whose turn it takes in the queue.
    package let client: UInt64
    /// The registered service that it asks for, if the service is a broker.
    package var subject: String?
    /// It is a native client's. Such a client cannot be told that there is no worker, so the request waits for one. It
    /// has no exchange, so the pool counts it as one and enforces the deadline.
    package var isNative = false
    /// If rejected, it waits at its owner and is tried again.
    package var canBeHeldBack = false
    /// Its owner waits for no reply, but wants to know when a worker has it.
    package var isOneWay = false

    /// The client as a queue knows it.
    package var waiter: QueueClient { QueueClient(client, isNative: isNative, canBeHeldBack: canBeHeldBack) }
}

/// A request in a pool.
package final class QueuedRequest {
    package let metadata: RequestMetadata
    let arrivedAt: Instant
    /// Since when it waits for a worker, for the first time or again.
    var waitsSince: Instant
    /// The ticket of this request in the pool. It is the client address for workers whose replies carry one.
    package var ticket = Ticket.none
    package var body: Frame
    package let byteCount: Int
    /// The frames that a native client sent after the body.
    package var more: [FrameBox]
    package var worker: WorkerID?
    /// Its position in the queue, if it is queued.
    package var place = 0
    package var attempts = 0
    package var replies = 0
    /// When it was given to a worker for the first time.
    var sentAt: Instant?
    /// It is a native client's and counts as open.
    var isCounted = false
    /// It has a place among the open exchanges, which the pool has to return.
    var hasPlace = false
    /// Its owner no longer waits for replies, but a worker has it.
    var isOrphan = false
    /// The owner's next and previous requests; only for OwnedRequests.
    package var next: QueuedRequest?
    package unowned var previous: QueuedRequest?

    init(_ metadata: RequestMetadata, _ body: inout Frame, _ more: [FrameBox], at now: Instant) {
        self.metadata = metadata
        self.more = more
        arrivedAt = now
        waitsSince = now
        byteCount = body.count + more.reduce(0) { $0 + $1.frame.count }
        self.body = Frame()
        swap(&self.body, &body)
    }

    /// What has happened to it so far.
    package func queueTiming(at now: Instant) -> QueueTiming {
        QueueTiming(queued: (sentAt ?? now).since(arrivedAt), attempts: attempts)
    }
}

/// How a pool reaches its workers.
package protocol PoolDialect: AnyObject {
    /// Sends `request` to `worker`. May take its body, unless the request may be retried.
    func give(_ request: QueuedRequest, to worker: Worker) -> SendOutcome
    /// The worker is gone, or is to be disconnected.
    func removed(_ worker: Worker)
}
