// Readers for JSON in the configuration: pointers (RFC 6901), literals, and text that must be JSON (RFC 8259).

import JSON

extension ScalarReader where Value == String {
    /// A JSON pointer.
    static var pointer: ScalarReader {
        ScalarReader("a JSON pointer such as /done") { (scalar) throws(InvalidValue) in
            let text = scalar.text
            guard text.isEmpty || text.hasPrefix("/") else {
                throw InvalidValue(
                    "\(Units.quoted(text)) does not begin with a slash; write \(Units.quoted("/" + text))")
            }
            guard text.utf8.count <= 1_000 else { throw InvalidValue("is longer than 1000 bytes") }
            for (index, part) in text.split(separator: "~", omittingEmptySubsequences: false).enumerated()
            where index > 0 && !part.hasPrefix("0") && !part.hasPrefix("1") {
                throw InvalidValue("\(Units.quoted(text)) has a lone ~; write ~0 for ~ and ~1 for / (RFC 6901)")
            }
            return text
        }
    }
}

extension ScalarReader where Value == JSONLiteral {
    /// A scalar literal: quoted text is a string; unquoted true, false, null and numbers are those.
    static var literal: ScalarReader {
        var reader = ScalarReader("a value to compare with, such as true, 0 or \"done\"") {
            (scalar) throws(InvalidValue) in
            guard scalar.isPlain else { return .string(scalar.text) }
            switch scalar.text {
            case "null": return JSONLiteral(kind: .null, text: "null")
            case "true", "false": return JSONLiteral(kind: .bool, text: scalar.text)
            default: break
            }
            if isNumber(scalar.text) { return JSONLiteral(kind: .number, text: scalar.text) }
            let lowered = scalar.text.lowercased()
            let isTricky = ["true", "false", "yes", "no", "on", "off"].contains(lowered)
            if isTricky || scalar.text.first.map({ "+-.0123456789".contains($0) }) ?? true {
                let quoted = Units.quoted(scalar.text)
                throw InvalidValue(
                    "\(scalar.text) is neither a JSON number nor true, false or null; as text write \(quoted)")
            }
            return .string(scalar.text)
        }
        reader.acceptsNull = true
        return reader
    }
}

extension JSONLiteral {
    /// The text as a JSON string.
    static func string(_ text: String) -> JSONLiteral {
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": json += "\\" + String(scalar)
            case "\u{0}"..."\u{1F}":
                json += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: json.unicodeScalars.append(scalar)
            }
        }
        return JSONLiteral(kind: .string, text: json + "\"")
    }
}

extension ScalarReader where Value == JSONLiteral {
    fileprivate static func isNumber(_ text: String) -> Bool {
        let result = Scanner.scan(Array(text.utf8).span, matching: nil)
        return result.isValid && result.kind == .number
    }
}
