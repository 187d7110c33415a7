// A publisher's service in the OpenAPI document.

import Configuration
import JSON

extension OpenAPIDocument {
    mutating func publisher(_ plan: ServicePlan) {
        object("/v1/services/\(plan.name)") {
            $0.object("get") { document in
                document.text("operationId", "get_\(plan.name)")
                document.text("summary", "What service \(plan.name) is and how it stands; with `topic`, its messages.")
                document.topicParameters()
                document.object("responses") { document in
                    document.object("200") { document in
                        document.text("description", "The description, or messages as they come.")
                        document.content(["application/json", "text/event-stream", "application/x-ndjson"])
                    }
                    document.object("101") { $0.text("description", "The connection is a WebSocket.") }
                    document.object("204") { $0.text("description", "An EventSource that is to stop.") }
                    document.problems(
                        ProblemCode.ofAdmission + ProblemCode.ofUpgrade + [
                            .badParameter, .notAcceptable, .tooManyExchanges, .tooManyTopics, .overloaded, .shutdown,
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
        parameter("deadline", "End after so long a time, such as 5s or 10m.", .string(Schema.time))
        parameter("idle", "End after so long a silence.", .string(Schema.time))
        parameter("count", "End after so many messages.", .integer(1...Int.max))
        parameter("end", "`record`: NDJSON ends with the end record.", .string("^record$"))
        parameter("errors", "As of other services.", .string("^(event|status)$"))
        writer.endArray()
    }
}
