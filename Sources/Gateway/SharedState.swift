// What the reactors share: values that never change, atomic counters, and each other's mailboxes.

import Bridge
import Configuration
import Contract
import Logging
import Operations
import Reactors
import Services
import Web
import ZeroMQ

/// Made before the first thread starts, and read by all.
final class SharedState: Sendable {
    let configuration: Configuration
    let context: Context
    let codec: TicketCodec
    let mailboxes: [Mailbox<Letter>]
    let output: LineWriter
    let log: Logger
    let site: Site
    let memory: MemoryBudget
    let bounds: ProcessBounds
    /// What was cut at the end of the drain.
    let cut = CutCount()

    var plans: [ServicePlan] { site.plans }
    var reactorCount: Int { mailboxes.count }

    init(_ configuration: Configuration, reactors: Int, output: LineWriter, log: Logger) throws {
        self.configuration = configuration
        self.output = output
        self.log = log
        let plans = ServicePlan.all(of: configuration)
        context = try Context(ioThreads: configuration.zeromq.ioThreads, maxSockets: configuration.zeromq.maxSockets)
        codec = TicketCodec(instance: UInt32.random(in: .min ... .max))
        var mailboxes: [Mailbox<Letter>] = []
        for _ in 0..<reactors { mailboxes.append(try Mailbox()) }
        self.mailboxes = mailboxes
        site = try Site(configuration, plans, reactors: reactors)
        let limits = configuration.limits
        let openExchanges = OpenExchangeCounts(
            bound: limits.maxExchanges, ofServices: configuration.services.map(\.maxExchanges),
            shares: configuration.services.map { configuration.nativeShare(of: $0) })
        memory = MemoryBudget(limit: limits.maxMemory, reactors: reactors)
        let heldTopics = OpenExchangeCounts(
            bound: .max, ofServices: configuration.services.map(\.publisher.maxTopics))
        bounds = ProcessBounds(
            openExchanges: openExchanges, heldTopics: heldTopics,
            places: DescriptorPlaces(limit: DescriptorLimit.raiseToHard(), ports: Self.ports(configuration)),
            maxPeers: limits.maxPeers)
    }

    /// The most client connections that a process with this configuration holds.
    static func connections(_ configuration: Configuration) -> Int {
        let places = DescriptorPlaces(limit: DescriptorLimit.raiseToHard(), ports: ports(configuration))
        return min(configuration.limits.maxConnections, places.connections.most)
    }

    /// The number of ports that services bind.
    private static func ports(_ configuration: Configuration) -> Int {
        configuration.services.reduce(0) { $0 + ($1.bind == nil ? 0 : 1) + ($1.clients == nil ? 0 : 1) }
    }
}
