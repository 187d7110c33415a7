// What the web needs of the reactor that it lives on, beyond what services need.

import Configuration

/// The gateway on one reactor, as requests, pages and sessions see it.
protocol WebHost: ServiceHost {
    var site: Site { get }
    /// In the order of the configuration, and of `site.plans`.
    var services: [any Service] { get }
    /// The services that brokers' workers have registered.
    var registeredServices: RegisteredServices { get }
    var accessLog: AccessLog { get }
    /// The sessions on this reactor.
    var sessions: SessionRegistry { get }
    /// Sessions whose services are full.
    var backlog: Backlog { get }
    /// What any session's bytes are received into; borrowed for the time of a call.
    var receiveBuffer: [UInt8] { get set }

    /// A request is complete. Requests that come in one turn go to their workers together, when all have come: libzmq's
    /// thread is woken once for them, not for each.
    func openSoon(_ request: RESTReplySink)
    /// What the session has to send leaves when the turn is over, in one piece.
    func flushLater(_ wire: WebSocketConnection)
    /// Asks every reactor how it stands and calls back, on this one, with all the answers.
    func inquire(_ completion: @escaping ([CoreReport]) -> Void)
    /// Tells the home of a service that a worker is to get no new work, or work again.
    func order(_ isDraining: Bool, worker: String, of plan: ServicePlan, _ pool: String)
    /// Gives a client's connection to the reactor where its session lives.
    func post(_ transfer: SessionTransfer, to reactor: Int)
}

/// What is served, the same on every reactor. Made before the first thread, never changed.
final class Site: Sendable {
    let plans: [ServicePlan]
    let routes: WebRoutes
    let publicFiles: PublicFiles
    let callerRules: CallerRules
    let openAPI: [UInt8]
    /// Connections one reactor may hold.
    let connectionsPerReactor: Int
    /// Exchanges of one address on one reactor; nil where the bound on its connections is none above it: a connection
    /// has one at a time.
    let exchangesPerAddress: Int?

    init(_ configuration: Configuration, _ plans: [ServicePlan], reactors: Int) throws {
        self.plans = plans
        routes = WebRoutes(configuration, plans)
        publicFiles = try PublicFiles(
            folder: configuration.publicFolder.path, hasForeignReaders: !configuration.allowedOrigins.isEmpty)
        callerRules = CallerRules(configuration)
        openAPI = OpenAPIDocument.make(plans: plans, routes: configuration.routes)
        let limits = configuration.limits
        connectionsPerReactor = max(1, limits.maxConnections / reactors)
        exchangesPerAddress =
            limits.maxExchangesPerAddress < limits.maxConnectionsPerAddress
            ? max(1, limits.maxExchangesPerAddress / reactors) : nil
    }
}
