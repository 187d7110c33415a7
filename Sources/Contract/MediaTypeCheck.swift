// Checks which types of body a service accepts (RFC 9110, section 8.3).

package import Configuration

/// Compares a `Content-Type` with what a service declares.
package enum MediaTypeCheck {
    package static func problem(_ contentType: String?, _ body: ServiceConfiguration.BodyFormat) -> Problem? {
        guard let contentType else { return nil }
        let parts = contentType.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        let type = parts.first ?? ""
        let charset = parts.dropFirst().first { $0.hasPrefix("charset=") }?.dropFirst(8).filter { $0 != "\"" }
        if body != .binary, let charset, !["utf-8", "utf8", "us-ascii"].contains(charset) {
            return Problem(.unsupportedMediaType, "charset \(charset) is not supported; send UTF-8")
        }
        let isTaken =
            switch body {
            case .json:
                // application/json-rpc, application/vnd.api+json, text/json, ...
                type.contains("json") || type == "application/x-www-form-urlencoded"
            case .text: type.hasPrefix("text/") || type == "application/x-www-form-urlencoded"
            case .binary: true
            }
        if isTaken { return nil }
        let wanted = body == .json ? "application/json" : "text/plain"
        return Problem(.unsupportedMediaType, "\(type) is not supported here; send Content-Type: \(wanted)")
    }
}
