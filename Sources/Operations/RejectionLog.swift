// Requests that are rejected before they reach a service: counted by reason, and logged at a limited rate for each
// reason. With the access log off nothing else would show that they arrived.

import Bridge
package import Contract
package import HTTP
import Logging
import Reactors

/// The rejections of one reactor.
package final class RejectionLog {
    private let log: Logger
    private var counts: [ProblemCode: UInt64] = [:]
    private var limits: [ProblemCode: RateLimit] = [:]
    private var connections = RateLimit()
    private var told = (connections: UInt64(0), byTheLibrary: 0)

    init(_ log: Logger) { self.log = log }

    /// A request was answered with a problem and opened no exchange.
    package func rejected(_ problem: Problem, _ remote: String) {
        counts[problem.code, default: 0] += 1
        // `not_found` is only counted here. The access log has the path.
        if problem.code != .notFound { report(problem.code, problem.detail, remote) }
    }

    /// Logs a rejection that is counted elsewhere.
    package func report(_ code: ProblemCode, _ detail: String, _ remote: String) {
        let line = limits[code, default: RateLimit(burst: 3)].admit(
            "refused a request from \(remote): \(code.rawValue): \(detail)", at: now)
        if let line { log.notice("\(line)") }
    }

    /// Logs what only the listener's counters show. Called a few times a second.
    package func look(at counters: ListenerCounters) {
        let byTheLibrary = counters.rejected(.byTheLibrary)
        if byTheLibrary > told.byTheLibrary {
            told.byTheLibrary = byTheLibrary
            report(.malformedRequest, "libmicrohttpd rejected it and closed its connection", "a client")
        }
        guard counters.connectionsRejected > told.connections else { return }
        told.connections = counters.connectionsRejected
        let line = connections.admit(
            "closed connections from an address that has too many, \(told.connections) so far", at: now)
        if let line { log.notice("\(line)") }
    }

    /// All rejections by reason: those of handlers, and those that the listeners of the HTTP room have counted.
    package func all(_ listeners: [ListenerCounters]) -> [ProblemCode: UInt64] {
        var all = counts
        for counters in listeners {
            for kind in RejectionKind.allCases where counters.rejected(kind) > 0 {
                all[ProblemCode(kind.code), default: 0] += UInt64(counters.rejected(kind))
            }
        }
        return all
    }

    private var now: Instant { Instant(nanoseconds: Clocks.monotonic) }
}
