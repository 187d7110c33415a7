// Which target a method and a path lead to.
//
//   GET /orders/{id}        a segment in braces takes any one segment
//   *   /files/{rest...}    the last may take all that is left, also none
//
// A tree of segments: a literal wins over a parameter, a parameter over a rest. Segments are cut at the raw slashes and
// then read decoded, literals too (RFC 3986 section 6.2.2.2: `/%6Frders` is `/orders`); an encoded slash is no
// separator. Percent escapes are decoded only where there are some, and a target without parameters allocates nothing.

/// Routes to targets, which are numbers that mean something to the caller; built once and read often. Not generic over
/// its targets: a generic type that other rooms use is not specialised, and cost 7 % of a small request's CPU.
public struct RouteTable: Sendable {
    public typealias Target = Int

    /// What became of a path.
    public enum Match: Equatable, Sendable {
        case found(Target, PathParameters)
        /// The path is known, the method is not; these are.
        case methodNotAllowed([String])
        case notFound
        /// The path is no path: a broken escape, a NUL, a dot segment, not UTF-8.
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
        /// Targets by method; `*` takes any that has none of its own.
        var targets: [(method: String, target: Target, names: [String])] = []
    }

    private var nodes = [Node()]

    public init() {}

    /// Adds `method` on `template`. - Parameter method: upper case, or `*`.
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
        guard path.count > 0, path[0] == UInt8(ascii: "/") else { return .malformed("a path begins with a slash") }
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

/// The values a path had for its template's names, decoded.
public struct PathParameters: Equatable, Sendable {
    public let names: [String]
    public let values: [String]

    /// Of a path whose template has no names.
    public static let none = PathParameters(names: [], values: [])

    public subscript(name: String) -> String? {
        names.firstIndex(of: name).map { values[$0] }
    }
}
