// The counters of publishers: messages received, messages delivered, topics and subscribers.

package import Contract

/// The counters of one publisher service on one reactor.
package struct TopicCounts: Sendable {
    /// Messages read from the sockets, with or without a subscriber.
    package var received: UInt64 = 0
    /// Messages delivered to subscribers; a message that goes to three subscribers counts three times.
    package var delivered: UInt64 = 0
    /// Topics that have a subscriber.
    package var held = 0
    /// Streams and sessions that subscribe.
    package var subscribers = 0

    package init() {}

    package mutating func add(_ other: TopicCounts) {
        received += other.received
        delivered += other.delivered
        held += other.held
        subscribers += other.subscribers
    }
}

extension MetricsText {
    package mutating func topics(_ total: MetricsSnapshot, _ plans: [ServicePlan]) {
        let rows: [(name: String, type: String, help: String, value: (TopicCounts) -> UInt64)] = [
            ("publications_total", "counter", "Messages received from publishers.", { $0.received }),
            ("publications_delivered_total", "counter", "Messages delivered to subscribers.", { $0.delivered }),
            ("topics", "gauge", "Topics that have a subscriber.", { UInt64(max(0, $0.held)) }),
            ("subscribers", "gauge", "Streams and sessions with a subscription.", { UInt64(max(0, $0.subscribers)) }),
        ]
        for row in rows {
            head("zmq_gateway_\(row.name)", row.type, row.help)
            for (plan, counts) in zip(plans, total.services) where plan.traits.takesSubscriptions {
                line("zmq_gateway_\(row.name)", "service=\"\(plan.name)\"", row.value(counts.topics))
            }
        }
    }
}
