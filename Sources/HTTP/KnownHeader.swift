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
        // One number for both: the compiler makes a table of it, and a walk along the cases of a pair.
        switch name.count << 8 | Int(CharacterClass.lowered(name[0])) {
        case 2 << 8 | 116: return match(name, .te)
        case 4 << 8 | 104: return match(name, .host)
        case 5 << 8 | 114: return match(name, .range)
        case 6 << 8 | 97: return match(name, .accept)
        case 6 << 8 | 99: return match(name, .cookie)
        case 6 << 8 | 101: return match(name, .expect)
        case 6 << 8 | 111: return match(name, .origin)
        case 6 << 8 | 112: return match(name, .prefer)
        case 7 << 8 | 114: return match(name, .referer)
        case 7 << 8 | 116: return match(name, .trailer)
        case 7 << 8 | 117: return match(name, .upgrade)
        case 8 << 8 | 105: return match(name, .ifMatch)
        case 9 << 8 | 102: return match(name, .forwarded)
        case 10 << 8 | 99: return match(name, .connection)
        case 10 << 8 | 107: return match(name, .keepAlive)
        case 10 << 8 | 116: return match(name, .tracestate)
        case 10 << 8 | 117: return match(name, .userAgent)
        case 11 << 8 | 116: return match(name, .traceparent)
        case 12 << 8 | 99: return match(name, .contentType)
        case 12 << 8 | 120: return match(name, .xRequestID)
        case 13 << 8 | 97: return match(name, .authorization)
        case 13 << 8 | 105: return match(name, .ifNoneMatch)
        case 13 << 8 | 108: return match(name, .lastEventID)
        case 14 << 8 | 99: return match(name, .contentLength)
        case 14 << 8 | 115: return match(name, .secFetchDest, .secFetchMode, .secFetchSite)
        case 15 << 8 | 97: return match(name, .acceptEncoding, .acceptLanguage)
        case 15 << 8 | 105: return match(name, .idempotencyKey)
        case 15 << 8 | 120: return match(name, .xForwardedFor)
        case 16 << 8 | 99: return match(name, .contentEncoding)
        case 16 << 8 | 120: return match(name, .xForwardedHost)
        case 17 << 8 | 105: return match(name, .ifModifiedSince)
        case 17 << 8 | 115: return match(name, .secWebSocketKey)
        case 17 << 8 | 116: return match(name, .transferEncoding)
        case 17 << 8 | 120: return match(name, .xForwardedProto)
        case 21 << 8 | 115: return match(name, .secWebSocketVersion)
        case 22 << 8 | 115: return match(name, .secWebSocketProtocol)
        case 24 << 8 | 115: return match(name, .secWebSocketExtensions)
        case 29 << 8 | 97: return match(name, .accessControlRequestMethod)
        case 30 << 8 | 97: return match(name, .accessControlRequestHeaders)
        default: return nil
        }
    }

    private static func match(
        _ name: Span<UInt8>, _ a: KnownHeader, _ b: KnownHeader? = nil, _ c: KnownHeader? = nil
    ) -> KnownHeader? {
        if name.equalsIgnoringCase(a.name) { return a }
        if let b, name.equalsIgnoringCase(b.name) { return b }
        if let c, name.equalsIgnoringCase(c.name) { return c }
        return nil
    }
}
