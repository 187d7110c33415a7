// The description of a publisher's service.

import Configuration
import Contract
import JSON
import Operations

extension Pages {
    /// Writes how its topics are subscribed to, where other services describe how exchanges end.
    static func describeTopics(_ plan: ServicePlan, _ reports: [CoreReport], into writer: inout JSONWriter) {
        let settings = plan.configuration.publisher
        var counts = TopicCounts()
        for report in reports { counts.add(report.metrics.services[plan.index].topics) }
        writer.member("frames", settings.frames.rawValue)
        for (name, value) in [
            ("cache", settings.cache), ("max_topics", settings.maxTopics), ("topics", counts.held),
            ("subscribers", counts.subscribers),
        ] {
            writer.member(name, value)
        }
    }
}
