// Requests of native clients that get no reply. Native protocols cannot report that, so the gateway reports it to its
// operator: a counter for each reason, a log line at a limited rate, and `trouble` for a minute.

package import Bridge
import Contract

/// The requests of native clients that one service could not serve.
package final class NativeRejections {
    /// The time between two log lines.
    private static let pause: Nanoseconds = 10_000_000_000
    /// How long `trouble` reports it.
    private static let memory: Nanoseconds = 60_000_000_000

    private let host: any ServiceHost
    private let plan: ServicePlan
    private var last: (reason: EndReason, at: Instant)?
    /// Requests since the last log line, and the time of that line.
    private var count = 0
    private var toldAt: Instant?

    init(_ host: any ServiceHost, _ plan: ServicePlan) {
        self.host = host
        self.plan = plan
    }

    /// Counts requests that get no reply.
    package func note(_ reason: EndReason, _ count: Int = 1) {
        host.metrics.services[plan.index].counts.nativeRejections[Int(reason.rawValue)] += UInt64(count)
        last = (reason, host.now)
        self.count += count
        report()
    }

    package func tick() { report() }

    /// The sentence for pages; nil after a minute.
    package var trouble: String? {
        guard let last, host.now.since(last.at) < Self.memory else { return nil }
        return "requests from native clients get no reply: \(sentence(last.reason))"
    }

    private func report() {
        guard count > 0, let last, toldAt.map({ host.now.since($0) >= Self.pause }) ?? true else { return }
        host.log.warning(
            "service \(plan.name): requests from native clients get no reply (\(count)): \(sentence(last.reason))")
        count = 0
        toldAt = host.now
    }

    private func sentence(_ reason: EndReason) -> String {
        switch reason {
        case .overloaded:
            "the queue was full, or they waited longer than `queue.max_age`; add workers, or raise `queue.max`,"
                + " `queue.max_bytes` or `queue.max_age`"
        case .noWorker: "no worker may offer the name they ask for (see `allow`), or the table of names is full"
        case .workerLost where plan.traits.reportsPools && plan.configuration.pool.retries == 0:
            "their worker was lost; set `retries` if they may run twice"
        case .workerLost: "their worker was lost"
        case .slowClient: "they do not read their replies; see `socket.send_high_water_mark`"
        case .deadline: "no reply arrived within `replies.deadline`, \(plan.configuration.replies.deadline)"
        default: "\(reason.word)"
        }
    }
}
