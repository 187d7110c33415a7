import Testing

@testable import JSON

@Suite("The writer")
struct WriterTests {
    private func text(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("sets commas and colons")
    func structure() {
        let written = text { w in
            w.beginObject()
            w.key("a"); w.int(1)
            w.key("b"); w.beginArray(); w.null(); w.bool(true); w.beginArray(); w.endArray(); w.bool(false)
            w.endArray()
            w.key("c"); w.beginObject(); w.endObject()
            w.key("d"); w.string("x")
            w.endObject()
        }
        #expect(written == #"{"a":1,"b":[null,true,[],false],"c":{},"d":"x"}"#)
    }

    @Test("writes numbers")
    func numbers() {
        let written = text { w in
            w.beginArray()
            for value in [0, 7, -7, Int.max, Int.min] { w.int(value) }
            w.uint(.max)
            for value in [0.1, 1, -2.5e300, .infinity, .nan] { w.double(value) }
            w.endArray()
        }
        #expect(
            written == "[0,7,-7,9223372036854775807,-9223372036854775808,18446744073709551615,"
                + "0.1,1.0,-2.5e+300,null,null]")
        #expect(scan(written).isValid)
    }

    @Test(
        "escapes what must be escaped, and nothing else",
        arguments: [
            ("", #""""#), ("a", #""a""#), ("\"\\/", #""\"\\/""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
            ("\u{0}\u{1}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u001f\u{7F}\""), ("é€😀", "\"é€😀\""),
            ("a long text with a \" in its middle", #""a long text with a \" in its middle""#),
        ])
    func escapes(_ plain: String, _ expected: String) throws {
        let written = text { $0.string(plain) }
        #expect(written == expected)
        #expect(try parse(written).stringValue == plain)
    }

    @Test(
        "puts U+FFFD for bytes that are not UTF-8",
        arguments: [
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b"), ([0xC3], "\u{FFFD}"), ([0xE2, 0x82], "\u{FFFD}\u{FFFD}"),
            ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"), ([0xC3, 0xA9, 0x80, 0xC3, 0xA9], "é\u{FFFD}é"),
        ] as [([UInt8], String)])
    func invalidUTF8(_ input: [UInt8], _ expected: String) throws {
        var writer = JSONWriter()
        writer.string(input.span)
        let written = writer.bytes
        #expect(scan(written).isValid)
        #expect(try parse(written).stringValue == expected)
    }

    @Test("splices raw values as they are")
    func raw() {
        var writer = JSONWriter()
        let value = bytes("{\"a\" :\r\n\"x\\n\"}")
        writer.beginArray()
        writer.raw(value.span)
        writer.endArray()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "[{\"a\" :\r\n\"x\\n\"}]")
    }

    @Test("starts again after a reset")
    func reset() {
        var writer = JSONWriter(reservingBytes: 64)
        writer.beginArray()
        writer.int(1)
        writer.reset()
        writer.beginObject()
        writer.endObject()
        #expect(writer.bytes == bytes("{}"))
    }

    @Test("writes every string so that the scanner and jansson read it back", .timeLimit(.minutes(1)))
    func roundTrip() throws {
        var random = Seeded(state: 11)
        for _ in 0..<500 {
            let raw = (0..<random.below(40)).map { _ in
                random.chance(60) ? UInt8.random(in: 0x20...0x7E, using: &random) : UInt8.random(in: 0...255,
                using: &random)
            }
            var writer = JSONWriter()
            writer.string(raw.span)
            let expected = String(decoding: raw, as: UTF8.self)
            let written = writer.bytes
            #expect(scan(written).isValid)
            if validateUTF8(raw.span) == nil {
                #expect(decodeString(written.span) == raw)
                #expect(try parse(written).stringValue == expected)
            }
        }
    }
}

@Suite("Base64")
struct Base64Tests {
    private func encode(_ plain: [UInt8]) -> String { String(decoding: Base64.encode(plain.span), as: UTF8.self) }
    private func decode(_ text: [UInt8]) -> [UInt8]? { Base64.decode(text.span) }

    @Test(
        "encodes and decodes the vectors of RFC 4648, section 10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(_ plain: String, _ text: String) {
        #expect(encode(bytes(plain)) == text)
        #expect(decode(bytes(text)) == bytes(plain))
    }

    @Test("uses the whole alphabet and comes back, for every length")
    func roundTrip() {
        for length in 0..<100 {
            let plain = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ length) }
            #expect(decode(bytes(encode(plain))) == plain)
        }
        #expect(encode([0xFB, 0xFF, 0xBF]) == "+/+/")
    }

    @Test(
        "refuses every other spelling",
        arguments: ["Z", "Zg", "Zg=", "Zg==\n", "Z===", "====", "Zh==", "Zm9=", "Zm9v=", "Zm 8=", "Zm-_", "=Zg=",
        "Zg==Zg==", "Zm8é"])
    func refusals(_ text: String) {
        #expect(decode(bytes(text)) == nil)
    }

    @Test("is written as a JSON string behind what is there")
    func writer() {
        var writer = JSONWriter()
        let plain = bytes("fooba")
        writer.beginArray()
        writer.base64(plain.span)
        writer.base64(plain.span)
        writer.endArray()
        #expect(writer.bytes == bytes(#"["Zm9vYmE=","Zm9vYmE="]"#))
    }
}
