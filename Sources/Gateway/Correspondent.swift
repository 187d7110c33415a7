// Whom a ticket names and a service serves: an exchange, a session without exchanges, a native client.
//
// A service gives each of them what it needs (an identity, a place at an endpoint) and brings replies back to it; what
// a reply means is the correspondent's own matter. Confined to its core.

import Bridge
import ZeroMQ

/// Somebody who sends requests to one service and hears its replies.
class Correspondent {
    let plan: ServicePlan
    let service: any Service
    final var ticket = Ticket.none
    /// What its service gave it: the slot of an identity, or which of several endpoints has the request.
    final var identity: Int?
    /// Whom it counts for where clients take turns: an address, a session, a native client.
    var client: UInt64 { ticket.value }
    /// Whom the memory counts for that its replies take (MemoryLedger).
    var memoryClient: UInt64 { MemoryLedger.noClient }
    /// Of the services that a broker knows, which one it asks.
    final var subject: String?
    /// It wants no replies: its service tells it when the worker has the request (`core.handed`).
    final var isOneWay = false
    /// Requests that wait for an identity.
    final var unsent: [FrameBox] = []

    init(_ service: any Service) {
        self.service = service
        plan = service.plan
    }

    /// The worker answered.
    func received(_ body: Span<UInt8>, _ note: ReplyNote) {}

    /// As `received`, for whoever can use the frame as it is.
    func took(_ body: inout Frame, _ note: ReplyNote) { received(body.bytes, note) }

    /// A publisher's message on one of its topics.
    func published(_ publication: Publication) {}

    /// Something outside ends it. Nothing happens when it is over already.
    func finish(because reason: EndReason) {}

    /// How its request fared, told before an end that no reply brings.
    func handled(_ handling: Handling) {}

    /// It speaks ZeroMQ: its protocol has no words for a request that is not answered.
    var isNative: Bool { false }

    /// What its service refuses as too much waits with it, and is tried again.
    var canBeHeldBack: Bool { false }

    /// How a pool is to know it.
    final var submission: Submission {
        Submission(
            owner: ticket, client: client, subject: subject, isNative: isNative, canBeHeldBack: canBeHeldBack,
            isOneWay: isOneWay)
    }

    /// What waited for an identity is on its way.
    func unsentWasSent() {}

    /// Its worker has the request; told to one-way correspondents only.
    func wasHanded() {}
}
