import Testing

@testable import JSON

@Suite("A pointer")
struct PointerTests {
    @Test(
        "finds what RFC 6901, section 5, says",
        arguments: [
            ("/foo", #"["bar","baz"]"#), ("/foo/0", #""bar""#), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"), (#"/i\j"#, "5"), (#"/k"l"#, "6"), ("/ ", "7"), ("/m~0n", "8"),
        ])
    func examples(_ pointer: String, _ expected: String) throws {
        let text = #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#
        let document = try parse(text)
        #expect(document[try Pointer(pointer)] == (try parse(expected)))
        #expect(document[try Pointer("")] == document)
        let range = try #require(try locate([pointer], in: bytes(text))[0])
        #expect(String(decoding: bytes(text)[range], as: UTF8.self) == expected)
    }

    @Test("writes itself as it was read", arguments: ["", "/", "//", "/a/b", "/a~1b/m~0n", "/~01", "/é/0"])
    func description(_ text: String) throws {
        #expect("\(try Pointer(text))" == text)
    }

    @Test(
        "refuses what is none, with a hint",
        arguments: [
            ("a", 0, "write \"/a\""), ("#/a", 0, "has no # here: write \"/a\""), ("$.a", 0, "JSONPath"),
            ("/a~", 2, "~0"),
            ("/~2", 1, "~0"), ("/~/a", 1, "~0"), ("a/b", 0, "begin with a slash"),
            (String(repeating: "/x", count: 17), 32, "16 parts"),
        ])
    func rejection(_ text: String, _ offset: Int, _ hint: String) throws {
        let error = try #require(throws: PointerError.self) { _ = try Pointer(text) }
        #expect(error.offset == offset)
        #expect(error.message.contains(hint), "\(error.message)")
    }

    @Test("compares by code points, not by looks")
    func equality() throws {
        #expect(try Pointer("/a~0") == Pointer("/a~0"))
        #expect(try Pointer("/\u{E9}") != Pointer("/e\u{301}"))
    }
}

@Suite("The locator")
struct LocatorTests {
    @Test("gives the bytes of a reply envelope's parts, to the byte")
    func envelope() throws {
        let text = bytes("{ \"status\" : 201 , \"headers\":{\"a\":\"b\"},\n \"body\" : [1, {\"x\" :2 } ] , \"r\":null}")
        let ranges = try locate(["/status", "/headers", "/body", "/none", "/body/1/x"], in: text)
        let found = ranges.map { $0.map { String(decoding: text[$0], as: UTF8.self) } }
        #expect(found == ["201", "{\"a\":\"b\"}", "[1, {\"x\" :2 } ]", nil, "2"])
    }

    @Test("finds a top-level value of every kind", arguments: ["1", "\"a\\n\"", "null", "[1]", "{\"a\":{}}", "-1.5e3"])
    func topLevel(_ value: String) throws {
        #expect(try locate([""], in: bytes("  \(value)\n")) == [2..<2 + value.utf8.count])
        #expect(try locate([""], in: bytes(value)) == [0..<value.utf8.count])
    }

    @Test("takes the last of equal keys, with all that is below it")
    func duplicates() throws {
        let text = bytes(#"{"a":{"b":1},"a":{"c":2}}"#)
        #expect(try locate(["/a", "/a/b", "/a/c"], in: text) == [17..<24, nil, 22..<23])
    }

    @Test("finds nothing in what is not JSON")
    func invalid() throws {
        #expect(try locate(["/a", ""], in: bytes(#"{"a":1"#)) == [nil, nil])
    }

    @Test("finds a value of any length")
    func long() throws {
        let body = "\"" + String(repeating: "x", count: 200_000) + "\""
        #expect(try locate(["/body"], in: bytes("{\"body\":\(body)}")) == [8..<8 + body.utf8.count])
    }
}
