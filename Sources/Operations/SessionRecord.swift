// The access log's line for a session, written when it is over.
//
//   text   2026-01-02T03:04:05.678Z session=raw service=jobs messages_in=3 messages_out=3 bytes_in=120 ...
//   json   {"time":"...","session":"raw","service":"jobs","messages_in":3,...,"closed_by":"client","close":1000,...}

package import Bridge
package import Contract
import JSON

/// Messages, and the bytes of their payloads. `in` is what the client sent.
package struct SessionTraffic {
    package var messagesIn = 0
    package var messagesOut = 0
    package var bytesIn = 0
    package var bytesOut = 0

    package init() {}

    package static func += (sum: inout SessionTraffic, more: SessionTraffic) {
        sum.messagesIn += more.messagesIn
        sum.messagesOut += more.messagesOut
        sum.bytesIn += more.bytesIn
        sum.bytesOut += more.bytesOut
    }
}

/// Which side closed a connection first, and with which code.
package struct SessionClose {
    package enum Party: String {
        case client, gateway
        /// The connection was lost, or silent for too long.
        case none
    }

    package var party = Party.none
    /// The code of the close frame (RFC 6455, section 7.4); 1005 if the client's frame had none.
    package var code: UInt16?

    package init(party: Party = .none, code: UInt16? = nil) {
        self.party = party
        self.code = code
    }
}

/// One line.
package struct SessionRecord {
    /// The protocol: `raw`, `topics` or `socket`.
    package var kind: StaticString
    package var service: String?
    package var traffic: SessionTraffic
    /// From the upgrade to the end, the times when the client was away included.
    package var elapsed: Nanoseconds
    /// How the last connection was closed.
    package var close: SessionClose
    /// How many connections it had; more than one if it was resumed.
    package var connections: Int
    /// The request id of its first upgrade.
    package var requestID: RequestID
    package var remote: String

    package init(
        kind: StaticString, service: String? = nil, traffic: SessionTraffic, elapsed: Nanoseconds, close: SessionClose,
        connections: Int, requestID: RequestID, remote: String
    ) {
        self.kind = kind
        self.service = service
        self.traffic = traffic
        self.elapsed = elapsed
        self.close = close
        self.connections = connections
        self.requestID = requestID
        self.remote = remote
    }

    package func write(into text: inout LogText) {
        text.word("session", kind)
        if let service { text.text("service", service.utf8.span) }
        text.number("messages_in", traffic.messagesIn)
        text.number("messages_out", traffic.messagesOut)
        text.number("bytes_in", traffic.bytesIn)
        text.number("bytes_out", traffic.bytesOut)
        text.time("total", elapsed)
        text.text("closed_by", close.party.rawValue.utf8.span)
        if let code = close.code { text.number("close", Int(code)) }
        if connections > 1 { text.number("connections", connections) }
        requestID.withBytes { text.text("request_id", $0) }
        text.text("remote", remote.utf8.span)
    }
}
