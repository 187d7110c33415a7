// Request methods (RFC 9110, section 9; PATCH is RFC 5789).

public enum Method: UInt8, Sendable, CaseIterable {
    case get, head, post, put, patch, delete, options, trace, connect, other

    /// Methods are case-sensitive.
    init(_ name: Span<UInt8>) {
        self = switch name.count {
        case 3: Self.match(name, "GET", .get, "PUT", .put)
        case 4: Self.match(name, "POST", .post, "HEAD", .head)
        case 5: Self.match(name, "PATCH", .patch, "TRACE", .trace)
        case 6: Self.match(name, "DELETE", .delete, "DELETE", .delete)
        case 7: Self.match(name, "OPTIONS", .options, "CONNECT", .connect)
        default: .other
        }
    }

    private static func match(
        _ name: Span<UInt8>, _ first: StaticString, _ one: Method, _ second: StaticString, _ two: Method
    ) -> Method {
        if name.equals(first) { return one }
        return name.equals(second) ? two : .other
    }
}
