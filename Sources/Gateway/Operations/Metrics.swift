// The counters of one reactor: plain numbers without locks. Other reactors get a snapshot by letter.

import Bridge
import HTTP
import Logging

/// A histogram of latencies in Prometheus's form.
struct Histogram: Sendable {
    /// Upper bounds in nanoseconds. Anything above counts in the last bucket, `+Inf`.
    static let bounds: [(nanoseconds: UInt64, label: String)] = [
        (500_000, "0.0005"), (1_000_000, "0.001"), (2_500_000, "0.0025"), (5_000_000, "0.005"), (10_000_000, "0.01"),
        (25_000_000, "0.025"), (50_000_000, "0.05"), (100_000_000, "0.1"), (250_000_000, "0.25"),
        (500_000_000, "0.5"), (1_000_000_000, "1"), (2_500_000_000, "2.5"), (5_000_000_000, "5"),
        (10_000_000_000, "10"), (30_000_000_000, "30"), (60_000_000_000, "60"),
    ]

    /// One bucket for each bound and one for `+Inf`; not cumulative.
    private(set) var buckets = [UInt64](repeating: 0, count: bounds.count + 1)
    private(set) var sum: UInt64 = 0
    var count: UInt64 { buckets.reduce(0, +) }

    mutating func record(_ nanoseconds: UInt64) {
        var bucket = 0
        while bucket < Self.bounds.count && nanoseconds > Self.bounds[bucket].nanoseconds { bucket += 1 }
        buckets[bucket] += 1
        sum += nanoseconds
    }

    mutating func add(_ other: Histogram) {
        for bucket in buckets.indices { buckets[bucket] += other.buckets[bucket] }
        sum += other.sum
    }
}

/// Why a reply was dropped.
enum DropReason: Int, CaseIterable, Sendable {
    /// Its exchange is over.
    case late
    /// Its identity is not one of ours.
    case unknown
    /// Its frames do not match the service's template.
    case malformed

    var word: String { String(describing: self) }
}

/// The counts of one service.
struct ServiceCounts: Sendable {
    var open = 0
    var ends = [UInt64](repeating: 0, count: EndReason.allCases.count)
    var replies: UInt64 = 0
    var drops = [UInt64](repeating: 0, count: DropReason.allCases.count)
    var bytesSent: UInt64 = 0
    var bytesReceived: UInt64 = 0
    /// Requests that were given to another worker because the first one was lost.
    var retried: UInt64 = 0
    var workersLost: UInt64 = 0
    /// How often a worker broke its protocol and was disconnected.
    var violations: UInt64 = 0
    /// Requests of native clients: all, those that are open, those without a reply by reason, those held back because
    /// no exchange could be opened for them, and the replies sent.
    var nativeRequests: UInt64 = 0
    var nativeOpen = 0
    var nativeRejections = [UInt64](repeating: 0, count: EndReason.allCases.count)
    var nativeHeld: UInt64 = 0
    var nativeReplies: UInt64 = 0
    /// How long requests waited for a ready worker.
    var queue = Histogram()
    var firstReply = Histogram()
    var exchange = Histogram()
    var topics = TopicCounts()

    mutating func add(_ other: ServiceCounts) {
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
final class ServiceMetrics {
    var counts = ServiceCounts()
    let log: ServiceLog

    init(_ log: ServiceLog) { self.log = log }

    func dropped(_ reason: DropReason, _ count: Int = 1) { counts.drops[reason.rawValue] += UInt64(count) }

    func ended(_ exchange: ExchangeState, at now: Instant) {
        guard let end = exchange.end else { return }
        counts.open -= 1
        counts.ends[Int(end.reason.rawValue)] += 1
        counts.exchange.record(now.since(exchange.openedAt))
        if let first = exchange.firstReplyAt { counts.firstReply.record(first.since(exchange.openedAt)) }
    }
}

/// All counters of one reactor.
final class Metrics {
    let services: [ServiceMetrics]
    let rejections: RejectionLog
    var snapshot = MetricsSnapshot()

    private var statuses = [UInt64](repeating: 0, count: 600)

    /// - Parameter isFirst: this reactor logs the events that all reactors have.
    init(_ plans: [ServicePlan], _ log: Logger, isFirst: Bool) {
        services = plans.map { ServiceMetrics(ServiceLog(log, $0.name, speaksForAll: isFirst)) }
        rejections = RejectionLog(log)
    }

    /// Counts a response with this status.
    func responded(_ status: Int) { if statuses.indices.contains(status) { statuses[status] += 1 } }

    /// Responses by status, without those that did not occur.
    var responses: [Int: UInt64] {
        var responses: [Int: UInt64] = [:]
        for (status, count) in statuses.enumerated() where count > 0 { responses[status] = count }
        return responses
    }
}

/// A copy of the counters, for another reactor.
struct MetricsSnapshot: Sendable {
    var services: [ServiceCounts] = []
    var connections = 0
    var connectionsAccepted: UInt64 = 0
    var connectionsRejected: UInt64 = 0
    var connectionsEvicted: UInt64 = 0
    var acceptsFailed: UInt64 = 0
    /// ZeroMQ connections to endpoints that the gateway binds.
    var peers = 0
    var peersRejected: UInt64 = 0
    var sessionsEvicted: UInt64 = 0
    var sessionsAway = 0
    /// Requests that the HTTP room rejected before any handler, by `RejectionKind`.
    var rejectionsByKind = [UInt64](repeating: 0, count: RejectionKind.allCases.count)
    /// Requests that were rejected before they reached a service.
    var rejectionsByCode: [ProblemCode: UInt64] = [:]
    var spinsCaught: UInt64 = 0
    /// HTTP responses by status.
    var responses: [Int: UInt64] = [:]
    /// Unsent bytes in open streams.
    var bufferedBytes = 0
    var slowClients: UInt64 = 0
    var logLinesDropped: UInt64 = 0
    var sessionsOpen = 0
    var sessionsOpened: UInt64 = 0
    var sessionsResumed: UInt64 = 0
    var messagesReceived: UInt64 = 0
    var messagesSent: UInt64 = 0
    var memory = MemoryCounts()

    mutating func add(_ other: MetricsSnapshot) {
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
