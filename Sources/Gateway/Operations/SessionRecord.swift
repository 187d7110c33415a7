// What the access log says of a session, once it is over.
//
//   text   2026-01-02T03:04:05.678Z session=raw service=jobs messages_in=3 messages_out=3 bytes_in=120 ...
//   json   {"time":"...","session":"raw","service":"jobs","messages_in":3,...,"closed_by":"client","close":1000,...}

import Bridge
import JSON

/// Messages and the bytes of their payloads; `in` is what the client sent.
struct SessionTraffic {
    var messagesIn = 0
    var messagesOut = 0
    var bytesIn = 0
    var bytesOut = 0

    static func += (sum: inout SessionTraffic, more: SessionTraffic) {
        sum.messagesIn += more.messagesIn
        sum.messagesOut += more.messagesOut
        sum.bytesIn += more.bytesIn
        sum.bytesOut += more.bytesOut
    }
}

/// Who closed a connection first, and with which code.
struct SessionClose {
    enum Party: String {
        case client, gateway
        /// It was lost, or silent for too long.
        case nobody
    }

    var party = Party.nobody
    /// Of a close frame (RFC 6455, section 7.4); 1005 where the client's had none.
    var code: UInt16?
}

/// One line.
struct SessionRecord {
    /// What is spoken: `raw`, `topics` or `socket`.
    var kind: StaticString
    var service: String?
    var traffic: SessionTraffic
    /// From the upgrade to the end, also while the client was away.
    var elapsed: Nanoseconds
    /// Of the last connection.
    var close: SessionClose
    /// How many connections it had; more than one where it was resumed.
    var connections: Int
    /// Of the upgrade it began with.
    var requestID: String
    var remote: String

    var text: [UInt8] {
        var line = "\(Timestamp.now) session=\(kind)"
        if let service { line += " service=\(service)" }
        for (name, value) in counts { line += " \(name)=\(value)" }
        line += " total=\(Timestamp.milliseconds(elapsed))ms closed_by=\(close.party.rawValue)"
        if let code = close.code { line += " close=\(code)" }
        if connections > 1 { line += " connections=\(connections)" }
        line += " request_id=\(requestID) remote=\(remote)\n"
        return Array(line.utf8)
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("time")
        writer.string(Timestamp.now)
        writer.key("session")
        writer.string(String(describing: kind))
        if let service {
            writer.key("service")
            writer.string(service)
        }
        for (name, value) in counts {
            writer.key(name)
            writer.int(value)
        }
        writer.key("total_ms")
        writer.milliseconds(Double(elapsed) / 1e6)
        writer.key("closed_by")
        writer.string(close.party.rawValue)
        if let code = close.code {
            writer.key("close")
            writer.int(Int(code))
        }
        if connections > 1 {
            writer.key("connections")
            writer.int(connections)
        }
        writer.key("request_id")
        writer.string(requestID)
        writer.key("remote")
        writer.string(remote)
        writer.endObject()
        writer.newline()
        return writer.bytes
    }

    private var counts: [(String, Int)] {
        [
            ("messages_in", traffic.messagesIn), ("messages_out", traffic.messagesOut),
            ("bytes_in", traffic.bytesIn), ("bytes_out", traffic.bytesOut),
        ]
    }
}
