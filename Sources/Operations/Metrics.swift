// The counters of one reactor: plain numbers without locks. Other reactors get a snapshot by letter.

package import Bridge
package import Contract
import HTTP
package import Logging

/// A histogram of latencies in Prometheus's form.
package struct Histogram: Sendable {
    /// Upper bounds in nanoseconds. Anything above counts in the last bucket, `+Inf`.
    package static let bounds: [(nanoseconds: UInt64, label: String)] = [
        (500_000, "0.0005"), (1_000_000, "0.001"), (2_500_000, "0.0025"), (5_000_000, "0.005"), (10_000_000, "0.01"),
        (25_000_000, "0.025"), (50_000_000, "0.05"), (100_000_000, "0.1"), (250_000_000, "0.25"),
        (500_000_000, "0.5"), (1_000_000_000, "1"), (2_500_000_000, "2.5"), (5_000_000_000, "5"),
        (10_000_000_000, "10"), (30_000_000_000, "30"), (60_000_000_000, "60"),
    ]

    /// One bucket for each bound and one for `+Inf`; not cumulative.
    private(set) var buckets = [UInt64](repeating: 0, count: bounds.count + 1)
    package private(set) var sum: UInt64 = 0
    package var count: UInt64 { buckets.reduce(0, +) }

    package mutating func record(_ nanoseconds: UInt64) {
        var bucket = 0
        while bucket < Self.bounds.count && nanoseconds > Self.bounds[bucket].nanoseconds { bucket += 1 }
        buckets[bucket] += 1
        sum += nanoseconds
    }

    package mutating func add(_ other: Histogram) {
        for bucket in buckets.indices { buckets[bucket] += other.buckets[bucket] }
        sum += other.sum
    }
}

/// Why a reply was dropped.
package enum DropReason: Int, CaseIterable, Sendable {
    /// Its exchange is over.
    case late
    /// Its identity is not one of ours.
    case unknown
    /// Its frames do not match the service's template.
    case malformed

    package var word: String { String(describing: self) }
}

/// The counts of one service.
package struct ServiceCounts: Sendable {
    package var open = 0
    var ends = [UInt64](repeating: 0, count: EndReason.allCases.count)
    package var replies: UInt64 = 0
    var drops = [UInt64](repeating: 0, count: DropReason.allCases.count)
    package var bytesSent: UInt64 = 0
    package var bytesReceived: UInt64 = 0
    /// Requests that were given to another worker because the first one was lost.
    package var retried: UInt64 = 0
    package var workersLost: UInt64 = 0
    /// How often a worker broke its protocol and was disconnected.
    package var violations: UInt64 = 0
    /// Requests of native clients: all, those that are open, those without a reply by reason, those held back because
    /// no exchange could be opened for them, and the replies sent.
    package var nativeRequests: UInt64 = 0
    package var nativeOpen = 0
    package var nativeRejections = [UInt64](repeating: 0, count: EndReason.allCases.count)
    package var nativeHeld: UInt64 = 0
    package var nativeReplies: UInt64 = 0
    /// How long requests waited for a ready worker.
    package var queue = Histogram()
    var firstReply = Histogram()
    package var exchange = Histogram()
    package var topics = TopicCounts()

    package mutating func add(_ other: ServiceCounts) {
        open += other.open
        for reason in ends.indices { ends[reason] += other.ends[reason] }
        replies += other.replies
        for reason in drops.indices { drops[reason] += other.drops[reason] }
        bytesSent += other.bytesSent
        bytesReceived += other.bytesReceived
        retried += other.retried
        workersLost += other.workersLost
        violations += other.violations
        nativeRequests += other.nativeRequests
        nativeOpen += other.nativeOpen
        for reason in nativeRejections.indices { nativeRejections[reason] += other.nativeRejections[reason] }
        nativeHeld += other.nativeHeld
        nativeReplies += other.nativeReplies
        queue.add(other.queue)
        firstReply.add(other.firstReply)
        exchange.add(other.exchange)
        topics.add(other.topics)
    }
}

/// The counters of one service on one reactor, shared by everything that counts, and the service's log.
package final class ServiceMetrics {
    package var counts = ServiceCounts()
    package let log: ServiceLog

    init(_ log: ServiceLog) { self.log = log }

    package func dropped(_ reason: DropReason, _ count: Int = 1) { counts.drops[reason.rawValue] += UInt64(count) }

    package func ended(_ exchange: ExchangeState, at now: Instant) {
        guard let end = exchange.end else { return }
        counts.open -= 1
        counts.ends[Int(end.reason.rawValue)] += 1
        counts.exchange.record(now.since(exchange.openedAt))
        if let first = exchange.firstReplyAt { counts.firstReply.record(first.since(exchange.openedAt)) }
    }
}

/// All counters of one reactor.
package final class Metrics {
    package let services: [ServiceMetrics]
    package let rejections: RejectionLog
    package var snapshot = MetricsSnapshot()

    private var statuses = [UInt64](repeating: 0, count: 600)

    /// - Parameter isFirst: this reactor logs the events that all reactors have.
    package init(_ plans: [ServicePlan], _ log: Logger, isFirst: Bool) {
        services = plans.map { ServiceMetrics(ServiceLog(log, $0.name, speaksForAll: isFirst)) }
        rejections = RejectionLog(log)
    }

    /// Counts a response with this status.
    package func responded(_ status: Int) { if statuses.indices.contains(status) { statuses[status] += 1 } }

    /// Responses by status, without those that did not occur.
    package var responses: [Int: UInt64] {
        var responses: [Int: UInt64] = [:]
        for (status, count) in statuses.enumerated() where count > 0 { responses[status] = count }
        return responses
    }
}

/// A copy of the counters, for another reactor.
package struct MetricsSnapshot: Sendable {
    package var services: [ServiceCounts] = []
    package var connections = 0
    package var connectionsAccepted: UInt64 = 0
    package var connectionsRejected: UInt64 = 0
    package var connectionsEvicted: UInt64 = 0
    package var acceptsFailed: UInt64 = 0
    /// ZeroMQ connections to endpoints that the gateway binds.
    package var peers = 0
    package var peersRejected: UInt64 = 0
    package var sessionsEvicted: UInt64 = 0
    package var sessionsAway = 0
    /// Requests that the HTTP room rejected before any handler, by `RejectionKind`.
    package var rejectionsByKind = [UInt64](repeating: 0, count: RejectionKind.allCases.count)
    /// Requests that were rejected before they reached a service.
    package var rejectionsByCode: [ProblemCode: UInt64] = [:]
    package var spinsCaught: UInt64 = 0
    /// HTTP responses by status.
    package var responses: [Int: UInt64] = [:]
    /// Unsent bytes in open streams.
    package var bufferedBytes = 0
    package var slowClients: UInt64 = 0
    package var logLinesDropped: UInt64 = 0
    package var sessionsOpen = 0
    package var sessionsOpened: UInt64 = 0
    package var sessionsResumed: UInt64 = 0
    package var messagesReceived: UInt64 = 0
    package var messagesSent: UInt64 = 0
    package var memory = MemoryCounts()

    package mutating func add(_ other: MetricsSnapshot) {
        if services.isEmpty { services = other.services } else {
            for index in services.indices { services[index].add(other.services[index]) }
        }
        connections += other.connections
        connectionsAccepted += other.connectionsAccepted
        connectionsRejected += other.connectionsRejected
        connectionsEvicted += other.connectionsEvicted
        acceptsFailed += other.acceptsFailed
        peers += other.peers
        peersRejected += other.peersRejected
        sessionsEvicted += other.sessionsEvicted
        sessionsAway += other.sessionsAway
        for kind in rejectionsByKind.indices { rejectionsByKind[kind] += other.rejectionsByKind[kind] }
        rejectionsByCode.merge(other.rejectionsByCode, uniquingKeysWith: +)
        spinsCaught += other.spinsCaught
        responses.merge(other.responses, uniquingKeysWith: +)
        bufferedBytes += other.bufferedBytes
        slowClients += other.slowClients
        sessionsOpen += other.sessionsOpen
        sessionsOpened += other.sessionsOpened
        sessionsResumed += other.sessionsResumed
        messagesReceived += other.messagesReceived
        messagesSent += other.messagesSent
        memory.add(other.memory)
        logLinesDropped = max(logLinesDropped, other.logLinesDropped)
    }
}
