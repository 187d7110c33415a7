// What every response to one request has in common, and the ways to send it.

package import Bridge
package import Contract
package import HTTP
import JSON

/// A request and what its response says in any case. It is a class because it is passed along a lot.
package final class Response {
    package let request: Request
    package let requestID: RequestID
    /// The connection is closed after the response, because the gateway is draining.
    let closes: Bool
    /// The configured origin whose page sent the request and may read the response (Fetch, "HTTP CORS protocol").
    package var origin: String?
    /// The request follows a link on a foreign page.
    var isForeignLink = false
    /// The request is a probe whose Host is not one of the gateway's.
    var isOfForeignHost = false
    /// What the request leads to. Nil until a step of admission has found it.
    var target: WebTarget?
    /// The parameters of the request's path. Nil for most paths, which have none.
    var path: PathParameters?
    /// The methods that the path takes, for OPTIONS and for a 405.
    var allow: String?
    /// Why the request was rejected before it opened an exchange.
    package private(set) var rejection: Problem?
    /// The times of an exchange that waited for a worker. Sent in the header, unless that is sent already.
    var timing: ServerTiming?

    init(_ request: Request, _ requestID: RequestID, closes: Bool) {
        self.request = request
        self.requestID = requestID
        self.closes = closes
    }

    /// The fields of every response, built once.
    private static let common = ResponseHeaders(["Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"])
    /// The same without `Cache-Control`, which the worker sets.
    private static let unstated = ResponseHeaders(["X-Content-Type-Options": "nosniff"])

    package func headers(_ contentType: StaticString?) -> ResponseHeaders {
        var headers = Self.common
        if let contentType { headers.add("Content-Type", String(describing: contentType)) }
        complete(&headers)
        if origin != nil { headers.add("Vary", "Origin") }
        return headers
    }

    /// The fields of a response whose format the client could choose, and those that the worker sets.
    package func headers(negotiating contentType: String?, _ fields: [(name: String, value: String)]) -> ResponseHeaders
    {
        func isSet(_ name: String) -> Bool { fields.contains { $0.name.lowercased() == name } }
        var headers = isSet("cache-control") ? Self.unstated : Self.common
        if let contentType, !isSet("content-type") { headers.add("Content-Type", contentType) }
        complete(&headers)
        let varying = fields.filter { $0.name.lowercased() == "vary" }.map(\.value)
        headers.add("Vary", ([origin == nil ? "Accept" : "Accept, Origin"] + varying).joined(separator: ", "))
        headers.add(fields.filter { $0.name.lowercased() != "vary" })
        if WorkerField.makesDocument(fields) { headers.add("Content-Security-Policy", "sandbox") }
        return headers
    }

    /// The fields of a complete JSON response whose exchange ended for `reason`.
    package func headers(ofJSONEndedBy reason: EndReason) -> ResponseHeaders {
        var headers = (origin == nil ? Self.jsonEndedBy : Self.jsonForOrigin)[Int(reason.rawValue)]
        complete(&headers)
        return headers
    }

    // Built once for each reason: six fields. Only one of them differs between responses.
    private static let jsonEndedBy = EndReason.allCases.map { json(endedBy: $0, varies: "Accept") }
    private static let jsonForOrigin = EndReason.allCases.map { json(endedBy: $0, varies: "Accept, Origin") }

    private static func json(endedBy reason: EndReason, varies: String) -> ResponseHeaders {
        var headers = common
        headers.add("X-Exchange-End", String(describing: reason.word))
        headers.add("Content-Type", "application/json")
        headers.add("Vary", varies)
        return headers.prebuilt
    }

    /// Adds the fields that differ from request to request.
    private func complete(_ headers: inout ResponseHeaders) {
        requestID.withBytes { headers.add("X-Request-Id", $0) }
        if let origin {
            headers.add("Access-Control-Allow-Origin", origin)
            headers.add("Access-Control-Expose-Headers", "X-Request-Id, X-Exchange-End, Retry-After, Server-Timing")
        }
        if let timing { headers.add("Server-Timing", timing.text.span) }
        headers.close = closes
    }

    /// - Parameter reason: how the exchange ended, if there was one.
    package func send(_ problem: Problem, retryAfter: Int? = nil, endedBy reason: EndReason? = nil) {
        let seconds = retryAfter ?? (problem.status == 429 || problem.status == 503 ? 1 : nil)
        if isEventSource { return sendEvent(problem, retryAfter: seconds, endedBy: reason) }
        if reason == nil { rejection = problem }
        var headers = headers("application/problem+json")
        if let reason { headers.add("X-Exchange-End", String(describing: reason.word)) }
        if let seconds { headers.add("Retry-After", String(seconds)) }
        if problem.status == 426 {
            // RFC 9110, section 15.5.22; RFC 6455, section 4.4.
            headers.add("Upgrade", "websocket")
            headers.add("Sec-WebSocket-Version", "13")
        }
        if problem.status == 405, let allow { headers.add("Allow", allow) }
        // RFC 9110, section 15.5.16: a 415 lists the codings that a body may have.
        if problem.status == 415 { headers.add("Accept-Encoding", "identity") }
        request.respond(problem.status, headers, copying: problem.bytes(requestID: requestID.text).span)
    }

    private func sendEvent(_ problem: Problem, retryAfter seconds: Int?, endedBy reason: EndReason?) {
        if reason == nil { rejection = problem }
        guard let event = event(problem, retryAfter: seconds, endedBy: reason) else {
            return request.respond(204, headers(nil), copying: Span())
        }
        var headers = headers("text/event-stream")
        if let reason { headers.add("X-Exchange-End", String(describing: reason.word)) }
        request.respond(200, headers, copying: event.span)
    }

    /// Answers OPTIONS, which may be the preflight of a configured origin's page.
    func sendAllow() {
        var headers = headers(nil)
        headers.add("Allow", allow ?? "")
        if origin != nil {
            headers.add("Access-Control-Allow-Methods", allow ?? "")
            headers.add("Access-Control-Allow-Headers", Self.requestHeaders)
            headers.add("Access-Control-Max-Age", "600")
        }
        request.respond(204, headers, copying: Span())
    }

    /// The fields that a page of a configured origin may send in addition to those that need no permission.
    private static let requestHeaders =
        "Accept, Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Prefer, Traceparent, X-Request-Id"

    package func send(_ status: Int, _ contentType: StaticString, _ body: [UInt8]) {
        request.respond(status, headers(contentType), copying: body.span)
    }
}
