// Finds values in a text. It takes a reply envelope {status, headers, body} apart: the body goes out byte for byte as
// the worker wrote it, without a tree in between.

/// Finds the bytes of the values at some JSON pointers.
public struct Locator: Sendable {
    /// Maximum number of pointers.
    public static let maxPointers = 16

    private let trie: PointerTrie
    private let count: Int

    /// - Parameter pointers: `maxPointers` at most.
    public init(_ pointers: [Pointer]) {
        precondition(pointers.count <= Locator.maxPointers, "a locator has \(Locator.maxPointers) pointers at most")
        trie = PointerTrie(pointers.map { ($0, .location) })
        count = pointers.count
    }

    /// The range of each value, without surrounding white space; nil for a pointer without a value. All are nil if the
    /// text is not JSON. If a key occurs more than once in an object, the last one counts.
    public func locate(in bytes: Span<UInt8>, maxDepth: Int = Scanner.defaultMaxDepth) -> [Range<Int>?] {
        var scanner = Scanner(trie: trie, maxDepth: maxDepth)
        scanner.run(bytes)
        scanner.conclude(bytes, at: bytes.count)
        guard scanner.error == nil, let tracking = scanner.tracking else { return Array(repeating: nil, count: count) }
        return (0..<count).map { tracking.matches >> UInt32($0) & 1 == 1 ? tracking.locations[$0] : nil }
    }
}
