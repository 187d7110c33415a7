// The predicates of a service (`final`, `error`, `keepalive`) in one compiled object: a reply is scanned once and each
// of them is a bit of the result. Compiled when the configuration is read; shared by all reactors.

/// Tests on the values at JSON pointers, evaluated by a `Scanner` in its one pass.
///
/// Of equal keys in one object the last one counts. Values and keys that are written with more than 64 KiB (or six
/// times the longest literal) equal nothing.
public struct Matcher: Sendable {
    /// The greatest number of tests: each is one bit of `ScanResult.matches`.
    public static let maxTests = 16

    /// What is asked about the value at a pointer.
    public enum Test: Sendable {
        /// It is there and equals the literal: numbers by value (1 equals 1.0), strings after unescaping, arrays in
        /// order, objects in any order.
        case equals(Document)
        /// It is there; null is a value too.
        case exists
    }

    let trie: PointerTrie

    /// - Parameter tests: test i sets bit i of `ScanResult.matches`; `maxTests` at most.
    public init(_ tests: [(Pointer, Test)]) {
        precondition(tests.count <= Matcher.maxTests, "a matcher has \(Matcher.maxTests) tests at most")
        trie = PointerTrie(tests.map { pointer, test in
            switch test {
            case .exists: (pointer, .exists)
            case .equals(let literal): (pointer, .equals(Expectation(literal)))
            }
        })
    }
}
