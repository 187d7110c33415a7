// What a service tells the log about its workers: who came, who went, who is rejected, and what is dropped. One event a
// line, with the names that the console shows. A peer can do each of these a million times a second, so each kind has a
// rate limit; the next line says how many were held back.

import Bridge
import Logging
import Reactors

/// One service's lines, on one reactor.
final class ServiceLog {
    private let log: Logger
    private let name: String
    /// Connections that each reactor has for itself are told of by one of them.
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

    /// A connection to an endpoint of the configuration, which every reactor has.
    func connected(to endpoint: @autoclosure () -> String) {
        if speaksForAll { came("connected to \(endpoint())") }
    }

    func lost(_ endpoint: @autoclosure () -> String) {
        if speaksForAll { went("lost the connection to \(endpoint())") }
    }

    /// A worker or publisher is there.
    func came(_ event: @autoclosure () -> String) {
        if let line = comings.admit("service \(name): \(event())", at: now) { log.info("\(line)") }
    }

    /// A worker or publisher is gone.
    func went(_ event: @autoclosure () -> String) {
        if let line = goings.admit("service \(name): \(event())", at: now) { log.notice("\(line)") }
    }

    /// A peer that cannot be talked to.
    func rejected(_ event: @autoclosure () -> String) {
        if let line = rejections.admit("service \(name): \(event())", at: now) { log.warning("\(line)") }
    }

    /// A message cannot be used. - Returns: what takes the line about it; nil if there were enough of them for now.
    func dropping() -> ((String) -> Void)? {
        guard let missed = drops.admit(at: now) else { return nil }
        return { [log, name] event in
            log.warning("service \(name): \(event)\(missed > 0 ? " (and \(missed) more)" : "")")
        }
    }
}
