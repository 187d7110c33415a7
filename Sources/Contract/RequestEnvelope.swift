// A request envelope: an HTTP request as one JSON object for the worker.
//
//   {"method","path","params","query","headers","body","request_id","traceparent","remote"}
//
// A JSON body goes through byte for byte, a text body becomes a string, a binary one base64. Members are written in
// order: `init`, then `header` for each field, then `finish`.

package import Configuration
package import JSON

/// Writes one request envelope.
package struct RequestEnvelope {
    private var writer = JSONWriter()

    /// - Parameter parameters: the path's parameters, decoded.
    package init(
        method: Span<UInt8>, path: Span<UInt8>, parameters: some Sequence<(String, String)>,
        query: [(name: String, value: String)]
    ) {
        writer.beginObject()
        writer.member("method", method)
        writer.member("path", path)
        writer.key("params")
        writer.beginObject()
        for (name, value) in parameters { writer.member(name, value) }
        writer.endObject()
        writer.key("query")
        Self.writeQuery(query, into: &writer)
        writer.key("headers")
        writer.beginObject()
    }

    /// Adds a field that `headers` of the service or route names.
    package mutating func header(_ name: String, _ value: Span<UInt8>) { writer.member(name, value) }

    /// Writes the rest. - Returns: the whole object.
    package mutating func finish(
        _ body: Span<UInt8>, _ format: ServiceConfiguration.BodyFormat, requestID: String, traceparent: [UInt8]?,
        remote: String
    ) -> [UInt8] {
        writer.endObject()
        writer.key("body")
        Self.write(body, format, into: &writer)
        writer.member("request_id", requestID)
        if let traceparent { writer.member("traceparent", traceparent.span) }
        writer.member("remote", remote)
        writer.endObject()
        return writer.bytes
    }

    /// Writes a body as the service declares it; null if it is empty.
    package static func write(
        _ body: Span<UInt8>, _ format: ServiceConfiguration.BodyFormat, into writer: inout JSONWriter
    ) {
        if body.isEmpty { return writer.null() }
        switch format {
        case .json: writer.raw(body)
        case .text: writer.string(body)
        case .binary: writer.base64(body)
        }
    }

    /// A name that occurs once gets a string, a repeated one an array of strings.
    private static func writeQuery(_ query: [(name: String, value: String)], into writer: inout JSONWriter) {
        // Names are compared by their bytes: two names that Unicode considers equal are different to a worker.
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
