import Testing

@testable import JSON

/// One question to one text. `holds` is what the answer must be.
struct MatchCase: Sendable, CustomTestStringConvertible {
    let pointer: String
    let test: Matcher.Test
    let text: String
    let holds: Bool

    init(_ pointer: String, _ test: Matcher.Test, _ text: String, _ holds: Bool) {
        (self.pointer, self.test, self.text, self.holds) = (pointer, test, text, holds)
    }

    /// `literal` is JSON text.
    init(_ pointer: String, equals literal: String, _ text: String, _ holds: Bool) {
        guard let document = try? parse(literal) else { preconditionFailure("\(literal) is no JSON") }
        self.init(pointer, .equals(document), text, holds)
    }

    var testDescription: String { "\(pointer) in \(text.prefix(50).debugDescription)" }
}

let matchCases: [MatchCase] = [
    // Being there.
    .init("/a", .exists, #"{"a":1}"#, true), .init("/a", .exists, #"{"a":null}"#, true),
    .init("/a", .exists, #"{"b":1}"#, false),
    .init("/a", .exists, #"{"b":{"a":1}}"#, false), .init("/a", .exists, "[]", false),
    .init("/a", .exists, "\"a\"", false),
    .init("/a/b", .exists, #"{"a":{"b":{}}}"#, true), .init("/a/b", .exists, #"{"a":[{"b":1}]}"#, false),
    .init("", .exists, "1", true), .init("/", .exists, #"{"":[]}"#, true),
    .init("/a", .exists, #"{"a":[]}"#, true),
    .init("/a~1b", .exists, #"{"a/b":1}"#, true), .init("/m~0n", .exists, #"{"m~n":1}"#, true),
    .init("/a", .exists, #"{"aa":1}"#, false),
    .init("/é", .exists, #"{"é":1}"#, true), .init("/é", .exists, #"{"\u00e9":1}"#, true),
    .init("/a", .exists, #"{"\u0061":1}"#, true),
    .init("/\u{E9}", .exists, "{\"e\u{301}\":1}", false), .init("/a\"b", .exists, #"{"a\"b":1}"#, true),
    // Indices.
    .init("/0", .exists, "[1]", true), .init("/1", .exists, "[1]", false), .init("/0", .exists, "[]", false),
    .init("/0", .exists, #"{"0":1}"#, true), .init("/00", .exists, "[1]", false),
    .init("/-", .exists, "[1]", false),
    .init("/2/1", equals: "5", "[[0,1],[2,3],[4,5],[6,7]]", true), .init("/1", equals: "2", "[[9,9],2]", true),
    .init("/1", equals: "2", "[{\"1\":3},2,4]", true), .init("/0/0/0", equals: "true", "[[[true]]]", true),
    .init("/10", equals: "10", "[0,1,2,3,4,5,6,7,8,9,10]", true),
    .init("/a/1", equals: "2", #"{"a":[1,2,3]}"#, true),
    // Literals.
    .init("/a", equals: "true", #"{"a":true}"#, true), .init("/a", equals: "true", #"{"a":false}"#, false),
    .init("/a", equals: "true", #"{"a":"true"}"#, false), .init("/a", equals: "true", #"{"a":1}"#, false),
    .init("/a", equals: "null", #"{"a":null}"#, true), .init("/a", equals: "null", #"{}"#, false),
    .init("", equals: "false", "false", true),
    // Numbers by value.
    .init("/a", equals: "1", #"{"a":1}"#, true), .init("/a", equals: "1", #"{"a":1.0}"#, true),
    .init("/a", equals: "1", #"{"a":10e-1}"#, true),
    .init("/a", equals: "1.0", #"{"a":1}"#, true), .init("/a", equals: "1", #"{"a":-1}"#, false),
    .init("/a", equals: "0", #"{"a":-0}"#, true),
    .init("/a", equals: "0", #"{"a":-0.0e5}"#, true), .init("/a", equals: "100", #"{"a":1E2}"#, true),
    .init("/a", equals: "-12", #"{"a":-12}"#, true),
    .init("/a", equals: "1", #"{"a":1.0000000000000000000000001}"#, false),
    .init("/a", equals: "9007199254740993", #"{"a":9007199254740992}"#, false),
    .init("/a", equals: "9007199254740993", #"{"a":9007199254740993.0}"#, true),
    .init("/a", equals: "9223372036854775807", #"{"a":9223372036854775807}"#, true),
    .init("/a", equals: "9223372036854775807", #"{"a":9223372036854775808}"#, false),
    .init("/a", equals: "0.1", #"{"a":0.1}"#, true),
    .init("/a", equals: "0.1", #"{"a":0.10000000000000001}"#, true),
    .init("/a", equals: "0.1", #"{"a":1e-1}"#, true),
    .init("/a", equals: "0.5", #"{"a":0.25}"#, false), .init("/a", equals: "1.5", #"{"a":1e999}"#, false),
    .init("/a", equals: "1", #"{"a":1e999}"#, false),
    .init("/a", equals: "1", #"{"a":"1"}"#, false), .init("", equals: "42", "42", true),
    .init("", equals: "42", " 42 ", true), .init("", equals: "42", "420", false),
    // Strings after unescaping.
    .init("/a", equals: #""end""#, #"{"a":"end"}"#, true),
    .init("/a", equals: #""end""#, #"{"a":"ending"}"#, false),
    .init("/a", equals: #""end""#, #"{"a":"en"}"#, false),
    .init("/a", equals: #""end""#, #"{"a":"\u0065nd"}"#, true),
    .init("/a", equals: #""a/b\n""#, #"{"a":"a\/b\u000a"}"#, true),
    .init("/a", equals: #""😀""#, #"{"a":"\ud83d\ude00"}"#, true),
    .init("/a", equals: #""""#, #"{"a":""}"#, true), .init("/a", equals: #""""#, #"{"a":"\u0000"}"#, false),
    .init("", equals: #""END""#, "\"END\"", true),
    .init("/a", equals: "\"\u{E9}\"", "{\"a\":\"e\u{301}\"}", false),
    .init("/a", equals: #""\u0000""#, #"{"a":"\u0000"}"#, true),
    // Arrays and objects.
    .init("/a", equals: "[]", #"{"a":[ ]}"#, true), .init("/a", equals: "[1,2]", #"{"a":[1.0, 2]}"#, true),
    .init("/a", equals: "[1,2]", #"{"a":[2,1]}"#, false),
    .init("/a", equals: #"{"x":1,"y":2}"#, #"{"a":{"y":2,"x":1}}"#, true),
    .init("/a", equals: "{}", #"{"a":[]}"#, false),
    .init("/a", equals: "{}", #"{"a":{"x":1}}"#, false), .init("", equals: "[[]]", "[[]]", true),
    .init("/0", equals: "[]", "[[],[1]]", true),
    .init("/1", equals: "[1]", "[[],[1]]", true), .init("", equals: "{}", "{}", true),
    .init("/a", equals: "[1]", #"{"a":[1e999]}"#, false),
    // Of equal keys the last one counts.
    .init("/a", equals: "1", #"{"a":1,"a":2}"#, false), .init("/a", equals: "2", #"{"a":1,"a":2}"#, true),
    .init("/a/b", .exists, #"{"a":{"b":1},"a":{}}"#, false),
    .init("/a/b", .exists, #"{"a":{"b":1},"a":5}"#, false),
    .init("/a/b", equals: "2", #"{"a":{"b":1},"a":{"b":2}}"#, true),
    .init("/a", equals: "1", #"{"a":1,"\u0061":2}"#, false), .init("/a", .exists, #"{"a":1,"a":2}"#, true),
    // Keys and values elsewhere do not confuse.
    .init("/a/b", equals: "1", #"{"x":{"a":{"b":1}},"a":{"c":{"b":1},"b":1}}"#, true),
    .init("/a", equals: "1", #"[{"a":1}]"#, false),
    .init("/b", equals: "2", #"{"a":[{"b":1},[{"b":1}]],"b":2}"#, true),
    .init("/a/b", equals: "1", #"{"a":[],"b":1}"#, false),
    .init("/done", equals: "true", #"{"a":"\"done\":true"}"#, false),
    .init("/a/0/b", equals: "1", #"{"a":[{"b":1},{"b":2}]}"#, true),
]

@Suite("The matcher")
struct MatcherTests {
    @Test("answers right, wherever the text is cut", arguments: matchCases)
    func answers(_ one: MatchCase) throws {
        let matcher = try matcher([(one.pointer, one.test)])
        let text = bytes(one.text)
        let whole = scan(text, matcher)
        #expect(whole.isValid)
        #expect(whole.holds(0) == one.holds)
        for cut in 0...text.count { #expect(scan(text, cutAt: [cut], matcher) == whole, "cut at \(cut)") }
        #expect(scan(text, cutAt: Array(0...text.count), matcher) == whole, "byte by byte")
    }

    @Test("answers all of its tests in one pass, each with its bit")
    func manyTests() throws {
        let tests: [(String, Matcher.Test)] = [
            ("/done", .equals(true)), ("/done", .exists), ("/done", .equals(false)), ("/error", .exists),
            ("/error/code", .equals(7)),
            ("/error/code", .equals("7")), ("", .exists), ("/list/1/x", .equals("y")), ("/list",
            .equals(try parse(#"[0,{"x":"y"}]"#))),
            ("/list/1", .equals(try parse(#"{"x":"y"}"#))),
        ]
        let matcher = try matcher(tests)
        let text = bytes(#"{"done":true,"error":{"code":7},"list":[0,{"x":"y"}]}"#)
        let expected: UInt32 = 0b11_1101_1011
        #expect(scan(text, matcher).matches == expected)
        for cut in 0...text.count { #expect(scan(text, cutAt: [cut], matcher).matches == expected) }
    }

    @Test("keeps counting elements after one that a pointer led into")
    func siblings() throws {
        let matcher = try matcher([("/1/0", .equals(5)), ("/2", .equals(2)), ("/3/1", .exists), ("/4", .equals(4))])
        let text = bytes("[0,[5,6,7],2,[8],4]")
        #expect(scan(text, matcher).matches == 0b1011)
        for cut in 0...text.count { #expect(scan(text, cutAt: [cut], matcher).matches == 0b1011) }
    }

    @Test("does not mistake what follows an empty array for its first element")
    func emptyArrays() throws {
        let matcher = try matcher([("/a/0", .exists), ("/a/0", .equals(1)), ("/0/0", .exists)])
        #expect(scan(#"{"a":[],"long key":1}"#, matcher).matches == 0)
        #expect(scan(#"{"a":[ ],"b":1}"#, matcher).matches == 0)
        #expect(scan("[[],1]", matcher).matches == 0)
    }

    @Test("answers nothing for a text that is not JSON")
    func invalid() throws {
        let matcher = try matcher([("/a", .exists)])
        #expect(scan(#"{"a":1"#, matcher).matches == 0)
        #expect(scan(#"{"a":1}}"#, matcher).matches == 0)
    }

    @Test("takes sixteen tests and pointers of sixteen tokens")
    func bounds() throws {
        let deep = String(repeating: "/a", count: 16)
        var tests: [(String, Matcher.Test)] = (0..<15).map { ("/k\($0)", .equals(.init($0))) }
        tests.append((deep, .equals("deep")))
        let matcher = try matcher(tests)
        let members = (0..<15).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let nested = String(repeating: "{\"a\":", count: 15) + "\"deep\"" + String(repeating: "}", count: 15)
        #expect(scan("{\(members),\"a\":\(nested)}", matcher).matches == 0xFFFF)
    }

    @Test("calls nothing equal that is written with more bytes than it keeps, whether in one piece or in many")
    func longValues() throws {
        let matcher = try matcher([("/a", .equals(1)), ("/a", .exists), ("/b", .equals(2)), ("",
        .equals(try parse("{}")))])
        let padding = String(repeating: "0", count: 70_000)
        let text = bytes("{\"a\":1.\(padding),\"b\":2.\(String(repeating: "0", count: 60_000))}")
        let whole = scan(text, matcher)
        #expect(whole.matches == 0b0110)
        #expect(scan(text, cutAt: [1, 3, 5, 9, 30_000, 65_540, 65_545, 65_600, 70_000, 90_000, 120_000],
        matcher) == whole)
        #expect(scan(text, cutAt: Array(stride(from: 0, to: text.count, by: 1_460)), matcher) == whole)
        #expect(scan(text, cutAt: [30_000, 71_000], matcher) == whole)
    }

    @Test("keeps a value that it can compare when the container around it has become too long")
    func nestedLongValues() throws {
        let matcher = try matcher([("", .equals(try parse("{}"))), ("/b", .equals(try parse("[1,2]")))])
        let (filling, space) = (String(repeating: "x", count: 65_000), String(repeating: " ", count: 900))
        let text = bytes("{\"p\":\"\(filling)\",\"b\":[1,\(space)2]}")
        #expect(scan(text, matcher).matches == 0b10)
        #expect(scan(text, cutAt: [65_020, 65_800], matcher).matches == 0b10)
        #expect(scan(text, cutAt: Array(65_000..<text.count), matcher).matches == 0b10)
    }

    @Test("keeps no more of a text in pieces than it says")
    func keptBytes() throws {
        let pieces = ["{\"a\":\"", String(repeating: "x", count: 40_000), String(repeating: "y", count: 40_000), "z",
        "\"}"]
        var scanner = Scanner(matching: try matcher([("/a", .equals("x")), ("", .equals(try parse("{}")))]))
        for piece in pieces.map(bytes) {
            scanner.feed(piece.span)
            #expect(scanner.tracking?.kept.count ?? 0 <= 65_536)
        }
        #expect(scanner.finish().isValid)
    }

    @Test("finds keys of every length", arguments: [0, 1, 7, 8, 9, 62, 63, 64, 65, 126, 127, 128, 200])
    func keyLengths(_ length: Int) throws {
        let key = String(repeating: "k", count: length)
        let matcher = try matcher([("/\(key)", .equals(1)), ("/other/\(key)", .equals(2))])
        #expect(scan("{\"\(key)\":1,\"\(key)x\":0,\"other\":{\"\(key)x\":0,\"\(key)\":2}}", matcher).matches == 0b11)
        #expect(scan("{\"\(key)x\":1,\"other\":{\"x\(key)\":2}}", matcher).matches == 0)
    }

    @Test("finds long strings and keys, as long as their literal")
    func longLiterals() throws {
        let long = String(repeating: "ä", count: 40_000)
        let escaped = String(repeating: "\\u00e4", count: 40_000)
        let matcher = try matcher([("/k", .equals(.init(long))), ("/\(long)", .equals(1))])
        let text = bytes("{\"k\":\"\(escaped)\",\"\(escaped)\":1}")
        #expect(scan(text, matcher).matches == 0b11)
        #expect(scan(text, cutAt: Array(stride(from: 0, to: text.count, by: 1_460)), matcher).matches == 0b11)
    }
}
