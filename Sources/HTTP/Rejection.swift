// Requests that are rejected before accept(): the reason, the response, and the word in the metrics.

/// Why the listener rejected a request.
public enum RejectionKind: Int, CaseIterable, Sendable {
    case requestLine, target, headerName, headerValue, lineEnds
    case hostMissing, hostInvalid, contentLengthInvalid, lengthConflict
    case transferCodingUnknown, expectationUnknown
    case headerTooLarge, targetTooLong
    case headerTimeout, bodyTimeout
    case chunkHeaderTooLong, tooManyConnections
    /// The connection limit is reached, and the request is not a probe.
    case noPlace
    /// The library rejected the request with a page of its own, before we saw it (a line without a colon, a version
    /// that is not HTTP/1, a header larger than its pool, a malformed chunk).
    case byTheLibrary
    /// The bytes are not an HTTP request.
    case garbage

    /// The HTTP status of the response.
    public var status: Int {
        switch self {
        case .transferCodingUnknown: 501
        case .expectationUnknown: 417
        case .headerTooLarge: 431
        case .targetTooLong: 414
        case .headerTimeout, .bodyTimeout: 408
        case .tooManyConnections: 429
        case .noPlace: 503
        default: 400
        }
    }

    /// The stable word for the kind in the metrics, in snake case.
    public var word: StaticString {
        switch self {
        case .requestLine: "request_line"
        case .target: "target"
        case .headerName: "header_name"
        case .headerValue: "header_value"
        case .lineEnds: "line_ends"
        case .hostMissing: "host_missing"
        case .hostInvalid: "host_invalid"
        case .contentLengthInvalid: "content_length"
        case .lengthConflict: "length_conflict"
        case .transferCodingUnknown: "transfer_coding"
        case .expectationUnknown: "expectation"
        case .headerTooLarge: "header_too_large"
        case .targetTooLong: "target_too_long"
        case .headerTimeout: "header_timeout"
        case .bodyTimeout: "body_timeout"
        case .chunkHeaderTooLong: "chunk_header_too_long"
        case .tooManyConnections: "too_many_connections"
        case .noPlace: "overloaded"
        case .byTheLibrary: "malformed"
        case .garbage: "not_http"
        }
    }

    /// The stable code in the problem document.
    public var code: StaticString {
        switch self {
        case .transferCodingUnknown: "not_implemented"
        case .expectationUnknown: "expectation_failed"
        case .headerTooLarge: "header_too_large"
        case .targetTooLong: "target_too_long"
        case .headerTimeout, .bodyTimeout: "request_timeout"
        case .tooManyConnections: "too_many_connections"
        case .noPlace: "overloaded"
        default: "malformed_request"
        }
    }
}

/// One rejection: the kind for the counters, the sentence for the client.
struct Rejection {
    let kind: RejectionKind
    let detail: String

    init(_ kind: RejectionKind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// The problem document for a listener without a `rejectionWriter`.
    func plainProblem() -> [UInt8] {
        // Details are our own sentences: they need no escapes.
        Array("""
            {"type":"about:blank","title":"\(Reason.phrase(kind.status))","status":\(kind.status),\
            "code":"\(kind.code)","detail":"\(detail)"}

            """.utf8)
    }

    /// The header fields of the response.
    var headers: ResponseHeaders { kind == .noPlace ? Self.retryLater : Self.plain }

    private static let plain = ResponseHeaders(
        ["Content-Type": "application/problem+json", "Cache-Control": "no-store"], close: true)
    private static let retryLater = ResponseHeaders(
        ["Content-Type": "application/problem+json", "Cache-Control": "no-store", "Retry-After": "1"], close: true)

    static let noPlace = Rejection(
        .noPlace, "the server has reached its connection limit; try again in a moment")
}
