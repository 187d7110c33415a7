// The process: signals, one thread for each reactor, startup and shutdown.
//
//     main thread   raise limits, bind, start reactors, print the addresses, wait for SIGTERM or SIGINT
//     reactors      Core.run, each on its own thread
//     log           LineWriter
//
// Signals have a thread of their own (SignalWatch.swift).

public import Configuration
import Contract
import Glibc
import HTTP
import Logging
import Operations
import Reactors
import Synchronization
import ZeroMQ

/// The gateway as a whole.
public enum Gateway {
    /// Serves until a signal ends it.
    /// - Parameters:
    ///   - warnings: from `Configuration.load`, for the log.
    ///   - withDemoWorkers: starts the workers of `Configuration.demo()` in this process.
    /// - Returns: the process's exit status.
    public static func run(
        _ configuration: Configuration, warnings: [ConfigurationError] = [], withDemoWorkers: Bool = false
    ) throws -> Int32 {
        Threads.ignoreSignal(SIGPIPE)
        Memory.returnEmptyPages()
        let signals = try SignalSource(SignalWatch.signals)
        let output = try LineWriter(descriptor: STDERR_FILENO, isJSON: configuration.log.format == .json)
        defer { output.close() }
        let log = LogLine.logger(configuration.log, output)
        for warning in warnings { log.warning("\(warning)") }
        let reactors =
            configuration.reactors == 0 ? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) : configuration.reactors
        let shared = try SharedState(configuration, reactors: reactors, output: output, log: log)
        if !withDemoWorkers { logNotes(notes(configuration), log) }
        let demo = withDemoWorkers ? DemoWorkers() : nil
        try demo?.start(shared.context, log: log)
        defer { demo?.stop() }
        return try serve(shared, signals, withHints: withDemoWorkers)
    }

    /// The OpenAPI document of a gateway with this configuration.
    public static func openAPI(_ configuration: Configuration) -> String {
        let plans = ServicePlan.all(of: configuration)
        return String(decoding: OpenAPIDocument.make(plans: plans, routes: configuration.routes), as: UTF8.self)
    }

    /// Notes for the operator about `configuration` on this machine: not errors, but worth knowing.
    public static func notes(_ configuration: Configuration) -> [StartNote] { StartNotes.make(configuration) }

    private static func logNotes(_ notes: [StartNote], _ log: Logger) {
        for note in notes { log.log(level: note.isWarning ? .warning : .info, "\(note.text)") }
    }

    private static func serve(_ shared: SharedState, _ signals: SignalSource, withHints: Bool) throws -> Int32 {
        let watch = SignalWatch()
        watch.start(signals, shared)
        let start = try StartReport()
        var threads: [ThreadHandle] = []
        // One reactor after the other: the first one determines the ports that the configuration leaves to the system.
        for index in 0..<shared.reactorCount {
            threads.append(Threads.start(name: "reactor-\(index)") { runCore(index, shared, start) })
            guard start.wait() else { break }
        }
        if let failure = start.failure {
            shared.log.critical("\(failure)")
            for mailbox in shared.mailboxes[..<(threads.count - 1)] { (0..<2).forEach { _ in mailbox.post(.drain) } }
            for thread in threads { thread.join() }
            return EX_UNAVAILABLE
        }
        if let open = DescriptorLimit.inUse() { shared.bounds.places.settle(open: open) }
        for address in start.addresses {
            let text = address.hasPrefix("unix:") ? address : "http://\(address)"
            Output.write(Array("listening on \(text)\n".utf8), to: STDOUT_FILENO)
        }
        if withHints, let address = start.addresses.first(where: { !$0.hasPrefix("unix:") }) {
            Output.write(Array(Configuration.demoHints("http://\(address)").utf8), to: STDOUT_FILENO)
        }
        for thread in threads { thread.join() }
        shared.log.notice("\(shared.cut.sentence)")
        return watch.status
    }

    private static func runCore(_ index: Int, _ shared: SharedState, _ start: StartReport) {
        do {
            let core = try Core(index: index, shared, addresses: start.resolved(shared.configuration.listen))
            start.ready(core.boundAddresses)
            core.run()
        } catch {
            start.failed("\(error)")
        }
    }
}

/// What the reactors report to the main thread while they start, one after the other.
private final class StartReport: Sendable {
    private struct State: Sendable {
        var addresses: [String] = []
        var failure: String?
    }

    private let mailbox: Mailbox<Bool>
    private let state = SharedCell(State())

    init() throws { mailbox = try Mailbox() }

    var failure: String? { state.read { $0.failure } }
    var addresses: [String] { state.read { $0.addresses } }

    func ready(_ addresses: [String]) {
        state.change { if $0.addresses.isEmpty { $0.addresses = addresses } }
        mailbox.post(true)
    }

    func failed(_ text: String) {
        state.change { $0.failure = text }
        mailbox.post(false)
    }

    /// Waits for the next reactor. - Returns: whether it has started.
    func wait() -> Bool {
        mailbox.waitForLetters()
        var isUp = false
        mailbox.drain { isUp = $0 }
        return isUp
    }

    /// The addresses to listen on, with the ports that the first reactor was given.
    func resolved(_ configured: [ConfiguredAddress]) -> [HTTP.BindAddress] {
        let bound = addresses
        return configured.enumerated().map { index, address in
            switch address {
            case .unix(let path): return .unix(path: path)
            case .tcp(let host, let port):
                let known =
                    bound.indices.contains(index) ? bound[index].split(separator: ":").last.flatMap { UInt16($0) } : nil
                return .tcp(host: host, port: known ?? port)
            }
        }
    }
}
