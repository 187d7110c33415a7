// Whom a ticket names and a service serves: an exchange, or a raw session.
//
// A service gives each of them what it needs (an identity, a place at an endpoint) and brings replies back to it; what
// a reply means is the correspondent's own matter. Confined to its core.

import Bridge
import ZeroMQ

class Correspondent {
    let plan: ServicePlan
    let service: any Service
    final var ticket = Ticket.none
    /// What its service gave it: the slot of an identity, or which of several endpoints has the request.
    final var identity: Int?
    /// Requests that wait for an identity.
    final var unsent: [FrameBox] = []

    init(_ service: any Service) {
        self.service = service
        plan = service.plan
    }

    /// The worker answered. `fault` is what is wrong with the message's frames, if anything is.
    func received(_ body: Span<UInt8>, fault: ReplyShape.Fault?) {}

    /// A publisher's message on one of its topics.
    func published(_ publication: Publication) {}

    /// Something outside ends it. Nothing happens when it is over already.
    func finish(because reason: EndReason) {}

    /// What waited for an identity is on its way.
    func unsentWasSent() {}
}
