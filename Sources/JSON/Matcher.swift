// Predicates on JSON texts: a pointer, and what is to be there.

/// Up to 16 tests, compiled once and evaluated in the pass that validates.
public struct Matcher: Sendable {
    public enum Test: Sendable {
        /// There is a value, be it null.
        case exists
        /// The value equals this scalar: numbers by value (1 is 1.0), strings once unescaped.
        case equals(Scalar)
    }

    let tracker: Tracker
    private let tests: [Test]

    public init(_ tests: [(Pointer, Test)]) {
        tracker = Tracker(tests.map(\.0))
        self.tests = tests.map(\.1)
    }

    func evaluate(_ bytes: Span<UInt8>, _ found: Tracker) -> UInt32 {
        var matches: UInt32 = 0
        for position in tests.indices {
            guard let range = found.range(position) else { continue }
            switch tests[position] {
            case .exists: matches |= 1 << UInt32(position)
            case .equals(let scalar): if scalar.equals(bytes, range) { matches |= 1 << UInt32(position) }
            }
        }
        return matches
    }
}

/// A JSON value that is neither array nor object.
public enum Scalar: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string([UInt8])

    /// The scalar that `text`, one JSON value without white space around it, spells; nil if it is none.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let result = Scanner.scan(bytes.span, matching: nil)
        guard result.isValid, let kind = result.kind else { return nil }
        switch kind {
        case .null: self = .null
        case .bool: self = .bool(text == "true")
        case .number:
            guard let number = Double(text) else { return nil }
            self = .number(number)
        case .string: self = .string(StringText.decode(bytes.span, 1..<bytes.count - 1))
        case .array, .object: return nil
        }
    }

    /// Whether the valid JSON value at `range` is this scalar.
    func equals(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let first = bytes[range.lowerBound]
        switch self {
        case .null: return first == UInt8(ascii: "n")
        case .bool(let value): return first == (value ? UInt8(ascii: "t") : UInt8(ascii: "f"))
        case .string(let text):
            return first == 0x22 && StringText.equals(bytes, range.lowerBound + 1..<range.upperBound - 1, text)
        case .number(let number):
            guard first == UInt8(ascii: "-") || first >= 0x30 && first <= 0x39 else { return false }
            return JSONText.number(bytes, range) == number
        }
    }
}

/// Reads scalars out of a valid text.
public enum JSONText {
    /// The number at `range`, or nil if something else is there.
    public static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Double? {
        Double(text(bytes, range))
    }

    /// The text of the string at `range`, unescaped, or nil if something else is there.
    public static func string(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8]? {
        guard bytes[range.lowerBound] == 0x22 else { return nil }
        return StringText.decode(bytes, range.lowerBound + 1..<range.upperBound - 1)
    }

    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        var copy: [UInt8] = []
        for position in range { copy.append(bytes[position]) }
        return String(decoding: copy, as: UTF8.self)
    }
}
