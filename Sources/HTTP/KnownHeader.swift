// The header fields that the gateway reads: found once, while the header is checked, and read by index afterwards.

/// A request header field that is looked up often.
public enum KnownHeader: UInt8, CaseIterable, Sendable {
    case accept, accessControlRequestMethod, connection, contentEncoding, contentLength, contentType, expect, host
    case ifNoneMatch, lastEventID, origin, prefer, referer, secFetchDest, secFetchMode, secFetchSite
    case secWebSocketExtensions, secWebSocketKey, secWebSocketProtocol, secWebSocketVersion, traceparent
    case transferEncoding, upgrade, xRequestID

    /// The field's name in lower case.
    public var name: StaticString {
        switch self {
        case .accept: "accept"
        case .accessControlRequestMethod: "access-control-request-method"
        case .connection: "connection"
        case .contentEncoding: "content-encoding"
        case .contentLength: "content-length"
        case .contentType: "content-type"
        case .expect: "expect"
        case .host: "host"
        case .ifNoneMatch: "if-none-match"
        case .lastEventID: "last-event-id"
        case .origin: "origin"
        case .prefer: "prefer"
        case .referer: "referer"
        case .secFetchDest: "sec-fetch-dest"
        case .secFetchMode: "sec-fetch-mode"
        case .secFetchSite: "sec-fetch-site"
        case .secWebSocketExtensions: "sec-websocket-extensions"
        case .secWebSocketKey: "sec-websocket-key"
        case .secWebSocketProtocol: "sec-websocket-protocol"
        case .secWebSocketVersion: "sec-websocket-version"
        case .traceparent: "traceparent"
        case .transferEncoding: "transfer-encoding"
        case .upgrade: "upgrade"
        case .xRequestID: "x-request-id"
        }
    }

    /// The header with that name; nil for all others. Length and first letter leave at most three names to compare.
    static func named(_ name: Span<UInt8>) -> KnownHeader? {
        guard !name.isEmpty else { return nil }
        // One number for both: the compiler turns it into a jump table, but tests the cases of a pair one by one.
        switch name.count << 8 | Int(CharacterClass.lowered(name[0])) {
        case 4 << 8 | 104: return match(name, .host)
        case 6 << 8 | 97: return match(name, .accept)
        case 6 << 8 | 101: return match(name, .expect)
        case 6 << 8 | 111: return match(name, .origin)
        case 6 << 8 | 112: return match(name, .prefer)
        case 7 << 8 | 114: return match(name, .referer)
        case 7 << 8 | 117: return match(name, .upgrade)
        case 10 << 8 | 99: return match(name, .connection)
        case 11 << 8 | 116: return match(name, .traceparent)
        case 12 << 8 | 99: return match(name, .contentType)
        case 12 << 8 | 120: return match(name, .xRequestID)
        case 13 << 8 | 105: return match(name, .ifNoneMatch)
        case 13 << 8 | 108: return match(name, .lastEventID)
        case 14 << 8 | 99: return match(name, .contentLength)
        case 14 << 8 | 115: return match(name, .secFetchDest, .secFetchMode, .secFetchSite)
        case 16 << 8 | 99: return match(name, .contentEncoding)
        case 17 << 8 | 115: return match(name, .secWebSocketKey)
        case 17 << 8 | 116: return match(name, .transferEncoding)
        case 21 << 8 | 115: return match(name, .secWebSocketVersion)
        case 22 << 8 | 115: return match(name, .secWebSocketProtocol)
        case 24 << 8 | 115: return match(name, .secWebSocketExtensions)
        case 29 << 8 | 97: return match(name, .accessControlRequestMethod)
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
