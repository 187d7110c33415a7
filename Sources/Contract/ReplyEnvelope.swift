// A worker's reply with a status and header fields, for a service or route that declares `reply: envelope`.
//
//   {"status":201,"headers":{"location":"/orders/7","set-cookie":["a=1","b=2"]},"body":...}
//   {"headers":{"content-type":"text/html"},"body_encoding":"text","body":"<h1>Hello</h1>"}
//
// The body has the format that the service declares: any JSON, a string for text, base64 for binary. `body_encoding`
// overrides that for one reply: `text` is the string's own characters, `base64` the bytes that it encodes.

import Configuration
import JSON

/// A parsed reply envelope.
package struct ReplyEnvelope {
    /// The encoding of the body, whatever the service declares.
    package enum BodyEncoding: String {
        case text, base64
    }

    private static let locator = Locator(
        [
            Pointer.checked("/status"), Pointer.checked("/headers"), Pointer.checked("/body"),
            Pointer.checked("/body_encoding"),
        ])

    package var status = 200
    /// In the order of the object; a field with an array of values appears once for each value.
    package var headers: [(name: String, value: String)] = []
    /// The position of the body in the reply; nil if there is none.
    package var body: Range<Int>?
    package var bodyEncoding: BodyEncoding?

    /// Whether a response with this status has no body (RFC 9110, section 6.4.1).
    package var forbidsBody: Bool { status == 204 || status == 304 }

    /// Why a reply that is valid JSON is not an envelope, or nil.
    package static func fault(of reply: Span<UInt8>) -> String? {
        let (envelope, fault) = read(reply)
        return envelope == nil ? fault : nil
    }

    /// Reads a reply that is valid JSON. - Returns: nil and a sentence if it is not an envelope.
    package static func read(_ reply: Span<UInt8>) -> (envelope: ReplyEnvelope?, fault: String) {
        let ranges = locator.locate(in: reply)
        var envelope = ReplyEnvelope()
        envelope.body = ranges[2]
        if ranges[0] == nil && ranges[2] == nil {
            return (nil, "the reply is not an envelope: it has neither status nor body")
        }
        if let range = ranges[0] {
            guard let number = JSONText.number(reply, range), let status = Int(exactly: number),
                (200...599).contains(status)
            else { return (nil, "the reply envelope's status is not a number from 200 to 599") }
            envelope.status = status
        }
        if let range = ranges[1] {
            guard let document = try? Document(parsing: reply.extracting(range)), document.kind == .object else {
                return (nil, "the reply envelope's headers are not an object")
            }
            for name in document.keys {
                if let fault = envelope.take(name, document[name]) { return (nil, fault) }
            }
        }
        if let range = ranges[3], let fault = envelope.takeEncoding(reply, range) { return (nil, fault) }
        return (envelope, "")
    }

    /// The decoded body, if the envelope says how it is encoded.
    /// - Returns: nil for a body that is not base64.
    package func decodedBody(_ reply: Span<UInt8>) -> [UInt8]? {
        guard let body, let text = JSONText.string(reply, body) else { return nil }
        return bodyEncoding == .base64 ? Base64.decode(text.span) : text
    }

    private mutating func takeEncoding(_ reply: Span<UInt8>, _ range: Range<Int>) -> String? {
        let word = JSONText.string(reply, range).map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard let encoding = BodyEncoding(rawValue: word) else {
            return "the reply envelope's body_encoding is neither text nor base64"
        }
        bodyEncoding = encoding
        guard body == nil || decodedBody(reply) != nil else {
            return "the reply envelope's body is not a string in the encoding that body_encoding names"
        }
        return nil
    }

    /// Adds a field. - Returns: what is wrong with it, or nil.
    private mutating func take(_ name: String, _ value: Document?) -> String? {
        if WorkerField.rule(for: name) == .rejected {
            return "the reply envelope sets \(name), which frames the gateway's own response"
        }
        guard WorkerField.isName(name) else {
            return "the reply envelope has a header whose name is not a token (RFC 9110)"
        }
        let values = value?.kind == .array ? (0..<(value?.count ?? 0)).map { value?[$0] } : [value]
        for value in values {
            guard let text = value?.stringValue else {
                return "the reply envelope's header \(name) is neither a string nor an array of strings"
            }
            guard WorkerField.isValue(text) else {
                return "the reply envelope's header \(name) has CR, LF, NUL or another control character in its value"
            }
            headers.append((name, text))
        }
        let isRepeated = headers.count { $0.name.lowercased() == name.lowercased() } > 1
        return isRepeated && WorkerField.comesOnce(name) ? "the reply envelope sets \(name) more than once" : nil
    }
}
