// What the reactors have in common: values that never change, and the two ways to reach one another.

import Bridge
import Configuration
import Logging
import Reactors
import ZeroMQ

/// Made before the first thread, read by all.
final class SharedState: Sendable {
    let configuration: Configuration
    let plans: [ServicePlan]
    let context: Context
    let codec: TicketCodec
    let mailboxes: [Mailbox<Letter>]
    let output: LineWriter
    let log: Logger
    let routes: WebRoutes
    let publicFiles: PublicFiles
    let callerRules: CallerRules
    let openAPI: [UInt8]
    /// Connections one reactor may hold.
    let connectionsPerReactor: Int
    /// The descriptors that clients and workers can make the process open.
    let places: DescriptorPlaces
    /// Exchanges of one address on one reactor; nil where the bound on its connections is none above it: a connection
    /// has one at a time.
    let exchangesPerAddress: Int?
    let openExchanges: OpenExchangeCounts
    let memory: MemoryBudget
    /// Topics of publishers that somebody listens to, on all reactors.
    let heldTopics: OpenExchangeCounts

    /// ZeroMQ connections that one port may have.
    var peersPerPort: Int { max(1, min(configuration.limits.maxPeers, places.peersPerPort)) }
    /// What the end of the drain cut.
    let cut = CutCount()

    var reactorCount: Int { mailboxes.count }

    init(_ configuration: Configuration, reactors: Int, output: LineWriter, log: Logger) throws {
        self.configuration = configuration
        self.output = output
        self.log = log
        plans = ServicePlan.all(of: configuration)
        context = try Context(ioThreads: configuration.zeromq.ioThreads, maxSockets: configuration.zeromq.maxSockets)
        codec = TicketCodec(instance: UInt32.random(in: .min ... .max))
        var mailboxes: [Mailbox<Letter>] = []
        for _ in 0..<reactors { mailboxes.append(try Mailbox()) }
        self.mailboxes = mailboxes
        routes = WebRoutes(configuration, plans)
        publicFiles = try PublicFiles(
            folder: configuration.publicFolder.path, hasForeignReaders: !configuration.origins.isEmpty)
        callerRules = CallerRules(configuration)
        openAPI = OpenAPIDocument.make(plans: plans, routes: configuration.routes)
        let limits = configuration.limits
        exchangesPerAddress =
            limits.maxExchangesPerAddress < limits.maxConnectionsPerAddress
            ? max(1, limits.maxExchangesPerAddress / reactors) : nil
        openExchanges = OpenExchangeCounts(
            bound: limits.maxExchanges, ofServices: configuration.services.map(\.maxExchanges),
            shares: configuration.services.map { configuration.nativeShare(of: $0) })
        memory = MemoryBudget(limit: limits.maxMemory, reactors: reactors)
        heldTopics = OpenExchangeCounts(
            bound: .max, ofServices: configuration.services.map(\.publisher.maxTopics))
        connectionsPerReactor = max(1, limits.maxConnections / reactors)
        places = DescriptorPlaces(limit: DescriptorLimit.raiseToHard(), ports: Self.ports(configuration))
    }

    /// Client connections that a process with this configuration holds at most.
    static func connections(_ configuration: Configuration) -> Int {
        let places = DescriptorPlaces(limit: DescriptorLimit.raiseToHard(), ports: ports(configuration))
        return min(configuration.limits.maxConnections, places.connections.most)
    }

    /// Ports that services bind.
    private static func ports(_ configuration: Configuration) -> Int {
        configuration.services.reduce(0) { $0 + ($1.bind == nil ? 0 : 1) + ($1.clients == nil ? 0 : 1) }
    }
}
