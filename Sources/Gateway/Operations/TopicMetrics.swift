// What is counted of publishers: messages in, out to listeners, and who listens to what.

/// The counts of one publisher's service on one reactor.
struct TopicCounts: Sendable {
    /// Messages read from the sockets, whether anybody hears them or not.
    var received: UInt64 = 0
    /// Messages given to listeners: one that three of them hear counts three times.
    var delivered: UInt64 = 0
    /// Topics that somebody listens to.
    var held = 0
    var listeners = 0

    mutating func add(_ other: TopicCounts) {
        received += other.received
        delivered += other.delivered
        held += other.held
        listeners += other.listeners
    }
}

extension MetricsText {
    mutating func topics(_ total: MetricsSnapshot, _ plans: [ServicePlan]) {
        let rows: [(name: String, type: String, help: String, value: (TopicCounts) -> UInt64)] = [
            ("publications_total", "counter", "Messages of publishers.", { $0.received }),
            ("publications_delivered_total", "counter", "Messages given to listeners.", { $0.delivered }),
            ("topics", "gauge", "Topics that somebody listens to.", { UInt64(max(0, $0.held)) }),
            ("listeners", "gauge", "Streams and sessions that listen.", { UInt64(max(0, $0.listeners)) }),
        ]
        for row in rows {
            head("zmq_gateway_\(row.name)", row.type, row.help)
            for (plan, counts) in zip(plans, total.services) where plan.traits.takesSubscriptions {
                line("zmq_gateway_\(row.name)", "service=\"\(plan.name)\"", row.value(counts.topics))
            }
        }
    }
}
