// The access log: one line for each exchange, for each request without one, and for each session (SessionRecord.swift).
//
//   2026-01-02T03:04:05.678Z POST /v1/services/jobs 200 service=jobs reason=final ok=true replies=3 ...
//
// Lines are collected during a turn and written together at its end.

package import Bridge
package import Configuration
package import Contract
import JSON

/// The fields of a line, besides the method and the path.
package struct AccessRecord {
    package var status: Int
    package var requestID: RequestID
    package var remote: String
    package var bytesSent: UInt64
    /// From accept to the last byte.
    package var elapsed: Nanoseconds
    /// How the response ended: `completed`, `client_left`, ...
    package var response: StaticString
    package var exchange: ExchangeRecord?

    package init(
        status: Int, requestID: RequestID, remote: String, bytesSent: UInt64, elapsed: Nanoseconds,
        response: StaticString, exchange: ExchangeRecord? = nil
    ) {
        self.status = status
        self.requestID = requestID
        self.remote = remote
        self.bytesSent = bytesSent
        self.elapsed = elapsed
        self.response = response
        self.exchange = exchange
    }
}

/// The exchange's fields of a line.
package struct ExchangeRecord {
    package var service: String
    package var reason: EndReason
    package var isOK: Bool
    package var replies: Int
    /// From accept to the first reply, and to the end.
    package var first: Nanoseconds?
    package var total: Nanoseconds
    /// Workers that were given the request.
    package var attempts = 1

    package init(
        service: String, reason: EndReason, isOK: Bool, replies: Int, first: Nanoseconds? = nil, total: Nanoseconds,
        attempts: Int = 1
    ) {
        self.service = service
        self.reason = reason
        self.isOK = isOK
        self.replies = replies
        self.first = first
        self.total = total
        self.attempts = attempts
    }

    fileprivate func write(into text: inout LogText) {
        text.text("service", service.utf8.span)
        text.word("reason", reason.word)
        text.flag("ok", isOK)
        text.number("replies", replies)
        if let first { text.time("first", first) }
        text.time("exchange", total)
        if attempts > 1 { text.number("attempts", attempts) }
    }
}

/// Writes access lines.
package final class AccessLog {
    package let isEnabled: Bool
    private let output: LineWriter
    private var text: LogText

    package init(_ configuration: LogConfiguration, _ output: LineWriter) {
        isEnabled = configuration.access
        text = LogText(isJSON: configuration.format == .json)
        self.output = output
    }

    package func write(_ record: AccessRecord, method: Span<UInt8>, path: Span<UInt8>) {
        guard isEnabled else { return }
        text.begin()
        text.bare("method", method)
        text.bare("path", path)
        text.bare("status", record.status)
        record.exchange?.write(into: &text)
        text.number("bytes", Int(clamping: record.bytesSent))
        text.time("total", record.elapsed)
        text.word("response", record.response)
        record.requestID.withBytes { text.text("request_id", $0) }
        text.text("remote", record.remote.utf8.span)
        text.end()
    }

    package func write(_ record: SessionRecord) {
        guard isEnabled else { return }
        text.begin()
        record.write(into: &text)
        text.end()
    }

    /// Passes on the lines that were written since the last call.
    package func flush() {
        if !text.bytes.isEmpty { output.write(text.take()) }
    }
}
