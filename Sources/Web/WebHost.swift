// What the web needs of its reactor, beyond what services need.

package import Configuration
package import Contract
package import Operations
package import Services

/// The gateway on one reactor, as requests, pages and sessions see it.
package protocol WebHost: ServiceHost {
    var site: Site { get }
    /// In the order of the configuration and of `site.plans`.
    var services: [any Service] { get }
    /// The services that workers have registered with brokers.
    var registeredServices: RegisteredServices { get }
    var accessLog: AccessLog { get }
    /// The sessions on this reactor.
    var sessions: SessionRegistry { get }
    /// Sessions that wait because their service is full.
    var backlog: Backlog { get }
    /// The buffer into which sessions receive; borrowed for the duration of a call.
    var receiveBuffer: [UInt8] { get set }

    /// Opens the exchange of a complete request. Requests that arrive in one turn go to their workers together, so that
    /// libzmq's thread is woken once for all of them.
    func openSoon(_ request: RESTReplySink)
    /// Sends the session's messages together at the end of the turn.
    func flushLater(_ wire: WebSocketConnection)
    /// Asks every reactor for its report, and calls back on this one with all of them.
    func inquire(_ completion: @escaping ([CoreReport]) -> Void)
    /// Sends the home of a service an order for a worker: no new work, or work again.
    func order(_ isDraining: Bool, worker: String, of plan: ServicePlan, _ pool: String)
    /// Gives a client's connection to the reactor that its session lives on.
    func post(_ transfer: SessionTransfer, to reactor: Int)
}

/// What the gateway serves, the same on every reactor. Made before the first thread starts; never changes.
package final class Site: Sendable {
    package let plans: [ServicePlan]
    package let routes: WebRoutes
    let publicFiles: PublicFiles
    let callerRules: CallerRules
    package let openAPI: [UInt8]
    /// The most connections on one reactor.
    package let connectionsPerReactor: Int
    /// The most exchanges of one address on one reactor. Nil if the limit on the address's connections is no higher: a
    /// connection has one exchange at a time.
    let exchangesPerAddress: Int?

    package init(_ configuration: Configuration, _ plans: [ServicePlan], reactors: Int) throws {
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
