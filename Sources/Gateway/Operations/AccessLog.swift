// One truthful line an exchange, one a request that had none, and one a session (SessionRecord.swift).
//
//   text   2026-01-02T03:04:05.678Z POST /v1/services/jobs 200 service=jobs reason=final ok=true replies=3 ...
//   json   {"time":"...","method":"POST","path":"/v1/services/jobs","status":200,"service":"jobs","reason":"final",...}
//
// Lines are collected during a turn and leave in one piece at its end.

import Bridge
import Configuration
import JSON
import Reactors

/// What a line says.
struct AccessRecord {
    var method: String
    var path: String
    var status: Int
    var requestID: String
    var remote: String
    var bytesSent: UInt64
    /// From accept to the last byte.
    var elapsed: Nanoseconds
    /// How the response ended: `completed`, `client_left`, ...
    var response: String
    var exchange: ExchangeRecord?
}

/// The exchange's part of a line.
struct ExchangeRecord {
    var service: String
    var reason: EndReason
    var isOK: Bool
    var replies: Int
    /// From accept to the first reply and to the end.
    var first: Nanoseconds?
    var total: Nanoseconds
    /// Workers that were given the request.
    var attempts = 1
}

/// Writes access lines.
final class AccessLog {
    private let isOn: Bool
    private let isJSON: Bool
    private let output: LineWriter
    private var lines: [UInt8] = []

    init(_ configuration: LogConfiguration, _ output: LineWriter) {
        isOn = configuration.access
        isJSON = configuration.format == .json
        self.output = output
    }

    var isEnabled: Bool { isOn }

    func write(_ record: AccessRecord) {
        guard isOn else { return }
        if isJSON { writeJSON(record) } else { writeText(record) }
    }

    func write(_ record: SessionRecord) {
        guard isOn else { return }
        lines.append(contentsOf: isJSON ? record.json : record.text)
    }

    /// Hands over what was written since the last call.
    func flush() {
        guard !lines.isEmpty else { return }
        output.write(lines)
        lines = []
    }

    private func writeText(_ record: AccessRecord) {
        var line = "\(Timestamp.now) \(record.method) \(record.path) \(record.status)"
        if let exchange = record.exchange {
            line += " service=\(exchange.service) reason=\(exchange.reason.word) ok=\(exchange.isOK)"
            line += " replies=\(exchange.replies)"
            if let first = exchange.first { line += " first=\(Timestamp.milliseconds(first))ms" }
            line += " exchange=\(Timestamp.milliseconds(exchange.total))ms"
            if exchange.attempts > 1 { line += " attempts=\(exchange.attempts)" }
        }
        line += " bytes=\(record.bytesSent) total=\(Timestamp.milliseconds(record.elapsed))ms"
        line += " response=\(record.response) request_id=\(record.requestID) remote=\(record.remote)\n"
        lines.append(contentsOf: line.utf8)
    }

    private func writeJSON(_ record: AccessRecord) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("time")
        writer.string(Timestamp.now)
        for (name, value) in [("method", record.method), ("path", record.path)] {
            writer.key(name)
            writer.string(value)
        }
        writer.key("status")
        writer.int(record.status)
        if let exchange = record.exchange { Self.write(exchange, into: &writer) }
        writer.key("bytes")
        writer.int(Int(record.bytesSent))
        writer.key("total_ms")
        writer.milliseconds(Double(record.elapsed) / 1e6)
        for (name, value) in [
            ("response", record.response), ("request_id", record.requestID), ("remote", record.remote),
        ] {
            writer.key(name)
            writer.string(value)
        }
        writer.endObject()
        writer.newline()
        lines.append(contentsOf: writer.bytes)
    }

    private static func write(_ exchange: ExchangeRecord, into writer: inout JSONWriter) {
        writer.key("service")
        writer.string(exchange.service)
        writer.key("reason")
        writer.string(String(describing: exchange.reason.word))
        writer.key("ok")
        writer.bool(exchange.isOK)
        writer.key("replies")
        writer.int(exchange.replies)
        if let first = exchange.first {
            writer.key("first_ms")
            writer.milliseconds(Double(first) / 1e6)
        }
        writer.key("exchange_ms")
        writer.milliseconds(Double(exchange.total) / 1e6)
        if exchange.attempts > 1 {
            writer.key("attempts")
            writer.int(exchange.attempts)
        }
    }
}

/// Times as log lines and end records write them.
enum Timestamp {
    /// The wall clock as RFC 3339 in UTC, to the millisecond.
    static var now: String {
        let (seconds, nanoseconds) = Clocks.wall
        let (year, month, day) = date(days: seconds / 86_400)
        let rest = seconds % 86_400
        let milliseconds = Int(nanoseconds / 1_000_000)
        return "\(year)-\(two(month))-\(two(day))T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
            + ".\(milliseconds < 100 ? "0" : "")\(two(milliseconds))Z"
    }

    /// Milliseconds with two decimals.
    static func milliseconds(_ time: Nanoseconds) -> String {
        let hundredths = (time + 5_000) / 10_000
        return "\(hundredths / 100).\(two(Int(hundredths % 100)))"
    }

    /// The civil date of a day since 1970-01-01 in the Gregorian calendar, by way of years that begin in March.
    private static func date(days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * march + 2) / 5 + 1)
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
