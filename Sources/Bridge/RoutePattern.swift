// The text of a route's path: `/orders/{id}/items/{rest...}`.

/// Parses path templates.
public enum RoutePattern {
    public enum Segment: Equatable, Sendable {
        case literal(String)
        /// `{name}`: any one segment that is not empty.
        case parameter(String)
        /// `{name...}`: all that is left; only at the end.
        case rest(String)
    }

    public enum Parsed: Equatable, Sendable {
        case segments([Segment])
        /// What is wrong, as a sentence.
        case failure(String)
    }

    public static func parse(_ template: String) -> Parsed {
        guard template.first == "/" else { return .failure("a path begins with a slash") }
        var segments: [Segment] = []
        var names: Set<String> = []
        for text in template.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if text == "." || text == ".." { return .failure("dot segments are not resolved here") }
            if case .rest? = segments.last { return .failure("nothing may follow {name...}") }
            guard let segment = parseSegment(text) else {
                return .failure("\"\(text)\" is neither plain text nor one {name}")
            }
            if let name = segment.name, !names.insert(name).inserted { return .failure("{\(name)} stands twice") }
            segments.append(segment)
        }
        return .segments(segments)
    }

    private static func parseSegment(_ text: Substring) -> Segment? {
        guard text.contains("{") || text.contains("}") else { return .literal(String(text)) }
        guard text.first == "{", text.last == "}" else { return nil }
        var name = text.dropFirst().dropLast()
        let isRest = name.hasSuffix("...")
        if isRest { name = name.dropLast(3) }
        let isName = name.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || byte >= 0x30 && byte <= 0x39 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A
        }
        guard !name.isEmpty, isName else { return nil }
        return isRest ? .rest(String(name)) : .parameter(String(name))
    }
}

extension RoutePattern.Segment {
    var name: String? {
        switch self {
        case .literal: nil
        case .parameter(let name), .rest(let name): name
        }
    }
}
