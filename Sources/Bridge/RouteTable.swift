// Matches a method and a path to a target.
//
//     GET /orders/{id}        a segment in braces matches any one segment
//     *   /files/{rest...}    the last one may match the rest of the path, even an empty one
//
// A tree of segments: a literal wins over a parameter, and a parameter over a rest. The path is split at its raw
// slashes and compared decoded, literals too (RFC 3986 section 6.2.2.2: `/%6Frders` is `/orders`); an encoded slash
// does not separate segments. Only segments with a percent escape are decoded, and a match without parameters allocates
// nothing.

/// Routes to targets, which are numbers of the caller's; built once, read often. Not generic: a generic type is not
/// specialised across modules and cost 7 % of a small request's CPU.
public struct RouteTable: Sendable {
    public typealias Target = Int

    /// The result of matching a path.
    public enum Match: Equatable, Sendable {
        case found(Target, PathParameters)
        /// The path is known, but not with this method; these are allowed.
        case methodNotAllowed([String])
        case notFound
        /// The path is malformed: a broken escape, a NUL, a dot segment, or not UTF-8.
        case malformed(String)
    }

    /// Why a route could not be added.
    public enum Conflict: Error, Equatable {
        case malformedTemplate(String)
        case alreadyTaken
    }

    private struct Node: Sendable {
        var literals: [(segment: [UInt8], node: Int)] = []
        var parameter: Int?
        var rest: Int?
        /// Targets by method; `*` matches methods without a target of their own.
        var targets: [(method: String, target: Target, names: [String])] = []
    }

    private var nodes = [Node()]

    public init() {}

    /// Adds a route for `method` and `template`.
    /// - Parameter method: upper case, or `*` for any.
    /// - Returns: why it could not be added; nil on success.
    public mutating func add(_ method: String, _ template: String, _ target: Target) -> Conflict? {
        var names: [String] = []
        var node = 0
        switch RoutePattern.parse(template) {
        case .failure(let reason): return .malformedTemplate(reason)
        case .segments(let segments):
            for segment in segments {
                switch segment {
                case .literal(let text):
                    let bytes = Array(text.utf8)
                    switch PercentDecoding.segment(bytes.span, 0, bytes.count) {
                    case .failure(let reason): return .malformedTemplate(reason)
                    case .text(let decoded): node = child(of: node, literal: Array(decoded.utf8))
                    }
                case .parameter(let name):
                    names.append(name)
                    node = child(of: node, at: \.parameter)
                case .rest(let name):
                    names.append(name)
                    node = child(of: node, at: \.rest)
                }
            }
        }
        if nodes[node].targets.contains(where: { $0.method == method }) { return .alreadyTaken }
        nodes[node].targets.append((method, target, names))
        return nil
    }

    /// Finds the target of `path`, which begins with a slash and has no query.
    public func match(_ method: String, _ path: Span<UInt8>) -> Match {
        guard path.count > 0, path[0] == UInt8(ascii: "/") else { return .malformed("a path must begin with a slash") }
        var values: [String] = []
        switch descend(0, path, from: 1, &values) {
        case .failure(let reason): return .malformed(reason)
        case .none:
            if case .failure(let reason) = PercentDecoding.rest(path, 1) { return .malformed(reason) }
            return .notFound
        case .node(let node): return pick(method, node, values)
        }
    }

    private enum Descent {
        case node(Int)
        case none
        case failure(String)
    }

    private func descend(_ node: Int, _ path: Span<UInt8>, from start: Int, _ values: inout [String]) -> Descent {
        if start > path.count {
            return nodes[node].targets.isEmpty ? restOf(node, path, path.count, &values) : .node(node)
        }
        var end = start
        while end < path.count && path[end] != UInt8(ascii: "/") { end += 1 }
        for (segment, next) in nodes[node].literals where equal(segment, path, start, end) {
            let found = descend(next, path, from: end + 1, &values)
            if case .none = found { break }
            return found
        }
        if let next = nodes[node].parameter, end > start {
            switch PercentDecoding.segment(path, start, end) {
            case .failure(let reason): return .failure(reason)
            case .text(let value):
                values.append(value)
                let found = descend(next, path, from: end + 1, &values)
                if case .none = found { values.removeLast() } else { return found }
            }
        }
        return restOf(node, path, start, &values)
    }

    private func restOf(_ node: Int, _ path: Span<UInt8>, _ start: Int, _ values: inout [String]) -> Descent {
        guard let next = nodes[node].rest else { return .none }
        switch PercentDecoding.rest(path, min(start, path.count)) {
        case .failure(let reason): return .failure(reason)
        case .text(let value): values.append(value)
        }
        return .node(next)
    }

    private func pick(_ method: String, _ node: Int, _ values: [String]) -> Match {
        var anyMethod: Int?
        for (position, entry) in nodes[node].targets.enumerated() {
            if entry.method == method { return found(entry, values) }
            if entry.method == "*" { anyMethod = position }
        }
        if let anyMethod { return found(nodes[node].targets[anyMethod], values) }
        return nodes[node].targets.isEmpty ? .notFound : .methodNotAllowed(nodes[node].targets.map(\.method))
    }

    private func found(_ entry: (method: String, target: Target, names: [String]), _ values: [String]) -> Match {
        .found(entry.target, PathParameters(names: entry.names, values: values))
    }

    private func equal(_ segment: [UInt8], _ path: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard segment.count <= end - start else { return false }
        var position = start
        for byte in segment {
            guard position < end else { return false }
            if path[position] == byte {
                position += 1
            } else if PercentDecoding.escape(path, position, end) == byte {
                position += 3
            } else {
                return false
            }
        }
        return position == end
    }

    private mutating func child(of node: Int, literal: [UInt8]) -> Int {
        if let known = nodes[node].literals.first(where: { $0.segment == literal }) { return known.node }
        nodes.append(Node())
        nodes[node].literals.append((literal, nodes.count - 1))
        return nodes.count - 1
    }

    private mutating func child(of node: Int, at kind: WritableKeyPath<Node, Int?>) -> Int {
        if let known = nodes[node][keyPath: kind] { return known }
        nodes.append(Node())
        nodes[node][keyPath: kind] = nodes.count - 1
        return nodes.count - 1
    }
}

/// The decoded path parameters of a match.
public struct PathParameters: Equatable, Sendable {
    public let names: [String]
    public let values: [String]

    /// The parameters of a pattern without names.
    public static let none = PathParameters(names: [], values: [])

    public subscript(name: String) -> String? {
        names.firstIndex(of: name).map { values[$0] }
    }
}
