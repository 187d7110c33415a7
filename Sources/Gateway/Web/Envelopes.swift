// The two envelopes: an HTTP request as one JSON object to the worker, and a worker's reply with status and header
// fields.
//
//   request  {"method","path","params","query","headers","body","request_id","traceparent","remote"}
//   reply    {"status":201,"headers":{"location":"/orders/7"},"body":...}
//
// The body goes through byte for byte where it is JSON, as a string where it is text, as base64 where it is binary.

import Bridge
import Configuration
import HTTP
import JSON

/// Writes request envelopes.
enum RequestEnvelope {
    static func make(
        _ route: ServiceRoute, _ answer: Answer, _ path: PathParameters, _ parameters: RequestParameters,
        body: Span<UInt8>
    ) -> [UInt8] {
        let request = answer.request
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("method")
        writer.string(request.methodName)
        writer.key("path")
        writer.string(request.path)
        writer.key("params")
        write(zip(path.names, path.values).map { ($0, $1) }, into: &writer)
        writer.key("query")
        writeQuery(parameters.query, into: &writer)
        writer.key("headers")
        writer.beginObject()
        for name in route.headers {
            guard let value = request.values(named: Array(name.utf8).span) else { continue }
            writer.key(name)
            writer.string(value.span)
        }
        writer.endObject()
        writer.key("body")
        write(body, route.plan.configuration.body, into: &writer)
        writer.key("request_id")
        writer.string(answer.requestID.text)
        if let trace = request.value(of: .traceparent) {
            writer.key("traceparent")
            writer.string(trace)
        }
        writer.key("remote")
        writer.string(request.remoteAddress)
        writer.endObject()
        return writer.bytes
    }

    static func write(
        _ body: Span<UInt8>, _ format: ServiceConfiguration.BodyFormat, into writer: inout JSONWriter
    ) {
        if body.isEmpty { return writer.null() }
        switch format {
        case .json: writer.raw(body)
        case .text: writer.string(body)
        case .binary: writer.base64(body)
        }
    }

    private static func write(_ pairs: [(String, String)], into writer: inout JSONWriter) {
        writer.beginObject()
        for (name, value) in pairs {
            writer.key(name)
            writer.string(value)
        }
        writer.endObject()
    }

    /// A name that comes once has a string; one that comes again has an array of them.
    private static func writeQuery(_ query: [(name: String, value: String)], into writer: inout JSONWriter) {
        // By their bytes: what Unicode holds for equal are two names to a worker.
        var names: [[UInt8]] = []
        var values: [[UInt8]: [String]] = [:]
        for (text, value) in query {
            let name = Array(text.utf8)
            if values[name] == nil { names.append(name) }
            values[name, default: []].append(value)
        }
        writer.beginObject()
        for name in names {
            writer.key(String(decoding: name, as: UTF8.self))
            let all = values[name] ?? []
            if all.count == 1 {
                writer.string(all[0])
            } else {
                writer.beginArray()
                for value in all { writer.string(value) }
                writer.endArray()
            }
        }
        writer.endObject()
    }
}

/// A reply envelope, read.
struct ReplyEnvelope {
    private static let locator = Locator(
        [Pointer.checked("/status"), Pointer.checked("/headers"), Pointer.checked("/body")])

    var status = 200
    var headers: [(name: String, value: String)] = []
    /// Where the body stands in the reply; nil where there is none.
    var body: Range<Int>?

    /// What is wrong with its header fields as an answer to `request`, or nil.
    func fault(answering request: Request) -> String? {
        let bytes = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        guard bytes > request.roomForHeader else { return nil }
        let room = max(0, request.roomForHeader)
        return "the reply envelope's headers have \(bytes) bytes, and \(room) fit beside this request's own header "
            + "(limits.max_header_bytes)"
    }

    /// Why a reply that is valid JSON is no envelope, or nil.
    static func fault(of reply: Span<UInt8>) -> String? {
        let (envelope, fault) = read(reply)
        return envelope == nil ? fault : nil
    }

    /// Reads a reply that is valid JSON. - Returns: nil, with a sentence, for one that is no envelope.
    static func read(_ reply: Span<UInt8>) -> (envelope: ReplyEnvelope?, fault: String) {
        let ranges = locator.locate(in: reply)
        var envelope = ReplyEnvelope()
        if let range = ranges[0] {
            guard let number = JSONText.number(reply, range), let status = Int(exactly: number),
                (200...599).contains(status)
            else { return (nil, "the reply envelope's status is no number from 200 to 599") }
            envelope.status = status
        }
        if let range = ranges[1] {
            guard let document = try? Document(parsing: reply.extracting(range)), document.kind == .object else {
                return (nil, "the reply envelope's headers are no object")
            }
            for name in document.keys {
                guard let text = document[name]?.stringValue else {
                    return (nil, "the reply envelope's header \(name) is no string")
                }
                guard !isHopByHop(name) else {
                    return (nil, "the reply envelope sets \(name), which is the gateway's own")
                }
                envelope.headers.append((name, text))
            }
        }
        envelope.body = ranges[2]
        if ranges[0] == nil && ranges[2] == nil {
            return (nil, "the reply is no envelope: it has neither status nor body")
        }
        return (envelope, "")
    }

    /// Fields that are between us and the client (RFC 9110 section 7.6.1), or frame the message.
    private static func isHopByHop(_ name: String) -> Bool {
        [
            "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
            "content-length", "date", "proxy-authenticate", "proxy-authorization",
        ].contains(name.lowercased())
    }
}
