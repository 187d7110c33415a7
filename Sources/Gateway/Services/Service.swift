// A service as one reactor sees it: where a request goes and where its replies come from.
//
//                     +-- RouterService   one DEALER an exchange, from the identity pool
//   Core -- Service --+-- DealerService   one DEALER for all, `[ticket]...`; also REP, whose frames differ
//                     +-- RemoteService   the service is bound on another reactor: letters there and back

import Bridge
import ZeroMQ

/// What became of a request that was handed to a service.
enum Handover {
    /// The worker has it, or will: the exchange is open.
    case taken
    /// It is refused at once, for this reason; nothing was sent.
    case refused(EndReason)
}

/// How a service stands on one reactor; summed up over the reactors for the web.
struct ServiceState: Sendable {
    /// The reactor has sockets of its own for the service; where not, another one speaks for it.
    var isHere = true
    /// A request sent now would find a worker.
    var isReady = false
    /// Connected peers (for `router`: endpoints) as far as the topology tells.
    var workers = 0
    /// Identities by state; zero for services that share a socket.
    var identitiesReady = 0
    var identitiesLeased = 0
    /// Exchanges that wait for an identity.
    var waiting = 0
    /// What is wrong with the connection, as a sentence; nil if nothing is known.
    var trouble: String?
}

/// One service on one reactor. Confined to it.
protocol Service: AnyObject {
    var plan: ServicePlan { get }
    var state: ServiceState { get }

    /// Opens the sockets. Errors are reported by the service's state and tried again.
    func start()
    /// Hands `exchange` over with its one body frame.
    func send(_ request: inout Frame, for exchange: Correspondent) -> Handover
    /// The exchange is over: tells the worker where that is asked for and gives its identity back.
    func ended(_ exchange: Correspondent, _ end: End)
    /// The client of `exchange` does not take its replies: stop reading them, if they can be told from others'.
    func pause(_ exchange: Correspondent)
    func resume(_ exchange: Correspondent)
    /// Reads replies until there are none or the turn's budget is spent.
    /// - Returns: whether some may be left.
    func drain() -> Bool
    /// Slow housekeeping, some times a second.
    func tick()
    /// Closes the sockets; the last call.
    func stop()
}
