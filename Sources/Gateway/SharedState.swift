// What the reactors have in common: values that never change, and the two ways to reach one another.

import Bridge
import Configuration
import HTTP
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
    let admission: Admission
    let openAPI: [UInt8]
    /// Connections one reactor may hold.
    let connectionsPerReactor: Int
    /// Exchanges of one address on one reactor; nil where the bound on its connections is none above it: a connection
    /// has one at a time.
    let exchangesPerAddress: Int?
    let openExchanges: OpenExchangeCounts
    /// Topics of publishers that somebody listens to, on all reactors.
    let heldTopics: OpenExchangeCounts

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
        admission = Admission(configuration)
        openAPI = OpenAPIDocument.make(plans: plans, routes: configuration.routes)
        let limits = configuration.limits
        exchangesPerAddress =
            limits.maxExchangesPerAddress < limits.maxConnectionsPerAddress
            ? max(1, limits.maxExchangesPerAddress / reactors) : nil
        openExchanges = OpenExchangeCounts(
            bound: limits.maxExchanges, ofServices: configuration.services.map(\.maxExchanges),
            shares: configuration.services.map { configuration.nativeShare(of: $0) })
        heldTopics = OpenExchangeCounts(
            bound: .max, ofServices: configuration.services.map(\.publisher.maxTopics))
        connectionsPerReactor = Self.connections(configuration, reactors: reactors)
    }

    /// A listening socket without descriptors left would spin, so connections stay below what the process may open: a
    /// quarter of it is kept for sockets to workers.
    static func connections(_ configuration: Configuration, reactors: Int) -> Int {
        let descriptors = DescriptorLimit.raiseToHard()
        let affordable = max(16, descriptors - descriptors / 4 - 64)
        return max(1, min(configuration.limits.maxConnections, affordable) / reactors)
    }
}
