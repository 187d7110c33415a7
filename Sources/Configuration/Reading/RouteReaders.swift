// Readers for routes: "METHOD /path/{param}", and names of header fields.

/// The value of `match` in a route.
struct RouteMatch {
    let method: String?
    let path: PathTemplate

    /// Equal for two matches that take the same requests: names of parameters do not matter.
    var pattern: String {
        let segments = path.segments.map { segment in
            switch segment {
            case .literal(let text): text
            case .parameter: "{}"
            case .rest: "{...}"
            }
        }
        return (method ?? "*") + " /" + segments.joined(separator: "/")
    }
}

extension ScalarReader where Value == RouteMatch {
    /// A method (or `*`), a space, and a path template.
    static var match: ScalarReader {
        ScalarReader("a method and a path such as \"GET /orders/{id}\"") { (scalar) throws(InvalidValue) in
            let parts = scalar.text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
            guard parts.count == 2, parts[1].hasPrefix("/") else {
                let quoted = Units.quoted(scalar.text)
                throw InvalidValue("\(quoted) is not a method and a path; write it like \"GET /orders/{id}\"")
            }
            return RouteMatch(method: try method(parts[0]), path: try PathTemplate(reading: parts[1]))
        }
    }

    private static func method(_ text: String) throws(InvalidValue) -> String? {
        if text == "*" { return nil }
        guard text.utf8.allSatisfy({ (65...90).contains($0) }), text.utf8.count <= 20 else {
            let advice = HeaderNames.isToken(text) ? "write \(text.uppercased())" : "write GET, POST, ... or *"
            throw InvalidValue("\(Units.quoted(text)) is not a method; \(advice)")
        }
        if text == "CONNECT" || text == "TRACE" { throw InvalidValue("\(text) is never served; choose another method") }
        return text
    }
}

extension PathTemplate {
    static let maxSegments = 32
    private static let ours = ["healthz", "readyz", "metrics", "openapi.json"]
    private static let oursInV1 = ["services", "socket", "exchanges"]

    init(reading text: String) throws(InvalidValue) {
        let quoted = Units.quoted(text)
        if let mark = text.first(where: { $0 == "?" || $0 == "#" }) {
            throw InvalidValue("\(quoted) has a \(mark); write only the path, the query goes into the envelope")
        }
        let parts = text == "/" ? [] : text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= Self.maxSegments else {
            throw InvalidValue("\(quoted) has \(parts.count) segments; write at most \(Self.maxSegments)")
        }
        var segments: [Segment] = []
        for (index, part) in parts.enumerated() {
            segments.append(try Self.segment(String(part), isLast: index == parts.count - 1, quoted))
        }
        self.init(segments: segments)
        if let name = Set(parameters).first(where: { name in parameters.count { $0 == name } > 1 }) {
            throw InvalidValue("\(quoted) has {\(name)} twice; give each parameter a name of its own")
        }
        let literals = segments.map { if case .literal(let text) = $0 { text } else { "" } }
        let isOurs = literals.count == 1 && Self.ours.contains(literals[0])
        let isV1 = literals.count > 1 && literals[0] == "v1" && Self.oursInV1.contains(literals[1])
        if isOurs || isV1 { throw InvalidValue("\(quoted) is the gateway's own path; choose another one") }
    }

    private static func segment(_ text: String, isLast: Bool, _ quoted: String) throws(InvalidValue) -> Segment {
        if text.hasPrefix("{"), text.hasSuffix("}"), text.count > 2 {
            let inner = String(text.dropFirst().dropLast())
            let isRest = inner.hasSuffix("...")
            let name = isRest ? String(inner.dropLast(3)) : inner
            guard isName(name) else {
                throw InvalidValue("\(quoted): \(text) is not a parameter; a name has letters, digits and _")
            }
            if isRest, !isLast {
                throw InvalidValue("\(quoted): \(text) takes the rest, so it must be the last segment")
            }
            return isRest ? .rest(name) : .parameter(name)
        }
        if text.contains("{") || text.contains("}") {
            throw InvalidValue("\(quoted): a parameter is a whole segment, like /{id}/; \(Units.quoted(text)) is not")
        }
        if text.isEmpty, !isLast { throw InvalidValue("\(quoted) has an empty segment; write single slashes") }
        guard isLiteral(text) else {
            throw InvalidValue(
                "\(quoted): \(Units.quoted(text)) has characters that a path cannot have; percent-encode them")
        }
        return .literal(try normalized(text, quoted))
    }

    /// The normal form for comparison: only necessary escapes, in upper case (RFC 3986, section 6.2.2).
    private static func normalized(_ text: String, _ quoted: String) throws(InvalidValue) -> String {
        var decoded: [UInt8] = []
        var rest = Substring(text)
        while let character = rest.popFirst() {
            if character == "%", let byte = UInt8(rest.prefix(2), radix: 16) {
                decoded.append(byte)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(contentsOf: String(character).utf8)
            }
        }
        guard let plain = String(validating: decoded, as: UTF8.self), !decoded.contains(0) else {
            throw InvalidValue("\(quoted): \(Units.quoted(text)) is not valid UTF-8 when decoded, or has a NUL")
        }
        if plain == "." || plain == ".." { throw InvalidValue("\(quoted) has a dot segment, which no client sends") }
        return decoded.reduce(into: "") { text, byte in
            let character = String(UnicodeScalar(byte))
            if byte < 128 && character != "%" && isLiteral(character) { return text += character }
            text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 64 else { return false }
        return !(48...57).contains(first)
            && text.utf8.allSatisfy { (97...122).contains($0 | 0x20) || (48...57).contains($0) || $0 == 95 }
    }

    /// pchar of RFC 3986, section 3.3, with complete percent-encodings.
    private static func isLiteral(_ text: String) -> Bool {
        let allowed = text.utf8.allSatisfy {
            (97...122).contains($0 | 0x20) || (48...57).contains($0) || "-._~!$&'()*+,;=:@%".utf8.contains($0)
        }
        let encodings = text.split(separator: "%", omittingEmptySubsequences: false).dropFirst()
        return allowed && encodings.allSatisfy { $0.prefix(2).count == 2 && $0.prefix(2).allSatisfy(\.isHexDigit) }
    }
}

/// Names of HTTP header fields.
enum HeaderNames {
    /// A token (RFC 9110, section 5.6.2).
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 100
            && text.utf8.allSatisfy {
                (97...122).contains($0 | 0x20) || (48...57).contains($0) || "!#$%&'*+-.^_`|~".utf8.contains($0)
            }
    }
}

extension ScalarReader where Value == String {
    /// The name of a header field, in lower case.
    static var headerName: ScalarReader {
        ScalarReader("the name of a header field, such as accept-language") { (scalar) throws(InvalidValue) in
            guard HeaderNames.isToken(scalar.text) else {
                throw InvalidValue("\(Units.quoted(scalar.text)) is not the name of a header field")
            }
            let lowered = scalar.text.lowercased()
            guard scalar.text == lowered else {
                throw InvalidValue("\(Units.quoted(scalar.text)) is not lower-case; write \(lowered)")
            }
            return lowered
        }
    }
}
