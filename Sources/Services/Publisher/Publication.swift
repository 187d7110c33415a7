// One message of a publisher, inspected and written once for all of its subscribers.
//
//     [topic][body]   -->   {"topic":"a","body":{"bid":1}}    the data of an SSE event, a line of NDJSON, the body of
//                                                             a reply on a multiplexed session
//     [topic body]    -->   {"body":"topic body"}             `frames: single`: it is unknown where the topic ends
//
// It is immutable, so that all reactors can share it.

import Bridge
import Contract
import JSON

/// A message in the form in which it is kept and delivered.
package struct Publication: Sendable {
    /// The bytes that topics are matched against: the first frame.
    package let topic: [UInt8]
    /// One JSON object on one line.
    package let text: [UInt8]

    /// - Parameter body: must have passed inspection.
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

    /// The message for a session with one service: `{"op":"message","topic":...,"body":...}`.
    package var message: [UInt8] {
        var message = Array("{\"op\":\"message\",".utf8)
        message.append(contentsOf: text.dropFirst())
        return message
    }
}

/// The letters between reactors about a publisher whose socket is bound on one of them.
package enum TopicLetter: ServiceLetter {
    /// To the home: that reactor now has subscribers of the topic, or no longer has any.
    case subscribe([UInt8], from: Int)
    case unsubscribe([UInt8], from: Int)
    /// From the home, in the order of arrival.
    case published([Publication])
}
