// A problem as it goes over the wire: application/problem+json (RFC 9457).
//
//   {"type":"about:blank","title":"No worker is connected.","status":503,"code":"no_worker",
//    "detail":"service \"jobs\" has no worker connected; start one ...","request_id":"..."}

package import JSON

/// One thing that went wrong, with a sentence for this case.
package struct Problem {
    package let code: ProblemCode
    /// What happened in this case, and what to do about it.
    package let detail: String
    /// The HTTP status: the code's, or a worker's own if the service maps one.
    package var status: Int
    /// Members beyond the standard ones, as JSON text: `offset` of a syntax error, `replies` of a partial response.
    package var extras: [(name: String, json: [UInt8])] = []

    package init(_ code: ProblemCode, _ detail: String, status: Int? = nil) {
        self.code = code
        self.detail = detail
        self.status = status ?? code.status
    }

    /// The problem of a name that no service has, for a client that may list the services.
    package static func unknownService(_ name: String) -> Problem {
        Problem(.unknownService, "there is no service \"\(name.prefix(64))\"; GET /v1/services lists them")
    }

    /// Writes the problem as one JSON object.
    package func write(into writer: inout JSONWriter, requestID: String?) {
        writer.beginObject()
        writer.member("type", "about:blank")
        writer.member("title", String(describing: code.title))
        writer.member("status", status)
        writer.member("code", code.rawValue)
        writer.member("detail", detail)
        if let requestID { writer.member("request_id", requestID) }
        for (name, json) in extras {
            writer.member(name, json: json.span)
        }
        writer.endObject()
    }

    /// Writes it as the member `problem` of an end record or a session's message, which name the request themselves.
    func writeMember(into writer: inout JSONWriter) {
        writer.key("problem")
        write(into: &writer, requestID: nil)
    }

    package func bytes(requestID: String?) -> [UInt8] {
        var writer = JSONWriter()
        write(into: &writer, requestID: requestID)
        writer.newline()
        return writer.bytes
    }
}
