// A service's log of its workers: connects, disconnects, rejections and drops. One event a line, with the names that
// the console shows. A peer can cause each of these a million times a second, so each kind has a rate limit. The next
// line says how many were suppressed.

import Bridge
import Logging
import Reactors

/// The log of one service on one reactor.
package final class ServiceLog {
    private let log: Logger
    private let name: String
    /// Every reactor has connections of its own to the same endpoints; only the first one logs them.
    private let speaksForAll: Bool
    private var comings = RateLimit(burst: 20)
    private var goings = RateLimit(burst: 20)
    private var rejections = RateLimit(burst: 3)
    private var drops = RateLimit(burst: 3)

    /// - Parameter speaksForAll: this reactor is the first.
    init(_ log: Logger, _ name: String, speaksForAll: Bool) {
        self.log = log
        self.name = name
        self.speaksForAll = speaksForAll
    }

    private var now: Instant { Instant(nanoseconds: Clocks.monotonic) }

    /// A connection to a configured endpoint, which every reactor has.
    package func connected(to endpoint: @autoclosure () -> String) {
        if speaksForAll { came("connected to \(endpoint())") }
    }

    package func lost(_ endpoint: @autoclosure () -> String) {
        if speaksForAll { went("lost the connection to \(endpoint())") }
    }

    /// A worker or publisher has connected.
    package func came(_ event: @autoclosure () -> String) {
        if let line = comings.admit("service \(name): \(event())", at: now) { log.info("\(line)") }
    }

    /// A worker or publisher is gone.
    package func went(_ event: @autoclosure () -> String) {
        if let line = goings.admit("service \(name): \(event())", at: now) { log.notice("\(line)") }
    }

    /// A peer that the service cannot talk to.
    package func rejected(_ event: @autoclosure () -> String) {
        if let line = rejections.admit("service \(name): \(event())", at: now) { log.warning("\(line)") }
    }

    /// A message is unusable. - Returns: a function that logs it, or nil if enough of them were logged for now.
    package func dropping() -> ((String) -> Void)? {
        guard let missed = drops.admit(at: now) else { return nil }
        return { [log, name] event in
            log.warning("service \(name): \(event)\(missed > 0 ? " (and \(missed) more)" : "")")
        }
    }
}
