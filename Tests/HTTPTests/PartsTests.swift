// The parts that a request passes on its way: deadlines, the check of a field's value, the fields of a response.

import Testing

@testable import HTTP

@Suite("Deadlines")
struct DeadlinesTests {
    private func due(_ deadlines: Deadlines, _ now: UInt64) -> [String] {
        var due: [String] = []
        deadlines.expire(now) { slot, kind in due.append("\(slot) \(kind)") }
        return due
    }

    @Test("each comes once, not before its time and at most 50 ms late, and the last one set counts")
    func times() {
        let deadlines = Deadlines()
        deadlines.reserve(200)
        #expect(deadlines.earliest == nil)
        deadlines.set(0, .header, 8_000)
        deadlines.set(199, .idle, 16_000)
        deadlines.set(7, .body, 24_000)
        deadlines.set(7, .send, 800_000_000)
        #expect(deadlines.earliest! <= 8_000)
        #expect(due(deadlines, 7_999) == [])
        #expect(due(deadlines, 8_008) == ["0 header"])
        // It looks again when some time has passed, not for each of them.
        #expect(deadlines.earliest! > 16_000 && deadlines.earliest! <= 50_008_008)
        #expect(due(deadlines, deadlines.earliest!) == ["199 idle"])
        #expect(due(deadlines, 799_999_999) == [])
        #expect(due(deadlines, 850_000_000) == ["7 send"])
        #expect(deadlines.earliest == nil)
    }

    @Test("one that is taken back never comes, and one may be set anew while it is handed out")
    func clearing() {
        let deadlines = Deadlines()
        deadlines.reserve(3)
        deadlines.set(1, .idle, 80)
        deadlines.clear(1)
        deadlines.clear(1)
        #expect(deadlines.earliest == nil)
        deadlines.set(2, .idle, 80)
        deadlines.expire(100) { slot, _ in deadlines.set(slot, .linger, 160) }
        #expect(deadlines.earliest! <= 160)
        #expect(deadlines.slots(for: .linger) == [2])
        #expect(deadlines.slots(for: .idle) == [])
        #expect(due(deadlines, 200) == ["2 linger"])
    }

    @Test("thousands of slots keep their deadlines when the table grows")
    func growth() {
        let deadlines = Deadlines()
        for slot in 0..<5_000 {
            deadlines.reserve(slot + 1)
            deadlines.set(slot, .body, UInt64(slot + 1) * 8)
        }
        #expect(due(deadlines, 2_000 * 8 + 7).count == 2_000)
        #expect(due(deadlines, 1 << 40).count == 3_000)
    }
}

@Suite("The value of a field")
struct FieldValueTests {
    @Test("is checked eight bytes at a time as it is byte by byte, at every place", arguments: 0..<20)
    func everyByte(_ length: Int) {
        for place in 0..<max(length, 1) {
            for byte in UInt8.min...UInt8.max where length > 0 {
                var text = [UInt8](repeating: 0xC3, count: length)
                text[place] = byte
                let expected = byte >= 32 && byte != 127 || byte == 9
                let isGood = CharacterClass.areFieldValue(text.span)
                #expect(isGood == expected, "\(byte) at \(place) of \(length)")
            }
        }
        let tabs = [UInt8](repeating: 9, count: length)
        let areGood = CharacterClass.areFieldValue(tabs.span)
        #expect(areGood)
    }
}

@Suite("Words of eight bytes")
struct WordTests {
    /// Their neighbours on one side or the other may not stand in a target.
    @Test("find an illegal byte of a target where a check of each byte finds it", arguments: [33, 34, 36, 126])
    func targets(_ filler: UInt8) {
        for length in 1..<20 {
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var text = [UInt8](repeating: filler, count: length)
                    text[place] = byte
                    let expected = byte > 32 && byte < 127 && byte != 35 ? nil : place
                    let found = CharacterClass.firstOutsideTarget(text.span)
                    #expect(found == expected, "\(byte) at \(place) of \(length)")
                }
            }
        }
    }

    /// Letters, and what stands before the first and after the last one.
    @Test("compare names without regard to case, and nothing else", arguments: [0x60, 0x6A])
    func names(_ first: UInt8) {
        for length in 1..<20 {
            let name = (0..<length).map { first + UInt8($0) }
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var other = name
                    other[place] = byte
                    let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(name[place])
                    let expected = byte == name[place] || isLetter && byte == name[place] - 32
                    let isEqual = other.span.equalsIgnoringCase(name.span)
                    #expect(isEqual == expected, "\(byte) at \(place) of \(length)")
                }
            }
        }
    }

    @Test(
        "every header that is known is found by its name, in any case, and by no other", arguments: KnownHeader.allCases
    )
    func knownHeaders(_ header: KnownHeader) {
        let name = Array(String(describing: header.name).utf8)
        let upper = name.map { $0 >= 97 ? $0 - 32 : $0 }
        let (found, foundUpper) = (KnownHeader.named(name.span), KnownHeader.named(upper.span))
        #expect(found == header && foundUpper == header)
        for place in name.indices {
            var other = name
            other[place] = UInt8(ascii: "~")
            let found = KnownHeader.named(other.span)
            #expect(found == nil)
        }
    }
}

@Suite("Response headers")
struct ResponseHeadersTests {
    private func fields(_ headers: ResponseHeaders) -> [String] {
        headers.prebuilt.bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("keep their order, wherever a field is stored")
    func order() {
        var headers = ResponseHeaders(["A": "1"])
        headers.add("B", "2")
        headers.add("C", String(repeating: "3", count: 200))
        headers.add("D", String(repeating: "4", count: 50))
        headers.add("E", String(repeating: "5", count: 60))
        #expect(headers.count == 5)
        #expect(fields(headers).enumerated().filter { $0.offset % 2 == 0 }.map(\.element) == ["A", "B", "C", "D", "E"])
        #expect(fields(headers)[9] == String(repeating: "5", count: 60))
    }

    @Test("of a copy are its own")
    func copies() {
        let common = ResponseHeaders(["A": "1"])
        var one = common, other = common
        one.add("B", "2")
        other.add("C", "3")
        #expect(fields(common) == ["A", "1"])
        #expect(fields(one) == ["A", "1", "B", "2"])
        #expect(fields(other) == ["A", "1", "C", "3"])
    }

    @Test("accept no malformed field, and none that the room writes itself")
    func rejected() {
        var headers = ResponseHeaders()
        var added = [headers.add("A", ""), headers.add("A", "a\r\nb")]
        for name in ["", "a b", "content-length", "Transfer-Encoding", "CONNECTION", "date"] {
            added.append(headers.add(name: Array(name.utf8).span, value: Array("1".utf8).span))
        }
        #expect(!added.contains(true))
        #expect(headers.count == 0)
        #expect(fields(headers) == [])
    }
}
