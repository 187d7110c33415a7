import Testing

@testable import JSON

@Suite("A document")
struct DocumentTests {
    @Test("gives its parts")
    func reading() throws {
        let document = try parse(#"{"n":null,"b":true,"i":-7,"d":1.5,"s":"h\u00e9","a":[1,2],"o":{"x":{}}}"#)
        #expect(document.kind == .object)
        #expect(document.keys == ["n", "b", "i", "d", "s", "a", "o"])
        #expect(document.count == 7)
        #expect(document["n"]?.kind == .null)
        #expect(document["b"]?.boolValue == true)
        #expect(document["i"]?.intValue == -7)
        #expect(document["i"]?.doubleValue == -7)
        #expect(document["d"]?.doubleValue == 1.5)
        #expect(document["d"]?.intValue == nil)
        #expect(document["s"]?.stringValue == "hé")
        #expect(document["a"]?[1]?.intValue == 2)
        #expect(document["a"]?.count == 2)
        #expect(document["o"]?["x"]?.kind == .object)
    }

    @Test("answers nil where there is nothing, and for other kinds")
    func absent() throws {
        let document = try parse(#"{"a":[1],"s":"x"}"#)
        #expect(document["b"] == nil)
        #expect(document[0] == nil)
        #expect(document["a"]?[1] == nil)
        #expect(document["a"]?[-1] == nil)
        #expect(document["a"]?["0"] == nil)
        #expect(document["a\u{0}"] == nil)
        #expect(document["s"]?.intValue == nil)
        #expect(document["s"]?.boolValue == nil)
        #expect(document["a"]?.stringValue == nil)
        #expect(document["s"]?.keys == [])
        #expect(document["s"]?.count == 0)
        #expect(document[""] == nil)
    }

    @Test("keeps a part alive after the whole is gone")
    func sharing() throws {
        func part() throws -> Document? { try parse(#"{"a":{"b":["kept"]}}"#)["a"] }
        #expect(try part()?["b"]?[0]?.stringValue == "kept")
    }

    @Test("keeps NUL in strings, and the last of equal keys")
    func corners() throws {
        #expect(try parse(#""a\u0000b""#).stringValue == "a\u{0}b")
        #expect(try parse(#"{"a":1,"b":0,"a":2}"#)["a"]?.intValue == 2)
        #expect(try parse(#"{"":5}"#)[""]?.intValue == 5)
    }

    @Test("reads every accepted text that jansson can hold", arguments: acceptedCases.filter { !$0.isBeyondJansson })
    func accepts(_ one: Accepted) throws {
        #expect(try parse(one.text).kind == one.kind)
    }

    @Test("refuses with the scanner's error", arguments: rejectedCases)
    func rejects(_ one: Rejected) throws {
        let error = try #require(throws: SyntaxError.self) { _ = try parse(one.text) }
        #expect(error == scan(one.text).error)
    }

    @Test(
        "says where and why JSON cannot be held",
        arguments: [
            ("[1,\n 9223372036854775808, 2]", 5, "too large"), ("{\"a\":1e999}", 5, "too large"),
            ("-1e999", 0, "too large"),
            ("[-99999999999999999999]", 1, "too large"), ("{\"b\":1,\"a\\u0000\":1}", 7, "u0000"),
            (#"{"b":1,"a\"\\\"\u0000":1}"#, 7, "u0000"), (#"{"\\":1,"\u0000":1}"#, 8, "u0000"),
        ])
    func beyond(_ text: String, _ offset: Int, _ message: String) throws {
        #expect(scan(text).isValid)
        let error = try #require(throws: SyntaxError.self) { _ = try parse(text) }
        #expect(error.message.contains(message))
        #expect(error.offset == offset)
    }

    @Test(
        "equals by value",
        arguments: [
            ("1", "1.0", true), ("1", "2", false), ("0.5", "5e-1", true), ("-0", "0", true), ("-0.0", "0", true),
            ("9007199254740993", "9007199254740992.0", false), ("\"a\"", "\"\\u0061\"", true),
            ("[1,2]", "[2,1]", false),
            ("{\"a\":1,\"b\":[]}", "{\"b\":[],\"a\":1.0}", true), ("{\"a\":1}", "{\"a\":1,\"b\":1}", false),
            ("null", "false", false),
            ("true", "true", true), ("{\"a\":1}", "{\"b\":1}", false), ("[]", "{}", false),
            ("\"\u{E9}\"", "\"e\u{301}\"", false),
        ])
    func equality(_ one: String, _ other: String, _ expected: Bool) throws {
        #expect((try parse(one) == parse(other)) == expected)
        #expect((try parse(other) == parse(one)) == expected)
    }

    @Test(
        "writes compact JSON in the order of the text",
        arguments: [
            ("{ \"b\" : 1 , \"a\" : [ 1.0 , 0.1, -0.5 ] }", "{\"b\":1,\"a\":[1.0,0.1,-0.5]}"),
            ("\"\\u00e9\\n\\/\"", "\"é\\n/\""),
            ("[1e3,1E-7,12345678901]", "[1000.0,1e-07,12345678901]"), ("null", "null"), ("\"\\u0000\"", "\"\\u0000\""),
        ])
    func writing(_ text: String, _ expected: String) throws {
        let document = try parse(text)
        #expect("\(document)" == expected)
        #expect(try parse(document.serialize()) == document)
    }

    @Test("is made from Swift values and literals")
    func making() throws {
        let documents: [Document] = [true, 42, 1.5, "text", .null, Document("with\u{0}NUL"), Document("")]
        #expect(documents.map(\.description) == ["true", "42", "1.5", "\"text\"", "null", "\"with\\u0000NUL\"", "\"\""])
    }

    @Test("keeps to its depth")
    func depth() throws {
        let text = String(repeating: "[", count: 129) + String(repeating: "]", count: 129)
        #expect(throws: SyntaxError.self) { _ = try parse(text) }
        #expect(try Document(parsing: text, maxDepth: 512).kind == .array)
    }

    @Test("decodes single strings", arguments: [(#""a\tb""#, "a\tb"), (#""\ud83d\ude00""#, "😀"),
    (#""\u00e9\u20ac""#, "é€"), (#""\/\\\"""#, "/\\\"")])
    func strings(_ literal: String, _ expected: String) {
        let text = bytes(literal)
        #expect(decodeString(text.span) == bytes(expected))
    }

    @Test("decodes nothing else", arguments: ["", "\"", "1", " \"a\"", "\"a\" ", "\"a", "\"\\ud800\"", "[\"a\"]"])
    func notStrings(_ literal: String) {
        let text = bytes(literal)
        #expect(decodeString(text.span) == nil)
    }
}
