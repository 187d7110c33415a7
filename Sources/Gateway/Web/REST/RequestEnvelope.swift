// A request envelope: an HTTP request as one JSON object to the worker.
//
//   {"method","path","params","query","headers","body","request_id","traceparent","remote"}
//
// The body goes through byte for byte where it is JSON, as a string where it is text, as base64 where it is binary.

import Bridge
import Configuration
import HTTP
import JSON

/// Writes request envelopes.
enum RequestEnvelope {
    static func make(
        _ route: ServiceRoute, _ response: Response, _ path: PathParameters, _ parameters: RequestParameters,
        body: Span<UInt8>
    ) -> [UInt8] {
        let request = response.request
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
        writer.string(response.requestID.text)
        if let trace = request.value(of: .traceparent) {
            writer.key("traceparent")
            writer.string(trace)
        }
        writer.key("remote")
        writer.string(request.remoteAddress)
        writer.endObject()
        return writer.bytes
    }

    /// The envelope of a session's message: of the request that asked for the WebSocket, with the message as its body.
    /// - Parameter requestID: which message of which session it is.
    static func make(
        _ upgrade: UpgradeHead, _ plan: ServicePlan, requestID: String, remote: String, body: Span<UInt8>
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("method")
        writer.string("GET")
        writer.key("path")
        let path = upgrade.path
        writer.string(path.span)
        writer.key("params")
        write([], into: &writer)
        writer.key("query")
        writeQuery(upgrade.query, into: &writer)
        writer.key("headers")
        writer.beginObject()
        for name in plan.configuration.headers {
            guard let value = upgrade.headers[name] else { continue }
            writer.key(name)
            writer.string(value.span)
        }
        writer.endObject()
        writer.key("body")
        write(body, plan.configuration.body, into: &writer)
        writer.key("request_id")
        writer.string(requestID)
        if let trace = upgrade.traceparent {
            writer.key("traceparent")
            writer.string(trace.span)
        }
        writer.key("remote")
        writer.string(remote)
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
