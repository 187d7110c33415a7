// The end record: `{reason, ok, replies, elapsed_ms, request_id}`, and `problem` if the exchange did not end well.

package import Bridge
package import JSON

/// Everything that is reported about an exchange that is over.
package struct EndRecord {
    package let end: End
    package let replies: Int
    package let elapsed: Nanoseconds
    /// Workers that were given the request; written if there was more than one.
    package var attempts = 1
    /// Nil if the exchange ended well.
    package let problem: Problem?

    package init(end: End, replies: Int, elapsed: Nanoseconds, attempts: Int = 1, problem: Problem?) {
        self.end = end
        self.replies = replies
        self.elapsed = elapsed
        self.attempts = attempts
        self.problem = problem
    }

    package func write(into writer: inout JSONWriter, requestID: String) {
        writer.beginObject()
        writeMembers(into: &writer, requestID: requestID)
        writer.endObject()
    }

    /// Writes the members without the braces.
    /// - Parameter requestID: nil in a session, whose `hello` has it.
    func writeMembers(into writer: inout JSONWriter, requestID: String? = nil) {
        Self.writeMembers(end.reason.word, replies, elapsed, attempts, problem, into: &writer, requestID: requestID)
    }

    /// Writes the end of an exchange that never opened because its request was rejected.
    /// - Parameter reason: how the exchange ended, if there was one after all.
    package static func writeRejection(
        _ problem: Problem, _ reason: EndReason? = nil, into writer: inout JSONWriter, requestID: String? = nil
    ) {
        writeMembers(reason?.word ?? "refused", 0, 0, 1, problem, into: &writer, requestID: requestID)
    }

    private static func writeMembers(
        _ reason: StaticString, _ replies: Int, _ elapsed: Nanoseconds, _ attempts: Int, _ problem: Problem?,
        into writer: inout JSONWriter, requestID: String?
    ) {
        writer.member("reason", String(describing: reason))
        writer.member("ok", problem == nil)
        writer.member("replies", replies)
        writer.member("elapsed_ms", milliseconds: Double(elapsed) / 1e6)
        if let requestID { writer.member("request_id", requestID) }
        if attempts > 1 { writer.member("attempts", attempts) }
        problem?.writeMember(into: &writer)
    }

    package func bytes(requestID: String) -> [UInt8] {
        var writer = JSONWriter()
        write(into: &writer, requestID: requestID)
        return writer.bytes
    }
}

/// An exchange that ended: its end record, and the error reply that ended it.
package struct Conclusion {
    package let record: EndRecord
    /// The worker's error reply, as JSON, if that ended the exchange.
    package let errorReply: [UInt8]?

    package init(record: EndRecord, errorReply: [UInt8]?) {
        self.record = record
        self.errorReply = errorReply
    }
}
