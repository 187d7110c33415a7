// The scanner against jansson, on texts that are nearly right. Seeded: a failure prints the seed of its text, and the
// same seed makes the same text again. Bounded in time, because it runs with every test.

import Testing

@testable import JSON

/// Makes JSON texts, and breaks them.
struct TextMaker {
    var random: Seeded
    var text: [UInt8] = []

    static let keys = ["a", "b", "done", "k\\u0061", "é", "", "\\u0061", "x\\\"y",
    "long key of more than sixteen bytes"]
    static let scalars = [
        "0", "1", "-1", "1.0", "10e-1", "0.1", "-0", "2.5E+3", "true", "false", "null", "\"\"", "\"a\"", "\"end\"",
        "\"\\u0065nd\"",
        "\"\\ud83d\\ude00\"", "\"😀 é\"", "\"a text that is longer than sixteen bytes\"", "9007199254740993",
        "12345678", "\"\\n\\t\"",
        "1e5", "-12.75", "\"\\u0000\"", "100000000000000000000", "1e400",
    ]
    static let junk: [UInt8] = [
        0x00, 0x09, 0x0A, 0x0D, 0x1F, 0x20, 0x22, 0x22, 0x2B, 0x2C, 0x2D, 0x2E, 0x30, 0x31, 0x3A, 0x45, 0x5B, 0x5C,
        0x5C, 0x5D, 0x64,
        0x65, 0x75, 0x7B, 0x7D, 0x7F, 0x80, 0xBF, 0xC0, 0xC3, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xFF, 0x38, 0x66,
    ]

    mutating func make() -> [UInt8] {
        text.removeAll(keepingCapacity: true)
        value(depth: 0)
        space()
        return text
    }

    mutating func broken(_ whole: [UInt8]) -> [UInt8] {
        var text = whole
        for _ in 0...random.below(3) {
            let place = random.below(text.count + 1)
            switch random.below(5) {
            case 0: text.insert(Self.junk[random.below(Self.junk.count)], at: place)
            case 1 where place < text.count: text.remove(at: place)
            case 2 where place < text.count: text[place] = Self.junk[random.below(Self.junk.count)]
            case 3: text.removeSubrange(place...)
            case 4 where place < text.count: text[place] ^= 1 << UInt8(random.below(8))
            default: break
            }
        }
        return text
    }

    private mutating func space() {
        guard random.chance(30) else { return }
        for _ in 0..<random.below(random.chance(10) ? 20 : 3) { text.append([0x20, 0x20, 0x0A, 0x0D,
        0x09][random.below(5)]) }
    }

    private mutating func value(depth: Int) {
        space()
        let choice = depth > 4 ? 9 : random.below(10)
        switch choice {
        case 0...2: members(depth)
        case 3...4: elements(depth)
        default: text += Self.scalars[random.below(Self.scalars.count)].utf8
        }
    }

    private mutating func members(_ depth: Int) {
        text.append(UInt8(ascii: "{"))
        for index in 0..<random.below(5) {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            space()
            text += "\"\(Self.keys[random.below(Self.keys.count)])\"".utf8
            space()
            text.append(UInt8(ascii: ":"))
            value(depth: depth + 1)
            space()
        }
        space()
        text.append(UInt8(ascii: "}"))
    }

    private mutating func elements(_ depth: Int) {
        text.append(UInt8(ascii: "["))
        for index in 0..<random.below(5) {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            value(depth: depth + 1)
            space()
        }
        text.append(UInt8(ascii: "]"))
    }
}

@Suite("The scanner, fuzzed", .serialized)
struct FuzzTests {
    private static let pointers = ["", "/a", "/b", "/done", "/é", "/a/b", "/a/0", "/0", "/1/a", "/2", "/ka", "/b/a/1",
    "/x\"y", "/"]

    /// Runs a body with seed after seed until the time is over; at least 200 of them.
    private func forSeeds(from first: UInt64, for time: Duration, _ body: (UInt64) -> Void) -> Int {
        let end = ContinuousClock.now + time
        var seed = first
        while seed < first + 200 || ContinuousClock.now < end {
            body(seed)
            seed += 1
        }
        return Int(seed - first)
    }

    @Test("accepts and refuses what jansson accepts and refuses, in one piece and in many", .timeLimit(.minutes(1)))
    func grammar() {
        var accepted = 0
        let texts = forSeeds(from: 1, for: .milliseconds(900)) { seed in
            var maker = TextMaker(random: Seeded(state: seed))
            let whole = maker.make()
            let text = maker.random.chance(80) ? maker.broken(whole) : whole
            let result = scan(text)
            // A raw NUL is never JSON; jansson 2.14 loses one behind a number or a word.
            let verdict = text.contains(0) ? .rejects : jansson(text)
            if verdict != .cannotHold, result.isValid != (verdict == .accepts) { report(seed, text,
            "jansson: \(verdict)") }
            // What jansson cannot hold may be wrong behind the place where it gave up.
            if result.isValid { accepted += 1 }
            var cuts: [Int] = []
            var cut = 0
            while cut < text.count {
                cut = min(text.count, cut + 1 + maker.random.below(maker.random.chance(50) ? 3 : 20))
                cuts.append(cut)
            }
            if scan(text, cutAt: cuts) != result { report(seed, text, "cut at \(cuts)") }
        }
        #expect(accepted * 10 > texts, "too few texts are valid: \(accepted) of \(texts)")
        #expect(accepted * 10 < texts * 9, "too few texts are broken: \(accepted) of \(texts)")
    }

    @Test("matches and locates what jansson's tree holds, in one piece and in many", .timeLimit(.minutes(1)))
    func pointers() throws {
        let pointers = try Self.pointers.map { try Pointer($0) }
        let literals: [Document] = [true, 1, "end", "a", .null, 0.1, try parse("[]"), try parse("{}"), "", 2_500,
        .init(-1), false, "😀 é", 0]
        let matcher = Matcher(zip(pointers, literals).map { ($0, .equals($1)) })
        let exists = Matcher(pointers.map { ($0, .exists) })
        let locator = Locator(pointers)
        var found = 0
        _ = forSeeds(from: 1_000_001, for: .milliseconds(900)) { seed in
            var maker = TextMaker(random: Seeded(state: seed))
            let text = maker.make()
            guard let document = try? parse(text) else { return }
            let cuts = (0..<maker.random.below(4)).map { _ in maker.random.below(text.count + 1) }.sorted()
            let whole = scan(text, matcher)
            let there = scan(text, exists)
            let places = locator.locate(in: text.span)
            if scan(text, cutAt: cuts, matcher) != whole || scan(text, cutAt: cuts, exists) != there {
                report(seed, text, "cut at \(cuts)")
            }
            for (index, pointer) in pointers.enumerated() {
                let value = document[pointer]
                let located = places[index].flatMap { try? parse(Array(text[$0])) }
                let isRight = there.holds(index) == (value != nil) && located == value
                    && whole.holds(index) == (value == literals[index])
                if !isRight {
                    report(seed, text, "pointer \(pointer): \(value.map { "\($0)" } ?? "nothing")")
                }
                if whole.holds(index) { found += 1 }
            }
        }
        #expect(found >= 10, "the first 50 texts alone hold that many")
    }

    private func report(_ seed: UInt64, _ text: [UInt8], _ what: String) {
        Issue.record("seed \(seed): \(what): \(String(decoding: text, as: UTF8.self).debugDescription)")
    }
}
