// What the gateway says in a numbered or multiplexed session, as JSON text.

import Bridge
import Configuration
import JSON

enum SessionText {
    /// What answers a client's ping. It is not numbered.
    static let pong = Array("{\"op\":\"pong\"}".utf8)

    static func hello(_ memory: ReplayBuffer?, _ requestID: RequestID, _ settings: SessionSettings) -> [UInt8] {
        var writer = begin("hello", nil)
        describe(memory, requestID, settings, into: &writer)
        writer.endObject()
        return writer.bytes
    }

    static func resumed(
        _ memory: ReplayBuffer, _ requestID: RequestID, after number: UInt64, missed: UInt64,
        _ settings: SessionSettings
    ) -> [UInt8] {
        var writer = begin("resumed", nil)
        describe(memory, requestID, settings, into: &writer)
        writer.key("seq")
        writer.uint(number + missed)
        writer.key("missed")
        writer.uint(missed)
        writer.endObject()
        return writer.bytes
    }

    static func reply(
        _ id: String?, _ number: UInt64, _ body: Span<UInt8>, _ inspection: Inspection, _ text: ReplyText
    ) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: body.count + 64)
        writer.beginObject()
        writer.key("op")
        writer.string("reply")
        if let id {
            writer.key("id")
            writer.string(id)
        }
        writer.key("seq")
        writer.uint(number)
        var message = writer.bytes
        message.append(contentsOf: ",\"body\":".utf8)
        text.appendJSON(body, hasLineBreak: inspection.hasLineBreak, to: &message)
        message.append(UInt8(ascii: "}"))
        return message
    }

    static func end(_ id: String, _ number: UInt64, _ record: EndRecord) -> [UInt8] {
        var writer = begin("end", id)
        writer.key("seq")
        writer.uint(number)
        writer.key("reason")
        writer.string(String(describing: record.end.reason.word))
        writer.key("ok")
        writer.bool(record.problem == nil)
        writer.key("replies")
        writer.int(record.replies)
        writer.key("elapsed_ms")
        writer.milliseconds(Double(record.elapsed) / 1e6)
        if record.attempts > 1 {
            writer.key("attempts")
            writer.int(record.attempts)
        }
        if let problem = record.problem { write(problem, into: &writer) }
        writer.endObject()
        return writer.bytes
    }

    /// The end of an exchange that never was one: its request was rejected.
    static func rejected(_ id: String, _ number: UInt64, _ problem: Problem) -> [UInt8] {
        var writer = begin("end", id)
        writer.key("seq")
        writer.uint(number)
        writer.key("reason")
        writer.string("refused")
        writer.key("ok")
        writer.bool(false)
        writer.key("replies")
        writer.int(0)
        writer.key("elapsed_ms")
        writer.int(0)
        write(problem, into: &writer)
        writer.endObject()
        return writer.bytes
    }

    static func error(_ id: String?, _ problem: Problem) -> [UInt8] {
        var writer = begin("error", id)
        write(problem, into: &writer)
        writer.endObject()
        return writer.bytes
    }

    static func goodbye(_ milliseconds: Int) -> [UInt8] {
        var writer = begin("goodbye", nil)
        writer.key("retry_ms")
        writer.int(milliseconds)
        writer.endObject()
        return writer.bytes
    }

    private static func begin(_ operation: String, _ id: String?) -> JSONWriter {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("op")
        writer.string(operation)
        if let id {
            writer.key("id")
            writer.string(id)
        }
        return writer
    }

    /// The request id is the session's name in the access log; it opens nothing.
    private static func describe(
        _ memory: ReplayBuffer?, _ requestID: RequestID, _ settings: SessionSettings, into writer: inout JSONWriter
    ) {
        writer.key("request_id")
        writer.string(requestID.text)
        guard let memory else { return }
        writer.key("token")
        writer.string(memory.token)
        writer.key("resume_ms")
        writer.int(Int(settings.resume.inNanoseconds / 1_000_000))
    }

    private static func write(_ problem: Problem, into writer: inout JSONWriter) {
        writer.key("problem")
        problem.write(into: &writer, requestID: nil)
    }
}
