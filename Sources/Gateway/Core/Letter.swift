// What reactors say to each other. A service that binds lives on one reactor; the others reach it by letter.
//
//     client's reactor                           the service's home
//        request, withdraw ------------------------->  sends
//        rejected, handed, reply  <------------------  receives; the ticket says whose it is
//        workersLost      <-------------------------  tells all
//
// Frames change owners with the letter; nothing is shared.

import Bridge
import Configuration
import ZeroMQ

/// A message from one reactor (or the process's main thread) to another.
enum Letter: Sendable {
    /// Send this request for that exchange.
    case request(service: Int, RequestMetadata, FrameBox)
    /// Nobody waits for that exchange's replies any more.
    case withdraw(service: Int, RequestMetadata)
    /// The request could not be sent, or its worker is lost.
    case rejected(Ticket, EndReason, QueueTiming?)
    /// A worker has that exchange's one-way request.
    case handed(Ticket)
    /// A reply for that exchange.
    case reply(service: Int, Ticket, FrameBox, ReplyMetadata)
    /// The last worker of that service is gone; all replies that came before were sent before this letter.
    case workersLost(service: Int, EndReason)
    /// From the part of that service on another reactor, or a thread of its own.
    case service(Int, any ServiceLetter)
    /// No new work for that worker of a pool, or work again.
    case order(service: Int, pool: String, worker: String, isDraining: Bool)
    /// A broker's workers offer that name, otherwise than before, or it is forgotten.
    case registered(service: Int, name: String, RegisteredService?)
    /// What was found out about a request that waits at a step of admission.
    case admission(Ticket, AdmissionVerdict)
    /// Tell that reactor how you stand.
    case report(to: Int, inquiry: UInt64)
    case reported(inquiry: UInt64, CoreReport)
    /// Finish what is in flight and stop; a second time, stop at once.
    case drain
    /// That reactor drains and has nothing in flight any more; who is home to a service waits for all of them.
    case idle
    /// A client has come back to a session that lives on that reactor: this is its connection.
    case adopt(SessionTransfer)
    /// The process holds more memory than it may, and you more than your part.
    case makeRoom
}
