import Testing

@testable import JSON

@Suite("UTF-8 validation")
struct UTF8Tests {
    private func check(_ text: [UInt8]) -> Int? { validateUTF8(text.span) }

    private func check(_ text: [UInt8], cutAt cuts: [Int]) -> Int? {
        var validator = UTF8Validator()
        var start = 0
        for cut in cuts + [text.count] {
            let piece = Array(text[start..<cut])
            validator.feed(piece.span)
            start = cut
        }
        return validator.finish()
    }

    /// The standard library's opinion.
    private func isUTF8(_ text: [UInt8]) -> Bool { String(validating: text, as: UTF8.self) != nil }

    @Test(
        "reports where the first ill-formed sequence begins",
        arguments: [
            ([], nil), ([0x61], nil), ([0x61, 0x80], 1), ([0xC3, 0xA9], nil), ([0x61, 0xC3], 1), ([0xE2, 0x82], 0),
            ([0x61, 0x62, 0xF0, 0x9F, 0x98, 0x80], nil), ([0x61, 0x62, 0xF0, 0x9F, 0x98, 0x61], 2),
            ([0xC3, 0xA9, 0xFF], 2),
            ([0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0xC0], 9), ([0xEF, 0xBB, 0xBF, 0x61], nil),
            ([0x00], nil),
        ] as [([UInt8], Int?)])
    func offsets(_ text: [UInt8], _ expected: Int?) {
        #expect(check(text) == expected)
        for cut in 0...text.count { #expect(check(text, cutAt: [cut]) == expected) }
        #expect(check(text, cutAt: Array(0...text.count)) == expected)
    }

    @Test("agrees with the standard library on every two bytes and on every edge of three and four")
    func exhaustive() {
        var wrong = 0
        for first in UInt8(0)...255 {
            for second in UInt8(0)...255 {
                if (check([first, second]) == nil) != isUTF8([first, second]) { wrong += 1 }
                guard first >= 0xE0 else { continue }
                for third in [0x00, 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF] as [UInt8] {
                    let three = [first, second, third]
                    if (check(three) == nil) != isUTF8(three) { wrong += 1 }
                    if (check(three, cutAt: [1, 2]) == nil) != isUTF8(three) { wrong += 1 }
                    for fourth in [0x7F, 0x80, 0xBF, 0xC0] as [UInt8] {
                        let four = three + [fourth]
                        if (check(four) == nil) != isUTF8(four) { wrong += 1 }
                    }
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test("finds one bad byte at every place of a long text")
    func everyPlace() {
        let text = Array(String(repeating: "aé€😀", count: 6).utf8)
        #expect(check(text) == nil)
        for place in text.indices {
            var bad = text
            bad[place] = 0xFF
            let error = check(bad)
            #expect(error != nil && error! <= place && error! + 4 > place)
            for cut in [place / 2, place] { #expect(check(bad, cutAt: [cut]) == error) }
        }
    }

    @Test("is as new after a reset")
    func reset() {
        var validator = UTF8Validator()
        let (bad, good): ([UInt8], [UInt8]) = ([0xC3], [0xC3, 0xA9])
        validator.feed(bad.span)
        validator.reset()
        validator.feed(good.span)
        #expect(validator.finish() == nil)
    }
}
