// What services, and the exchanges they serve, need of the reactor that they live on. Nothing here knows of HTTP or of
// the other services. A test has a host without listeners and with a clock of its own.

import Bridge
import Configuration
import Logging
import Reactors
import ZeroMQ

/// The gateway on one reactor, as services see it.
protocol ServiceHost: AnyObject {
    // MARK: Where it is

    /// The reactor's number, and how many there are.
    var index: Int { get }
    var reactorCount: Int { get }
    var configuration: Configuration { get }
    var now: Instant { get }
    /// Descriptors and timers.
    var reactor: Reactor { get }
    var context: Context { get }
    var codec: TicketCodec { get }
    var log: Logger { get }
    var metrics: Metrics { get }
    var memory: MemoryLedger { get }
    var bounds: ProcessBounds { get }
    /// It does not drain.
    var acceptsRequests: Bool { get }

    // MARK: Requesters

    /// What the tickets of this reactor name.
    var requesters: RequesterTable { get }
    /// Leads a reply to its requester, on whichever reactor that is.
    func route(_ body: inout Frame, _ note: ReplyMetadata, to ticket: Ticket, _ plan: ServicePlan)
    /// Ends what the ticket names, on whichever reactor that is.
    func finish(_ ticket: Ticket, because reason: EndReason, _ queueTiming: QueueTiming?)
    /// A worker has the one-way request of that ticket.
    func handed(_ ticket: Ticket)
    /// The service's last worker is gone: ends its exchanges, on all reactors that it serves.
    /// - Parameter slot: of several endpoints, the one where it was.
    func workersLost(_ plan: ServicePlan, at slot: Int?, because reason: EndReason)
    /// Makes an identity free that is kept for a client that is away. - Returns: whether there is one.
    func freeIdentity() -> Bool

    // MARK: The turn

    /// The service has something to read, or may have: it is drained before the reactor sleeps.
    func touch(_ service: any Service)
    /// Reads what has arrived for a service, before a clock is looked at.
    func drainNow(_ service: any Service)
    /// Does something when nothing of this turn is on the stack any more.
    func whenTurnEnds(_ action: @escaping () -> Void)
    /// Keeps a retired socket until the turn is over: it may be in use further up the stack.
    func closeLater(_ object: AnyObject)
    /// Watches a descriptor; nil, with a line in the log, if that cannot be.
    func watch(_ descriptor: Int32, _ interest: Readiness, _ handler: any ReadinessHandler) -> Registration?
    /// A name for an identity that no other has or had.
    func mintIdentity(prefix: String) -> [UInt8]

    // MARK: Other reactors

    /// The reactor where a service that binds lives.
    func home(of plan: ServicePlan) -> Int
    /// To the service's part on another reactor.
    func post(_ letter: any ServiceLetter, of plan: ServicePlan, to reactor: Int)
    /// Posts letters to the service's part on this reactor, from any thread.
    func letterBox(of plan: ServicePlan) -> @Sendable (any ServiceLetter) -> Void
    /// Has the home of a service send a request.
    func postRequest(_ metadata: RequestMetadata, _ body: FrameBox, of plan: ServicePlan, to home: Int)
    /// Tells the home that nothing waits for the replies any more.
    func postWithdrawal(_ metadata: RequestMetadata, of plan: ServicePlan, to home: Int)
    /// Tells every reactor that a broker's workers offer a name, or (nil) that it is forgotten.
    func announce(_ registered: RegisteredService?, of name: String, by plan: ServicePlan)
}

extension ServiceHost {
    func finish(_ ticket: Ticket, because reason: EndReason) { finish(ticket, because: reason, nil) }
}

/// What the services of all reactors count together.
final class ProcessBounds: Sendable {
    let openExchanges: OpenExchangeCounts
    /// Topics of publishers that are listened to, on all reactors.
    let heldTopics: OpenExchangeCounts
    /// The descriptors that clients and workers can make the process open.
    let places: DescriptorPlaces
    private let maxPeers: Int

    init(openExchanges: OpenExchangeCounts, heldTopics: OpenExchangeCounts, places: DescriptorPlaces, maxPeers: Int) {
        (self.openExchanges, self.heldTopics, self.places) = (openExchanges, heldTopics, places)
        self.maxPeers = maxPeers
    }

    /// ZeroMQ connections that one port may have.
    var peersPerPort: Int { max(1, min(maxPeers, places.peersPerPort)) }
}
