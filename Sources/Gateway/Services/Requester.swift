// What a ticket names and a service serves: an exchange, a session without exchanges, a native client.
//
// A service gives each requester what it needs (an identity, a place at an endpoint) and brings replies back to it.
// What a reply means is the requester's own business. Confined to its reactor.

import Bridge
import ZeroMQ

/// What every requester has, and its service and the host keep for it.
class RequesterState {
    final let plan: ServicePlan
    final let service: any Service
    final var ticket = Ticket.none
    /// What its service gave it: the slot of an identity, of a subscriber, or of the endpoint that has the request.
    final var slot: Int?
    /// Which of the services that a broker knows it asks.
    final var subject: String?
    /// It wants no replies: its service calls `requestWasTaken` when the worker has the request.
    final var isOneWay = false
    /// Requests that wait for an identity.
    final var unsent: [FrameBox] = []

    init(_ service: any Service) {
        self.service = service
        plan = service.plan
    }
}

/// Sends requests to one service and receives its replies.
protocol Requester: RequesterState {
    /// What it counts for where clients take turns: an address, a session, a native client.
    var fairnessKey: UInt64 { get }
    /// The client that the memory of its replies counts for (MemoryLedger).
    var memoryKey: UInt64 { get }
    /// It speaks ZeroMQ: its protocol has no words for a request that is not answered.
    var isNative: Bool { get }
    /// What its service rejects as too much waits with it, and is tried again.
    var canBeHeldBack: Bool { get }

    /// A reply of the worker. The frame may be taken.
    func receivedFromWorker(_ body: inout Frame, _ note: ReplyMetadata)
    /// A message of the publisher, on one of its topics.
    func receivedFromPublisher(_ publication: Publication)
    /// Something outside ends it. Does nothing when it is over.
    func finish(because reason: EndReason)
    /// How its request fared, said before an end that no reply brings.
    func noteQueueTiming(_ queueTiming: QueueTiming)
    /// What waited for an identity is on its way.
    func unsentWasSent()
    /// Its worker has the request; called for one-way requesters only.
    func requestWasTaken()
}

extension Requester {
    /// What a pool knows it by.
    var metadata: RequestMetadata {
        RequestMetadata(
            owner: ticket, client: fairnessKey, subject: subject, isNative: isNative, canBeHeldBack: canBeHeldBack,
            isOneWay: isOneWay)
    }
}
