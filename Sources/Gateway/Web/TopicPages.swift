// What is told of a publisher's service: its description, and its part of the OpenAPI document.

import Configuration
import JSON

extension Pages {
    /// How it is listened to, in place of how exchanges end.
    static func describeTopics(_ plan: ServicePlan, _ reports: [CoreReport], into writer: inout JSONWriter) {
        let settings = plan.configuration.publisher
        var counts = TopicCounts()
        for report in reports { counts.add(report.metrics.services[plan.index].topics) }
        writer.key("frames")
        writer.string(settings.frames.rawValue)
        for (name, value) in [
            ("cache", settings.cache), ("max_topics", settings.maxTopics), ("topics", counts.held),
            ("listeners", counts.listeners),
        ] {
            writer.key(name)
            writer.int(value)
        }
    }
}

extension OpenAPIDocument {
    mutating func publisher(_ plan: ServicePlan) {
        object("/v1/services/\(plan.name)") {
            $0.object("get") { document in
                document.text("summary", "What service \(plan.name) is and how it stands; with `topic`, its messages.")
                document.topicParameters()
                document.object("responses") { document in
                    document.object("200") { document in
                        document.text("description", "The description, or messages as they come.")
                        document.content(["application/json", "text/event-stream", "application/x-ndjson"])
                    }
                    document.problems([
                        .malformedRequest, .badPath, .badParameter, .originRefused, .hostRefused, .notAcceptable,
                        .upgradeRequired, .tooManySessions, .tooManyExchanges, .tooManyTopics, .overloaded, .shutdown,
                    ])
                }
            }
        }
    }

    private mutating func topicParameters() {
        writer.key("parameters")
        writer.beginArray()
        writer.beginObject()
        text("name", "topic")
        text("in", "query")
        text("description", "What messages begin with; empty is everything. May come often.")
        object("schema") { document in
            document.text("type", "array")
            document.object("items") { $0.text("type", "string") }
            document.writer.key("maxItems")
            document.writer.int(TopicList.most)
        }
        writer.endObject()
        let time = #"^[1-9][0-9]{0,3}(ms|s)$"#
        parameter("deadline", place: "query", "End after so long a time, such as 5s.", ("string", time))
        parameter("idle", place: "query", "End after so long a silence.", ("string", time))
        parameter("count", place: "query", "End after so many messages.", ("integer", nil))
        parameter("end", place: "query", "`record`: NDJSON ends with the end record.", ("string", "^record$"))
        writer.endArray()
    }
}
