// The core's ears: descriptors that only leave a mark, worked off at the end of the turn.

import Configuration
import HTTP
import Reactors

/// One listener and its place in the reactor.
final class ListenerWatch: ReadinessHandler {
    let listener: Listener
    private let core: Core
    private var registration: Registration?
    private var isReady = true

    init(_ core: Core, _ address: HTTP.ListenAddress, _ handler: RESTHandler) throws {
        self.core = core
        let configuration = core.configuration
        var options = ListenerOptions(address: address)
        options.maxConnections = core.shared.connectionsPerReactor
        options.maxConnectionsPerAddress = max(
            1, configuration.limits.maxConnectionsPerAddress / core.shared.reactorCount)
        options.maxHeaderBytes = configuration.limits.maxHeaderBytes
        options.headerDeadline = configuration.timeouts.header
        options.bodyDeadline = configuration.timeouts.body
        options.idleTimeout = configuration.timeouts.idle
        options.reusePort = core.shared.reactorCount > 1
        listener = try Listener(options, handler: handler)
        listener.refusalWriter = handler
        registration = core.watch(listener.epollDescriptor, .readable, self)
    }

    func ready(_ readiness: Readiness) { isReady = true }

    /// Runs the listener if its descriptor, a resumed request or a deadline asks for it.
    func runIfNeeded(always: Bool = false) {
        let now = core.reactor.now
        guard always || isReady || listener.wantsRun || listener.timeout(now: now) == 0 else { return }
        isReady = false
        listener.run(now: now)
    }

    func stop() {
        if let registration { core.reactor.unwatch(registration) }
        listener.stop()
    }
}

/// The core's mailbox.
final class LetterWatch: ReadinessHandler {
    private unowned let core: Core
    private let mailbox: Mailbox<Letter>
    private var registration: Registration?

    init(_ core: Core, _ mailbox: Mailbox<Letter>) {
        self.core = core
        self.mailbox = mailbox
        registration = core.watch(mailbox.descriptor, .readable, self)
    }

    func ready(_ readiness: Readiness) { mailbox.drain { core.received($0) } }
}

/// Questions to all reactors that wait for answers.
struct Inquiries {
    private var open: [UInt64: (missing: Int, reports: [CoreReport], answer: ([CoreReport]) -> Void)] = [:]
    private var last: UInt64 = 0

    mutating func open(expecting count: Int, _ answer: @escaping ([CoreReport]) -> Void) -> UInt64 {
        last += 1
        open[last] = (count, [], answer)
        return last
    }

    /// - Returns: the call to make now, where this was the last answer.
    mutating func received(_ report: CoreReport, for inquiry: UInt64) -> (() -> Void)? {
        guard var entry = open.removeValue(forKey: inquiry) else { return nil }
        entry.missing -= 1
        entry.reports.append(report)
        guard entry.missing == 0 else {
            open[inquiry] = entry
            return nil
        }
        return { entry.answer(entry.reports) }
    }
}
