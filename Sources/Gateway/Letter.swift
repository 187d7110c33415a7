// The letters between reactors. A service that binds lives on one reactor, its home; the others reach it by letter.
//
//     client's reactor                           the service's home
//        request, withdraw ------------------------->  sends
//        rejected, handed, reply  <------------------  receives; the ticket names the exchange
//        workersLost      <-------------------------  to all reactors
//
// A letter transfers the ownership of its frames; nothing is shared.

import Bridge
import Configuration
import Contract
import Operations
import Services
import Web
import ZeroMQ

/// A message from one reactor (or the main thread) to another.
enum Letter: Sendable {
    /// Send this request for that exchange.
    case request(service: Int, RequestMetadata, FrameBox)
    /// The client no longer waits for that exchange's replies.
    case withdraw(service: Int, RequestMetadata)
    /// The request could not be sent, or its worker is lost.
    case rejected(Ticket, EndReason, QueueTiming?)
    /// A worker has received that exchange's one-way request.
    case handed(Ticket)
    /// A reply for that exchange.
    case reply(service: Int, Ticket, FrameBox, ReplyMetadata)
    /// The last worker of that service is gone. All of its replies were posted before this letter.
    case workersLost(service: Int, EndReason)
    /// From the part of that service on another reactor, or from a thread of its own.
    case service(Int, any ServiceLetter)
    /// Give that worker of a pool no new work, or work again.
    case order(service: Int, pool: String, worker: String, isDraining: Bool)
    /// What a broker's workers offer under that name has changed, or the name is forgotten.
    case registered(service: Int, name: String, RegisteredService?)
    /// The verdict on a request that waits at a step of admission.
    case admission(Ticket, AdmissionVerdict)
    /// Send your report to that reactor.
    case report(to: Int, inquiry: UInt64)
    case reported(inquiry: UInt64, CoreReport)
    /// Finish what is in flight and stop; a second time, stop at once.
    case drain
    /// That reactor is draining and has nothing in flight any more. The home of a service waits for this from all
    /// others.
    case idle
    /// A client has come back to a session that lives on your reactor. This is its connection.
    case adopt(SessionTransfer)
    /// The process holds more memory than it may, and you hold more than your part.
    case makeRoom
}
