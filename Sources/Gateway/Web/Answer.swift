// What every response of one request carries, and the ways to give it.

import HTTP
import JSON

/// A request and what its response must say whatever it is.
struct Answer {
    let request: Request
    let requestID: String
    /// The configured origin whose page asks; it may read the answer (Fetch, "HTTP CORS protocol").
    var origin: String?
    /// The connection is closed afterwards: the gateway is draining.
    var closes = false

    /// What every answer says, built once.
    private static let common = ResponseHeaders(["Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"])

    func headers(_ contentType: StaticString?) -> ResponseHeaders {
        var headers = Self.common
        if let contentType { headers.add("Content-Type", String(describing: contentType)) }
        headers.add("X-Request-Id", requestID)
        if let origin {
            headers.add("Access-Control-Allow-Origin", origin)
            headers.add("Access-Control-Expose-Headers", "X-Request-Id, X-Exchange-End, Retry-After")
            headers.add("Vary", "Origin")
        }
        headers.close = closes
        return headers
    }

    func send(_ problem: Problem, retryAfter: Int? = nil, allow: String? = nil) {
        var headers = headers("application/problem+json")
        let seconds = retryAfter ?? (problem.status == 429 ? 1 : nil)
        if let seconds { headers.add("Retry-After", String(seconds)) }
        if problem.status == 426 {
            // RFC 9110, section 15.5.22; RFC 6455, section 4.4.
            headers.add("Upgrade", "websocket")
            headers.add("Sec-WebSocket-Version", "13")
        }
        if let allow { headers.add("Allow", allow) }
        request.respond(problem.status, headers, copying: problem.bytes(requestID: requestID).span)
    }

    func send(_ status: Int, _ contentType: StaticString, _ body: [UInt8]) {
        request.respond(status, headers(contentType), copying: body.span)
    }
}
