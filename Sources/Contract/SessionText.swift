// The gateway's messages in a numbered or multiplexed session, as JSON text.

import Bridge
package import Configuration
import JSON

package enum SessionText {
    /// The reply to a client's ping. It is not numbered.
    package static let pong = Array("{\"op\":\"pong\"}".utf8)

    package static func hello(_ memory: ReplayBuffer?, _ requestID: RequestID, _ settings: SessionSettings) -> [UInt8] {
        var writer = begin("hello", nil)
        describe(memory, requestID, settings, into: &writer)
        writer.endObject()
        return writer.bytes
    }

    package static func resumed(
        _ memory: ReplayBuffer, _ requestID: RequestID, after number: UInt64, missed: UInt64,
        _ settings: SessionSettings
    ) -> [UInt8] {
        var writer = begin("resumed", nil)
        describe(memory, requestID, settings, into: &writer)
        writer.member("seq", number + missed)
        writer.member("missed", missed)
        writer.endObject()
        return writer.bytes
    }

    package static func reply(
        _ id: String?, _ number: UInt64, _ body: Span<UInt8>, _ inspection: Inspection, _ text: ReplyText
    ) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: body.count + 64)
        writer.beginObject()
        writer.member("op", "reply")
        if let id { writer.member("id", id) }
        writer.member("seq", number)
        var message = writer.bytes
        message.append(contentsOf: ",\"body\":".utf8)
        text.appendJSON(body, hasLineBreak: inspection.hasLineBreak, to: &message)
        message.append(UInt8(ascii: "}"))
        return message
    }

    package static func end(_ id: String, _ number: UInt64, _ record: EndRecord) -> [UInt8] {
        var writer = begin("end", id)
        writer.member("seq", number)
        record.writeMembers(into: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// The end of an exchange that never opened because its request was rejected.
    package static func rejected(_ id: String, _ number: UInt64, _ problem: Problem) -> [UInt8] {
        var writer = begin("end", id)
        writer.member("seq", number)
        EndRecord.writeRejection(problem, into: &writer)
        writer.endObject()
        return writer.bytes
    }

    package static func error(_ id: String?, _ problem: Problem) -> [UInt8] {
        var writer = begin("error", id)
        problem.writeMember(into: &writer)
        writer.endObject()
        return writer.bytes
    }

    package static func goodbye(_ milliseconds: Int) -> [UInt8] {
        var writer = begin("goodbye", nil)
        writer.member("retry_ms", milliseconds)
        writer.endObject()
        return writer.bytes
    }

    private static func begin(_ operation: String, _ id: String?) -> JSONWriter {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("op", operation)
        if let id { writer.member("id", id) }
        return writer
    }

    /// The request id is the session's name in the access log; it grants no access.
    private static func describe(
        _ memory: ReplayBuffer?, _ requestID: RequestID, _ settings: SessionSettings, into writer: inout JSONWriter
    ) {
        writer.member("request_id", requestID.text)
        guard let memory else { return }
        writer.member("token", memory.token)
        writer.member("resume_ms", Int(settings.resume.inNanoseconds / 1_000_000))
    }
}
