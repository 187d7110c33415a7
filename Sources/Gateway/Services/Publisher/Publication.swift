// One message of a publisher, looked at once and written once, whoever and however many hear it.
//
//     [topic][body]   -->   {"topic":"a","body":{"bid":1}}    the data of an SSE event, a line of NDJSON, the body of
//                                                             a reply on a multiplexed session
//     [topic body]    -->   {"body":"topic body"}             `frames: single`: nobody knows where the topic ends
//
// It never changes, so that all reactors may hold the same one.

import Bridge
import JSON

/// A message as it is kept and delivered.
struct Publication: Sendable {
    /// What topics are compared with: the first frame.
    let topic: [UInt8]
    /// One JSON object on one line.
    let text: [UInt8]

    /// - Parameter body: found to be what the service declares.
    init(_ topic: Span<UInt8>, _ body: Span<UInt8>, _ inspection: Inspection, _ plan: ServicePlan) {
        self.topic = [UInt8](copying: topic)
        var text: [UInt8] = []
        text.reserveCapacity(topic.count + body.count + 24)
        text.append(UInt8(ascii: "{"))
        if plan.configuration.publisher.frames == .topicAndBody {
            var writer = JSONWriter(reservingBytes: topic.count + 2)
            writer.string(topic)
            text.append(contentsOf: "\"topic\":".utf8)
            text.append(contentsOf: writer.bytes)
            text.append(UInt8(ascii: ","))
        }
        text.append(contentsOf: "\"body\":".utf8)
        ReplyText(body: plan.configuration.body, isEnvelope: false)
            .appendJSON(body, hasLineBreak: inspection.hasLineBreak, to: &text)
        text.append(UInt8(ascii: "}"))
        self.text = text
    }

    /// As a session of one service says it: `{"op":"message","topic":...,"body":...}`.
    var message: [UInt8] {
        var message = Array("{\"op\":\"message\",".utf8)
        message.append(contentsOf: text.dropFirst())
        return message
    }
}

/// What the reactors say to each other about a publisher whose socket is bound on one of them.
enum TopicLetter: ServiceLetter {
    /// To the home: somebody on that reactor listens to the topic now, or nobody does any more.
    case subscribe([UInt8], from: Int)
    case unsubscribe([UInt8], from: Int)
    /// From the home, in the order of arrival.
    case published([Publication])
}
