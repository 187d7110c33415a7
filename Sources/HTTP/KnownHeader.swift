// The header fields that the house asks for: found once, in the pass that checks the header, and read by index
// afterwards.

/// A request header field that is looked up often.
public enum KnownHeader: UInt8, CaseIterable, Sendable {
    case accept, acceptEncoding, acceptLanguage, accessControlRequestHeaders, accessControlRequestMethod, authorization
    case connection, contentEncoding, contentLength, contentType, cookie, expect, forwarded, host, idempotencyKey
    case ifMatch, ifModifiedSince, ifNoneMatch, keepAlive, lastEventID, origin, prefer, range, referer
    case secFetchDest, secFetchMode, secFetchSite
    case secWebSocketExtensions, secWebSocketKey, secWebSocketProtocol, secWebSocketVersion
    case te, traceparent, tracestate, trailer, transferEncoding, upgrade, userAgent
    case xForwardedFor, xForwardedHost, xForwardedProto, xRequestID

    /// The field's name in lower case.
    public var name: StaticString {
        switch self {
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .acceptLanguage: "accept-language"
        case .accessControlRequestHeaders: "access-control-request-headers"
        case .accessControlRequestMethod: "access-control-request-method"
        case .authorization: "authorization"
        case .connection: "connection"
        case .contentEncoding: "content-encoding"
        case .contentLength: "content-length"
        case .contentType: "content-type"
        case .cookie: "cookie"
        case .expect: "expect"
        case .forwarded: "forwarded"
        case .host: "host"
        case .idempotencyKey: "idempotency-key"
        case .ifMatch: "if-match"
        case .ifModifiedSince: "if-modified-since"
        case .ifNoneMatch: "if-none-match"
        case .keepAlive: "keep-alive"
        case .lastEventID: "last-event-id"
        case .origin: "origin"
        case .prefer: "prefer"
        case .range: "range"
        case .referer: "referer"
        case .secFetchDest: "sec-fetch-dest"
        case .secFetchMode: "sec-fetch-mode"
        case .secFetchSite: "sec-fetch-site"
        case .secWebSocketExtensions: "sec-websocket-extensions"
        case .secWebSocketKey: "sec-websocket-key"
        case .secWebSocketProtocol: "sec-websocket-protocol"
        case .secWebSocketVersion: "sec-websocket-version"
        case .te: "te"
        case .traceparent: "traceparent"
        case .tracestate: "tracestate"
        case .trailer: "trailer"
        case .transferEncoding: "transfer-encoding"
        case .upgrade: "upgrade"
        case .userAgent: "user-agent"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedProto: "x-forwarded-proto"
        case .xRequestID: "x-request-id"
        }
    }

    /// The header of that name, or nil. Length and first letter leave at most three names to compare with.
    static func named(_ name: Span<UInt8>) -> KnownHeader? {
        guard !name.isEmpty else { return nil }
        switch (name.count, CharacterClass.lowered(name[0])) {
        case (2, _): return match(name, .te)
        case (4, _): return match(name, .host)
        case (5, _): return match(name, .range)
        case (6, 97): return match(name, .accept)
        case (6, 99): return match(name, .cookie)
        case (6, 101): return match(name, .expect)
        case (6, 111): return match(name, .origin)
        case (6, 112): return match(name, .prefer)
        case (7, 114): return match(name, .referer)
        case (7, 116): return match(name, .trailer)
        case (7, 117): return match(name, .upgrade)
        case (8, _): return match(name, .ifMatch)
        case (9, _): return match(name, .forwarded)
        case (10, 99): return match(name, .connection)
        case (10, 107): return match(name, .keepAlive)
        case (10, 116): return match(name, .tracestate)
        case (10, 117): return match(name, .userAgent)
        case (11, _): return match(name, .traceparent)
        case (12, 99): return match(name, .contentType)
        case (12, 120): return match(name, .xRequestID)
        case (13, 97): return match(name, .authorization)
        case (13, 105): return match(name, .ifNoneMatch)
        case (13, 108): return match(name, .lastEventID)
        case (14, 99): return match(name, .contentLength)
        case (14, 115): return match(name, .secFetchDest, .secFetchMode, .secFetchSite)
        case (15, 97): return match(name, .acceptEncoding, .acceptLanguage)
        case (15, 105): return match(name, .idempotencyKey)
        case (15, 120): return match(name, .xForwardedFor)
        case (16, 99): return match(name, .contentEncoding)
        case (16, 120): return match(name, .xForwardedHost)
        case (17, 105): return match(name, .ifModifiedSince)
        case (17, 116): return match(name, .transferEncoding)
        case (17, 115): return match(name, .secWebSocketKey)
        case (17, 120): return match(name, .xForwardedProto)
        case (21, _): return match(name, .secWebSocketVersion)
        case (22, _): return match(name, .secWebSocketProtocol)
        case (24, _): return match(name, .secWebSocketExtensions)
        case (29, _): return match(name, .accessControlRequestMethod)
        case (30, _): return match(name, .accessControlRequestHeaders)
        default: return nil
        }
    }

    @inline(__always)
    private static func match(_ name: Span<UInt8>, _ only: KnownHeader) -> KnownHeader? {
        name.equalsIgnoringCase(only.name) ? only : nil
    }

    private static func match(
        _ name: Span<UInt8>, _ a: KnownHeader, _ b: KnownHeader, _ c: KnownHeader? = nil
    ) -> KnownHeader? {
        if name.equalsIgnoringCase(a.name) { return a }
        if name.equalsIgnoringCase(b.name) { return b }
        if let c, name.equalsIgnoringCase(c.name) { return c }
        return nil
    }
}
