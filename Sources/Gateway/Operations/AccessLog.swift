// The access log: one line for each exchange, for each request without one, and for each session (SessionRecord.swift).
//
//   2026-01-02T03:04:05.678Z POST /v1/services/jobs 200 service=jobs reason=final ok=true replies=3 ...
//
// Lines are collected during a turn and written together at its end.

import Bridge
import Configuration
import JSON

/// The fields of a line, besides the method and the path.
struct AccessRecord {
    var status: Int
    var requestID: RequestID
    var remote: String
    var bytesSent: UInt64
    /// From accept to the last byte.
    var elapsed: Nanoseconds
    /// How the response ended: `completed`, `client_left`, ...
    var response: StaticString
    var exchange: ExchangeRecord?
}

/// The exchange's fields of a line.
struct ExchangeRecord {
    var service: String
    var reason: EndReason
    var isOK: Bool
    var replies: Int
    /// From accept to the first reply, and to the end.
    var first: Nanoseconds?
    var total: Nanoseconds
    /// Workers that were given the request.
    var attempts = 1

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
final class AccessLog {
    let isEnabled: Bool
    private let output: LineWriter
    private var text: LogText

    init(_ configuration: LogConfiguration, _ output: LineWriter) {
        isEnabled = configuration.access
        text = LogText(isJSON: configuration.format == .json)
        self.output = output
    }

    func write(_ record: AccessRecord, method: Span<UInt8>, path: Span<UInt8>) {
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

    func write(_ record: SessionRecord) {
        guard isEnabled else { return }
        text.begin()
        record.write(into: &text)
        text.end()
    }

    /// Passes on the lines that were written since the last call.
    func flush() {
        if !text.bytes.isEmpty { output.write(text.take()) }
    }
}
