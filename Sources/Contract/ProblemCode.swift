// The one table of problems: code -> HTTP status -> WebSocket close code -> title.
//
// A code is stable: clients match on it. The title says in general what happened; a problem's `detail` says what
// happened in this case, and what to do. The OpenAPI document is made from this table.

package import Bridge

/// What went wrong, as the `code` member of a problem (RFC 9457).
package enum ProblemCode: String, CaseIterable, Sendable {
    // The request as such.
    case malformedRequest = "malformed_request"
    case badPath = "bad_path"
    case badParameter = "bad_parameter"
    case badJSON = "bad_json"
    case badText = "bad_text"
    case objectRequired = "object_required"
    case originRejected = "origin_refused"
    case operatorOnly = "operator_only"
    case notFound = "not_found"
    case unknownService = "unknown_service"
    case methodNotAllowed = "method_not_allowed"
    case notAcceptable = "not_acceptable"
    case requestTimeout = "request_timeout"
    case bodyTooLarge = "body_too_large"
    case targetTooLong = "target_too_long"
    case unsupportedMediaType = "unsupported_media_type"
    case expectationFailed = "expectation_failed"
    case upgradeRequired = "upgrade_required"
    case tooManySessions = "too_many_sessions"
    case tooManyTopics = "too_many_topics"
    case hostRejected = "host_refused"
    case tooManyExchanges = "too_many_exchanges"
    case headerTooLarge = "header_too_large"
    case notImplemented = "not_implemented"
    case tooManyConnections = "too_many_connections"
    // Messages on a WebSocket.
    case badMessage = "bad_message"
    case duplicateID = "duplicate_id"
    case unknownID = "unknown_id"
    case unknownTopic = "unknown_topic"
    case resumeRejected = "resume_refused"
    // The reasons of the end record. `error` is called `worker_error` here.
    case workerError = "worker_error"
    case badReply = "bad_reply"
    case workerLost = "worker_lost"
    case limit
    case noWorker = "no_worker"
    case overloaded
    case shutdown
    case slowClient = "slow_client"
    case deadline
    case first
    case idle

    /// Status, close code (RFC 6455, section 7.4; 4000-4999 are ours) and title.
    private var row: (status: Int, closeCode: Int, title: StaticString) {
        switch self {
        case .malformedRequest: (400, 1002, "The request is not well-formed HTTP.")
        case .badPath: (400, 1008, "The path or query is malformed.")
        case .badParameter: (400, 1008, "A parameter is invalid.")
        case .badJSON: (400, 1007, "The body is not JSON.")
        case .badText: (400, 1007, "The body is not UTF-8 text.")
        case .objectRequired: (400, 1007, "This service requires a JSON object.")
        case .originRejected: (403, 1008, "This origin is not allowed.")
        case .operatorOnly: (403, 1008, "This is reserved for the gateway's operator.")
        case .notFound: (404, 1008, "There is nothing at this path.")
        case .unknownService: (404, 1008, "There is no service with this name.")
        case .methodNotAllowed: (405, 1008, "This path does not take this method.")
        case .notAcceptable: (406, 1008, "None of the accepted media types is available.")
        case .requestTimeout: (408, 1008, "The request took too long to arrive.")
        case .bodyTooLarge: (413, 1009, "The body is too large.")
        case .targetTooLong: (414, 1009, "The request target is too long.")
        case .unsupportedMediaType: (415, 1003, "The service does not take this type of body.")
        case .expectationFailed: (417, 1008, "The expectation in Expect cannot be met.")
        case .hostRejected: (421, 1008, "This host name is not served here.")
        case .upgradeRequired: (426, 1008, "This path requires a WebSocket upgrade.")
        case .tooManySessions: (429, 4028, "This client has too many sessions open.")
        case .tooManyTopics: (503, 1013, "The service has reached its limit of topics.")
        case .badMessage: (400, 1008, "The message is invalid.")
        case .duplicateID: (409, 1008, "An exchange with this id is already open.")
        case .unknownID: (404, 1008, "No exchange with this id is open.")
        case .unknownTopic: (404, 1008, "There is no subscription to this topic.")
        case .resumeRejected: (410, 1008, "The session can no longer be resumed.")
        case .tooManyExchanges: (429, 4029, "This client has too many requests in flight.")
        case .headerTooLarge: (431, 1009, "The header is too large.")
        case .notImplemented: (501, 1008, "This transfer coding is not implemented.")
        case .tooManyConnections: (429, 1013, "Too many connections are open.")
        case .workerError: (502, 4002, "The worker reported an error.")
        case .badReply: (502, 4003, "The worker's reply is invalid.")
        case .workerLost: (502, 4004, "The worker was lost before the exchange was complete.")
        case .limit: (502, 4005, "The worker sent more than the service allows.")
        case .noWorker: (503, 4006, "No worker is connected.")
        case .overloaded: (503, 1013, "There is no capacity for this request now.")
        case .shutdown: (503, 1001, "The gateway is shutting down.")
        case .slowClient: (503, 4007, "The client read its replies too slowly.")
        case .deadline: (504, 4009, "The deadline passed.")
        case .first: (504, 4010, "The first reply did not arrive in time.")
        case .idle: (504, 4011, "The replies stopped arriving.")
        }
    }

    /// The problem for a code of the HTTP room.
    package init(_ code: StaticString) { self = ProblemCode(rawValue: String(describing: code)) ?? .malformedRequest }

    package var status: Int { row.status }
    package var closeCode: Int { row.closeCode }
    var title: StaticString { row.title }

    /// The problem of an exchange that did not end well; nil for an end that is complete or whose client is gone.
    package init?(_ reason: EndReason) {
        switch reason {
        case .final, .count, .cancelled, .clientLeft: return nil
        case .idle: self = .idle
        case .error: self = .workerError
        case .first: self = .first
        case .deadline: self = .deadline
        case .limit: self = .limit
        case .badReply: self = .badReply
        case .workerLost: self = .workerLost
        case .noWorker: self = .noWorker
        case .overloaded: self = .overloaded
        case .slowClient: self = .slowClient
        case .shutdown: self = .shutdown
        }
    }
}
