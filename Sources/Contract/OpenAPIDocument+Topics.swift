// A publisher's service in the OpenAPI document.

import Configuration
import JSON

extension OpenAPIDocument {
    package mutating func publisher(_ plan: ServicePlan) {
        object("/v1/services/\(plan.name)") {
            $0.object("get") { document in
                document.text("operationId", "get_\(plan.name)")
                document.text("summary", "Describes service \(plan.name); with `topic`, streams its messages.")
                document.topicParameters()
                document.object("responses") { document in
                    document.object("200") { document in
                        document.text("description", "The description, or the messages as they arrive.")
                        document.content(["application/json", "text/event-stream", "application/x-ndjson"])
                    }
                    document.object("101") { $0.text("description", "The connection is a WebSocket.") }
                    document.object("204") { $0.text("description", "Stops an EventSource that reconnects.") }
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
        text("description", "A prefix of the topics to subscribe to; empty matches everything. Can be repeated.")
        object("schema") { document in
            document.text("type", "array")
            document.object("items") { $0.text("type", "string") }
            document.writer.key("maxItems")
            document.writer.int(TopicList.most)
        }
        writer.endObject()
        parameter("deadline", "Ends the stream after this time, such as 5s or 10m.", .string(Schema.time))
        parameter("idle", "Ends the stream after this time without a message.", .string(Schema.time))
        parameter("count", "Ends the stream after this many messages.", .integer(1...Int.max))
        parameter("end", "`record`: NDJSON always ends with the end record.", .string("^record$"))
        parameter(
            "errors", "How a rejection is sent: as an event (`event`), or as a status (`status`).",
            .string("^(event|status)$"))
        writer.endArray()
    }
}
