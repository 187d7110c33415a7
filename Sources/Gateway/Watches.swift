// The descriptors that a core itself watches. A listener's events leave a mark that is worked off at the end of the
// turn; letters are read at once.

import Configuration
import HTTP
import Operations
import Reactors
import Web

/// One listener and its registrations with the reactor.
final class ListenerWatch: ReadinessHandler {
    let listener: Listener
    private let core: Core
    private var registration: Registration?
    private var arrivals: AcceptWatch?
    private var isReady = true

    init(_ core: Core, _ address: HTTP.BindAddress, _ handler: RESTHandler) throws {
        self.core = core
        let configuration = core.configuration
        var options = ListenerOptions(address: address)
        options.maxConnections = core.shared.site.connectionsPerReactor
        options.places = core.shared.bounds.places.connections
        options.probes = ["/healthz", "/readyz"]
        options.maxConnectionsPerAddress = max(
            1, configuration.limits.maxConnectionsPerAddress / core.shared.reactorCount)
        options.maxHeaderBytes = configuration.limits.maxHeaderBytes
        options.headerDeadline = configuration.timeouts.header
        options.bodyDeadline = configuration.timeouts.body
        options.idleTimeout = configuration.timeouts.idle
        options.portUse = core.shared.reactorCount == 1 ? .alone : core.index == 0 ? .first : .next
        listener = try Listener(options, handler: handler)
        listener.rejectionWriter = handler
        do {
            registration = try core.reactor.watch(listener.epollDescriptor, .readable, self)
            arrivals = try AcceptWatch(core, listener)
        } catch {
            if let registration { core.reactor.unwatch(registration) }
            listener.stop()
            throw error
        }
    }

    func ready(_ readiness: Readiness) { isReady = true }

    /// Whether there is something to do before the next timeout.
    var wantsRun: Bool { listener.wantsRun || arrivals?.hasArrivals ?? false }

    /// Runs the listener if its descriptor is ready, a request was resumed, or a deadline has passed.
    func runIfNeeded(always: Bool = false) {
        let now = core.reactor.now
        guard always || isReady || wantsRun || listener.timeout(now: now) == 0 else { return }
        isReady = false
        arrivals?.connectionsWait()
        listener.run(now: now)
        arrivals?.follow()
    }

    /// Accepts the connections that already wait in the queue, and no more.
    func stopAccepting() {
        arrivals?.stop()
        arrivals = nil
        listener.stopAccepting()
        isReady = true
    }

    func stop() {
        arrivals?.stop()
        if let registration { core.reactor.unwatch(registration) }
        listener.stop()
    }
}

/// Notes that connections wait to be accepted. Pauses while the process has no descriptors to accept them with.
private final class AcceptWatch: ReadinessHandler {
    private(set) var hasArrivals = false
    private let core: Core
    private let listener: Listener
    private var registration: Registration?
    private var hears = true

    init(_ core: Core, _ listener: Listener) throws(SystemError) {
        self.core = core
        self.listener = listener
        registration = try core.reactor.watch(listener.listeningDescriptor, .readable, self)
    }

    func ready(_ readiness: Readiness) { hasArrivals = true }

    /// The listener is about to run.
    func connectionsWait() {
        guard hasArrivals else { return }
        hasArrivals = false
        listener.arrivalsWait()
    }

    /// The listener has run.
    func follow() {
        guard listener.isAccepting != hears, let registration else { return }
        hears = listener.isAccepting
        core.reactor.change(registration, to: hears ? .readable : [])
        guard !hears else { return }
        core.log.warning("no file descriptors left: new connections wait; raise the limit (ulimit -n)")
    }

    func stop() {
        if let registration { core.reactor.unwatch(registration) }
        registration = nil
    }
}

/// The core's mailbox.
final class LetterWatch: ReadinessHandler {
    private unowned let core: Core
    private let mailbox: Mailbox<Letter>
    private var registration: Registration?

    init(_ core: Core, _ mailbox: Mailbox<Letter>) throws(SystemError) {
        self.core = core
        self.mailbox = mailbox
        registration = try core.reactor.watch(mailbox.descriptor, .readable, self)
    }

    func ready(_ readiness: Readiness) { mailbox.drain { core.receivedLetter($0) } }
}

/// Inquiries to all reactors that wait for reports.
struct Inquiries {
    private var open: [UInt64: (missing: Int, reports: [CoreReport], completion: ([CoreReport]) -> Void)] = [:]
    private var last: UInt64 = 0

    mutating func open(expecting count: Int, _ completion: @escaping ([CoreReport]) -> Void) -> UInt64 {
        last += 1
        open[last] = (count, [], completion)
        return last
    }

    /// - Returns: the completion to call now, if this was the last report.
    mutating func receivedReport(_ report: CoreReport, for inquiry: UInt64) -> (() -> Void)? {
        guard var entry = open.removeValue(forKey: inquiry) else { return nil }
        entry.missing -= 1
        entry.reports.append(report)
        guard entry.missing == 0 else {
            open[inquiry] = entry
            return nil
        }
        return { entry.completion(entry.reports) }
    }
}
