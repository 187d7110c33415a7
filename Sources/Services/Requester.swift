// A requester is what a ticket names and a service serves: an exchange, a session without exchanges, a native client.
//
// A service gives each requester what it needs (an identity, a place at an endpoint) and routes replies back to it. The
// requester interprets them. Confined to its reactor.

package import Bridge
package import Contract
package import ZeroMQ

/// The state that every requester has, and that its service and the host maintain.
open class RequesterState {
    package final let plan: ServicePlan
    package final let service: any Service
    package final var ticket = Ticket.none
    /// What the service assigned: the slot of an identity, of a subscriber, or of the endpoint that has the request.
    package final var slot: Int?
    /// The registered service that it requests, if the service is a broker.
    package final var subject: String?
    /// It wants no replies; the service calls `requestWasTaken` when a worker has the request.
    package final var isOneWay = false
    /// Requests that wait for an identity.
    package final var unsent: [FrameBox] = []

    package init(_ service: any Service) {
        self.service = service
        plan = service.plan
    }
}

/// Sends requests to one service and receives its replies.
package protocol Requester: RequesterState {
    /// The client whose turn it takes in queues: an address, a session, a native client.
    var fairnessKey: UInt64 { get }
    /// The client that the memory of its replies counts for (MemoryLedger).
    var memoryKey: UInt64 { get }
    /// It speaks ZeroMQ, whose protocols cannot report that a request gets no reply.
    var isNative: Bool { get }
    /// A request that its service rejects as too much is kept by the requester and tried again.
    var canBeHeldBack: Bool { get }

    /// A reply from the worker. The frame may be taken.
    func receivedFromWorker(_ body: inout Frame, _ note: ReplyMetadata)
    /// A publisher's message on one of its topics.
    func receivedFromPublisher(_ publication: Publication)
    /// Something outside ends it. Does nothing if it is already over.
    func finish(because reason: EndReason)
    /// What happened to its request; called before an end without a reply.
    func noteQueueTiming(_ queueTiming: QueueTiming)
    /// A request that waited for an identity was sent.
    func unsentWasSent()
    /// A worker has the request; called for one-way requesters only.
    func requestWasTaken()
}

extension Requester {
    /// The metadata by which a pool knows it.
    package var metadata: RequestMetadata {
        RequestMetadata(
            owner: ticket, client: fairnessKey, subject: subject, isNative: isNative, canBeHeldBack: canBeHeldBack,
            isOneWay: isOneWay)
    }
}
