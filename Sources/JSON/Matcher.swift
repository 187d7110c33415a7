// The predicates of a service (`final`, `error`, `keepalive`), compiled into one object: a reply is scanned once, and
// each predicate is a bit of the result. Compiled when the configuration is read; shared by all reactors.

/// Tests of the values at JSON pointers, evaluated by a `Scanner` in its one pass.
///
/// If a key occurs more than once in an object, the last one counts. A value or key of more than 64 KiB (or six times
/// the longest literal) in the text equals nothing.
public struct Matcher: Sendable {
    /// Maximum number of tests: each is one bit of `ScanResult.matches`.
    public static let maxTests = 16

    /// A test of the value at a pointer.
    public enum Test: Sendable {
        /// The value exists and equals the literal: numbers by value (1 equals 1.0), strings after unescaping, arrays
        /// in order, objects in any order.
        case equals(Document)
        /// The value exists; it may be null.
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
