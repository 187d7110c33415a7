// What services and their exchanges need of their reactor. Nothing here knows HTTP or the other services. A test
// provides a host without listeners and with its own clock.

package import Bridge
package import Configuration
package import Contract
package import Logging
package import Operations
package import Reactors
package import ZeroMQ

/// The gateway on one reactor, as services see it.
package protocol ServiceHost: AnyObject {
    // MARK: The reactor

    /// The reactor's number, and the number of reactors.
    var index: Int { get }
    var reactorCount: Int { get }
    var configuration: Configuration { get }
    /// The parts of the configuration that a request needs. Unlike the whole, they hold no references to count.
    var limits: Limits { get }
    var sessionSettings: SessionSettings { get }
    var now: Instant { get }
    /// Descriptors and timers.
    var reactor: Reactor { get }
    var context: Context { get }
    var codec: TicketCodec { get }
    var log: Logger { get }
    var metrics: Metrics { get }
    var memory: MemoryLedger { get }
    var bounds: ProcessBounds { get }
    /// The gateway is not draining.
    var acceptsRequests: Bool { get }

    // MARK: Requesters

    /// The requesters that the tickets of this reactor name.
    var requesters: RequesterTable { get }
    /// Routes a reply to its requester, on this or another reactor.
    func route(_ body: inout Frame, _ note: ReplyMetadata, to ticket: Ticket, _ plan: ServicePlan)
    /// Finishes the requester that the ticket names, on this or another reactor.
    func finish(_ ticket: Ticket, because reason: EndReason, _ queueTiming: QueueTiming?)
    /// A worker has received the one-way request of that ticket.
    func handed(_ ticket: Ticket)
    /// The service's last worker is gone: ends its exchanges on all reactors that it serves.
    /// - Parameter slot: the endpoint that lost its worker, if there are several.
    func workersLost(_ plan: ServicePlan, at slot: Int?, because reason: EndReason)
    /// Frees an identity that is kept for a client that is away. - Returns: whether there was one.
    func freeIdentity() -> Bool

    // MARK: The turn

    /// Marks a service that has something to read, or may have. It is drained before the reactor sleeps.
    func touch(_ service: any Service)
    /// Reads everything that has arrived for a service before a clock is checked.
    func drainNow(_ service: any Service)
    /// Runs an action when nothing of this turn is on the stack any more.
    func whenTurnEnds(_ action: @escaping () -> Void)
    /// Keeps a retired socket until the end of the turn: it may be in use further up the stack.
    func closeLater(_ object: AnyObject)
    /// Watches a descriptor. If that fails, logs a line and returns nil.
    func watch(_ descriptor: Int32, _ interest: Readiness, _ handler: any ReadinessHandler) -> Registration?
    /// Makes the name of an identity. No name is made twice.
    func mintIdentity(prefix: String) -> [UInt8]

    // MARK: Other reactors

    /// The home reactor of a service that binds.
    func home(of plan: ServicePlan) -> Int
    /// Posts a letter to the service's part on another reactor.
    func post(_ letter: any ServiceLetter, of plan: ServicePlan, to reactor: Int)
    /// Returns a function that posts letters to the service's part on this reactor, from any thread.
    func letterBox(of plan: ServicePlan) -> @Sendable (any ServiceLetter) -> Void
    /// Asks the home of a service to send a request.
    func postRequest(_ metadata: RequestMetadata, _ body: FrameBox, of plan: ServicePlan, to home: Int)
    /// Informs the home that no client waits for the replies any more.
    func postWithdrawal(_ metadata: RequestMetadata, of plan: ServicePlan, to home: Int)
    /// Announces to every reactor that a broker's workers offer a name, or, with nil, that the name is forgotten.
    func announce(_ registered: RegisteredService?, of name: String, by plan: ServicePlan)
}

extension ServiceHost {
    package func finish(_ ticket: Ticket, because reason: EndReason) { finish(ticket, because: reason, nil) }
}

/// The counters that the services of all reactors share.
package final class ProcessBounds: Sendable {
    package let openExchanges: OpenExchangeCounts
    /// Topics with a subscription, on all reactors.
    package let heldTopics: OpenExchangeCounts
    /// The descriptors that clients and workers can make the process open.
    package let places: DescriptorPlaces
    private let maxPeers: Int

    package init(
        openExchanges: OpenExchangeCounts, heldTopics: OpenExchangeCounts, places: DescriptorPlaces, maxPeers: Int
    ) {
        (self.openExchanges, self.heldTopics, self.places) = (openExchanges, heldTopics, places)
        self.maxPeers = maxPeers
    }

    /// The most ZeroMQ connections that one port may have.
    var peersPerPort: Int { max(1, min(maxPeers, places.peersPerPort)) }
}
