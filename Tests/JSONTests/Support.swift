// What the tests of this room share: scanning from arrays and strings (a Span never enters an #expect), a seeded
// generator, and jansson itself as the oracle, asked without our scanner in front of it.

import CJansson

@testable import JSON

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func scan(_ text: [UInt8], _ matcher: Matcher? = nil) -> ScanResult { Scanner.scan(text.span, matching: matcher) }

func scan(_ text: String, _ matcher: Matcher? = nil) -> ScanResult { scan(bytes(text), matcher) }

/// Feeds a text in pieces that end at the given offsets.
func scan(_ text: [UInt8], cutAt cuts: [Int], _ matcher: Matcher? = nil) -> ScanResult {
    var scanner = Scanner(matching: matcher)
    return scan(&scanner, text, cutAt: cuts)
}

func scan(_ scanner: inout Scanner, _ text: [UInt8], cutAt cuts: [Int]) -> ScanResult {
    var start = 0
    for cut in cuts + [text.count] {
        // A piece of its own, freed before the next one comes: whatever the scanner needs of it must be kept.
        let piece = Array(text[start..<cut])
        scanner.feed(piece.span)
        start = cut
    }
    return scanner.finish()
}

func parse(_ text: String) throws(SyntaxError) -> Document { try Document(parsing: text) }

func parse(_ text: [UInt8]) throws(SyntaxError) -> Document { try Document(parsing: text.span) }

func locate(_ pointers: [String], in text: [UInt8]) throws -> [Range<Int>?] {
    let locator = Locator(try pointers.map { try Pointer($0) })
    return locator.locate(in: text.span)
}

func matcher(_ tests: [(String, Matcher.Test)]) throws -> Matcher {
    Matcher(try tests.map { (try Pointer($0.0), $0.1) })
}

/// What jansson says about a text.
enum Verdict: Equatable { case accepts, rejects, cannotHold }

func jansson(_ text: [UInt8]) -> Verdict {
    var error = json_error_t()
    // SAFETY: jansson reads the bytes within the call, and the value it may answer is given back at once.
    let value = unsafe text.withUnsafeBytes { unsafe jansson_parse($0.baseAddress, $0.count, &error) }
    if let value = unsafe value {
        unsafe json_decref(value)
        return .accepts
    }
    // SAFETY: reads the error that jansson has just filled in.
    let holds = unsafe jansson_error_is_overflow(&error) == 0 && jansson_error_is_nul_in_key(&error) == 0
    return holds ? .rejects : .cannotHold
}

/// SplitMix64: the same sequence for the same seed, on every machine.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}
