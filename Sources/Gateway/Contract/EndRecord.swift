// The end record: `{reason, ok, replies, elapsed_ms, request_id}`, with `problem` where it is not ok.

import Bridge
import JSON

/// Everything there is to say when an exchange is over.
struct EndRecord {
    let end: End
    let replies: Int
    let elapsed: Nanoseconds
    /// Workers that were given the request; said where there were several.
    var attempts = 1
    let problem: Problem?

    func write(into writer: inout JSONWriter, requestID: String) {
        writer.beginObject()
        writer.key("reason")
        writer.string(String(describing: end.reason.word))
        writer.key("ok")
        writer.bool(end.isOK)
        writer.key("replies")
        writer.int(replies)
        writer.key("elapsed_ms")
        writer.milliseconds(Double(elapsed) / 1e6)
        writer.key("request_id")
        writer.string(requestID)
        if attempts > 1 {
            writer.key("attempts")
            writer.int(attempts)
        }
        if let problem {
            writer.key("problem")
            problem.write(into: &writer, requestID: nil)
        }
        writer.endObject()
    }

    func bytes(requestID: String) -> [UInt8] {
        var writer = JSONWriter()
        write(into: &writer, requestID: requestID)
        return writer.bytes
    }
}

/// What is to be known of an exchange that ended, besides its end.
struct Conclusion {
    let record: EndRecord
    /// A worker's error reply, as JSON, where that ended it.
    let errorReply: [UInt8]?
}
