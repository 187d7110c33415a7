// The text of route templates.

import Testing

@testable import Bridge

@Suite("A path template")
struct RoutePatternTests {
    @Test("is cut into literals, parameters and a rest")
    func segments() {
        let cases: [(String, [RoutePattern.Segment])] = [
            ("/", [.literal("")]),
            ("/a", [.literal("a")]),
            ("/a/", [.literal("a"), .literal("")]),
            ("/a/{id}/b/{r...}", [.literal("a"), .parameter("id"), .literal("b"), .rest("r")]),
            ("/{A_9}", [.parameter("A_9")]),
            ("/{rest...}", [.rest("rest")]),
            ("/a...b", [.literal("a...b")]),
        ]
        for (text, segments) in cases { #expect(RoutePattern.parse(text) == .segments(segments)) }
    }

    @Test(
        "that is malformed is rejected with a sentence",
        arguments: [
            "", "a", "a/b", "/{}", "/{...}", "/{a", "/a}", "/a{b}", "/{a}b", "/{a}{b}", "/{a-b}", "/{\u{E9}}", "/{a b}",
            "/{r...}/a", "/{r...}/", "/{a}/{a}", "/{a}/{a...}", "/{a....}", "/{{a}}", "/..", "/a/./b",
        ])
    func broken(_ text: String) {
        guard case .failure(let sentence) = RoutePattern.parse(text) else {
            Issue.record("\(text) was taken")
            return
        }
        #expect(!sentence.isEmpty)
    }
}

@Suite("A part of a query")
struct QueryPartTests {
    private func decode(_ text: String, _ range: Range<Int>? = nil) -> String? {
        let bytes = Array(text.utf8)
        let result = PercentDecoding.queryPart(bytes.span, range ?? 0..<bytes.count)
        if case .text(let decoded) = result { return decoded } else { return nil }
    }

    @Test("has spaces for plus signs and escapes decoded, once")
    func decoding() {
        #expect(decode("") == "")
        #expect(decode("a+b%20c") == "a b c")
        #expect(decode("%2B+%2525") == "+ %25")
        #expect(decode("..") == "..")
        #expect(decode("%C3%a9") == "\u{E9}")
        #expect(decode("a=%41&b", 2..<5) == "A")
    }

    @Test(
        "is refused where an escape is broken or runs over its end",
        arguments: ["%", "%4", "%g1", "%00", "%80", "a\0"])
    func broken(_ text: String) {
        #expect(decode(text) == nil)
    }

    @Test("does not read digits from behind its range")
    func range() {
        #expect(decode("%41", 0..<2) == nil)
        #expect(decode("%41", 0..<1) == nil)
    }

    @Test("takes exactly the sixteen hexadecimal digits, in both cases")
    func digits() {
        for high in UInt8.min...UInt8.max {
            let bytes: [UInt8] = [0x25, 0x34, high]
            guard high < 0x80, let digit = Character(UnicodeScalar(high)).hexDigitValue else {
                #expect(PercentDecoding.escape(bytes.span, 0, 3) == nil)
                continue
            }
            #expect(PercentDecoding.escape(bytes.span, 0, 3) == 0x40 | UInt8(digit))
        }
    }
}
