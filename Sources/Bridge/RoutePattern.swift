// The syntax of a route's path: `/orders/{id}/items/{rest...}`. Pure.

/// Parses route patterns.
public enum RoutePattern {
    public enum Segment: Equatable, Sendable {
        case literal(String)
        /// `{name}`: one segment, not empty.
        case parameter(String)
        /// `{name...}`: the rest of the path, which may be empty; only at the end.
        case rest(String)
    }

    public enum Parsed: Equatable, Sendable {
        case segments([Segment])
        /// What is wrong, as a sentence.
        case failure(String)
    }

    public static func parse(_ template: String) -> Parsed {
        guard template.first == "/" else { return .failure("a path must begin with a slash") }
        var segments: [Segment] = []
        var names: Set<String> = []
        for text in template.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if text == "." || text == ".." { return .failure("the dot segments . and .. are not allowed") }
            if case .rest? = segments.last { return .failure("nothing may follow {name...}") }
            guard let segment = parseSegment(text) else {
                return .failure("\"\(text)\" is neither plain text nor one {name}")
            }
            if let name = segment.name, !names.insert(name).inserted { return .failure("{\(name)} occurs twice") }
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
