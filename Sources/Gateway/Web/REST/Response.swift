// What every response of one request carries, and the ways to give it.

import Bridge
import HTTP
import JSON

/// A request and what its response must say whatever it is. An object, because it is passed on from hand to hand.
final class Response {
    let request: Request
    let requestID: RequestID
    /// The connection is closed afterwards: the gateway is draining.
    let closes: Bool
    /// The configured origin whose page asks; it may read the answer (Fetch, "HTTP CORS protocol").
    var origin: String?
    /// A link of a foreign page leads here.
    var isForeignLink = false
    /// A probe came by a name that is not the gateway's.
    var isOfForeignHost = false
    /// Why the request was rejected before there was an exchange.
    private(set) var rejection: Problem?
    /// Where the time went, where a worker was waited for; said in the header, if that is not given yet.
    var timing: ServerTiming?

    init(_ request: Request, _ requestID: RequestID, closes: Bool) {
        self.request = request
        self.requestID = requestID
        self.closes = closes
    }

    /// What every answer says, built once.
    private static let common = ResponseHeaders(["Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"])
    /// The same where the worker says what may be cached.
    private static let unstated = ResponseHeaders(["X-Content-Type-Options": "nosniff"])

    func headers(_ contentType: StaticString?) -> ResponseHeaders {
        var headers = Self.common
        if let contentType { headers.add("Content-Type", String(describing: contentType)) }
        complete(&headers)
        if origin != nil { headers.add("Vary", "Origin") }
        return headers
    }

    /// The fields of an answer whose format the client could choose, with those that a worker sets.
    func headers(negotiating contentType: String?, _ fields: [(name: String, value: String)]) -> ResponseHeaders {
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

    /// The fields of a whole JSON answer whose exchange ended for `reason`.
    func headers(ofJSONEndedBy reason: EndReason) -> ResponseHeaders {
        var headers = (origin == nil ? Self.jsonEndedBy : Self.jsonForOrigin)[Int(reason.rawValue)]
        complete(&headers)
        return headers
    }

    // Built once for each reason: six fields, of which one differs from answer to answer.
    private static let jsonEndedBy = EndReason.allCases.map { json(endedBy: $0, varies: "Accept") }
    private static let jsonForOrigin = EndReason.allCases.map { json(endedBy: $0, varies: "Accept, Origin") }

    private static func json(endedBy reason: EndReason, varies: String) -> ResponseHeaders {
        var headers = common
        headers.add("X-Exchange-End", String(describing: reason.word))
        headers.add("Content-Type", "application/json")
        headers.add("Vary", varies)
        return headers.prebuilt
    }

    /// What differs from request to request.
    private func complete(_ headers: inout ResponseHeaders) {
        requestID.withBytes { headers.add("X-Request-Id", $0) }
        if let origin {
            headers.add("Access-Control-Allow-Origin", origin)
            headers.add("Access-Control-Expose-Headers", "X-Request-Id, X-Exchange-End, Retry-After, Server-Timing")
        }
        if let timing { headers.add("Server-Timing", timing.text.span) }
        headers.close = closes
    }

    /// - Parameter reason: how its exchange ended, where there was one.
    func send(_ problem: Problem, retryAfter: Int? = nil, allow: String? = nil, endedBy reason: EndReason? = nil) {
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
        if let allow { headers.add("Allow", allow) }
        // RFC 9110, section 15.5.16: what codings a body may have.
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

    func send(_ status: Int, _ contentType: StaticString, _ body: [UInt8]) {
        request.respond(status, headers(contentType), copying: body.span)
    }
}
