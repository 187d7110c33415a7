// The well-known cases of what JSON parsers get wrong (after N. Seriot, "Parsing JSON is a minefield", and the bugs
// of parsers we met). One table; several suites read it.

import Testing

@testable import JSON

/// A text that is JSON, and what its top-level value is.
struct Accepted: Sendable, CustomTestStringConvertible {
    let text: [UInt8]
    let kind: JSONKind
    /// jansson cannot hold it, though it is JSON.
    let isBeyondJansson: Bool

    init(_ text: String, _ kind: JSONKind, isBeyondJansson: Bool = false) {
        self.text = Array(text.utf8)
        self.kind = kind
        self.isBeyondJansson = isBeyondJansson
    }

    var testDescription: String { String(decoding: text.prefix(40), as: UTF8.self).debugDescription }
}

/// A text that is not JSON: where it goes wrong and a part of the sentence.
struct Rejected: Sendable, CustomTestStringConvertible {
    let text: [UInt8]
    let offset: Int
    let message: String

    init(_ text: String, _ offset: Int, _ message: String) { self.init(Array(text.utf8), offset, message) }

    init(_ text: [UInt8], _ offset: Int, _ message: String) {
        self.text = text
        self.offset = offset
        self.message = message
    }

    var testDescription: String { String(decoding: text.prefix(40), as: UTF8.self).debugDescription }
}

let acceptedCases: [Accepted] = [
    // Top-level values of every kind, and white space around them.
    .init("null", .null), .init("true", .bool), .init("false", .bool), .init("0", .number), .init("\"\"", .string),
    .init("[]", .array), .init("{}", .object), .init(" \t\r\n null \n", .null), .init("[ ]", .array),
    .init("{ }", .object), .init("        [        1        ]        ", .array),
    // Numbers.
    .init("-0", .number), .init("-1", .number), .init("0.5", .number), .init("-0.0", .number),
    .init("1e5", .number),
    .init("1E+5", .number), .init("1e-05", .number), .init("0e0", .number),
    .init("123.456e789012", .number, isBeyondJansson: true),
    .init("9223372036854775807", .number), .init("-9223372036854775808", .number),
    .init("9223372036854775808", .number, isBeyondJansson: true), .init("1e999", .number, isBeyondJansson: true),
    .init("123456789012345678901234567890", .number, isBeyondJansson: true), .init("1e-999", .number),
    .init("[0.1,2.25,-3.5e1]", .array), .init("[10,20,30]", .array), .init("0.00000000000000000000001", .number),
    // Strings.
    .init(#""\"\\\/\b\f\n\r\t""#, .string), .init(#""\u0041\u00e9\u20AC""#, .string),
    .init(#""\uD83D\uDE00""#, .string),
    .init(#""\ud83d\ude00 and \uD834\udd1e""#, .string), .init(#""\u0000""#, .string),
    .init(#""\uFFFF\ufffe""#, .string),
    .init("\"\u{7F}\"", .string), .init("\"é€😀\"", .string), .init("\"\u{2028}\u{2029}\"", .string),
    .init("\"\u{FEFF}\"", .string), .init("\"/\"", .string),
    .init("\"plain text of more than sixteen bytes\"", .string),
    .init("\"\u{10FFFF}\u{D7FF}\u{E000}\u{800}\u{80}\"", .string), .init(#""a\\""#, .string),
    .init(#"["\\\\","\""]"#, .array),
    // Arrays and objects.
    .init("[1,\"two\",null,[true,[false]],{}]", .array), .init(#"{"a":1,"b":{"c":[{}]},"":""}"#, .object),
    .init(#"{"a":1,"a":2}"#, .object), .init(#"{"a\u0000b":1}"#, .object, isBeyondJansson: true),
    .init("[[[[[[[[[[]]]]]]]]]]", .array), .init("{\"a\"\n:\r\n1\t,\n\"b\" : 2}", .object),
    .init("[null,true,false]", .array),
    .init(String(repeating: "[", count: 128) + String(repeating: "]", count: 128), .array),
    .init(String(repeating: "{\"k\":", count: 127) + "{}" + String(repeating: "}", count: 127), .object),
    .init(String(repeating: "[{\"k\":", count: 64) + "1" + String(repeating: "}]", count: 64), .array),
]

let rejectedCases: [Rejected] = [
    // Nothing, or not enough.
    .init("", 0, "empty"), .init("  \n", 3, "empty"), .init("[", 1, "inside an array"),
    .init("{", 1, "inside an object"),
    .init("[1", 2, "inside an array"), .init("[1,", 3, "where a value"), .init(#"{"a""#, 4, "colon"),
    .init(#"{"a":"#, 5, "where a value"), .init(#"{"a":1"#, 6, "inside an object"), .init(#"{"a":1,"#, 7, "key"),
    .init("\"abc", 4, "closing double quote"), .init(#""abc\"#, 5, "inside a string"),
    .init(#""\u12"#, 5, "inside a string"),
    .init(#""\ud83d"#, 7, "inside a string"), .init("tru", 3, "true, false or null"),
    .init("-", 1, "inside a number"),
    .init("1.", 2, "inside a number"), .init("1e", 2, "inside a number"), .init("1e+", 3, "inside a number"),
    .init([0x22, 0xE2, 0x82], 3, "inside a string"),
    // Too much.
    .init("1 2", 2, "after the value"), .init("{}x", 2, "'x' after the value"), .init("[]]", 2, "after the value"),
    .init("null,", 4, "after the value"), .init("\"a\"\"b\"", 3, "after the value"), .init("1\u{0}", 1, "NUL"),
    .init("{} //", 3, "after the value"), .init("[1]\u{A0}", 3, "after the value"),
    .init("truefalse", 4, "after the value"),
    // Commas, colons, brackets.
    .init("[1,]", 3, "trailing comma"), .init("[,1]", 1, "where a value"), .init("[1,,2]", 3, "where a value"),
    .init("[1 2]", 3, "comma or ]"), .init("[1}", 2, "comma or ]"), .init(#"{"a":1]"#, 6, "comma or }"),
    .init(#"{"a":1,}"#, 7, "trailing comma"), .init(#"{,"a":1}"#, 1, "key in double quotes"),
    .init(#"{"a" 1}"#, 5, "colon"),
    .init(#"{"a"::1}"#, 5, "where a value"), .init("{a:1}", 1, "key in double quotes"),
    .init("{'a':1}", 1, "key in double quotes"),
    .init("{1:1}", 1, "key in double quotes"), .init(#"{"a":1 "b":2}"#, 7, "comma or }"),
    .init(#"{"a":}"#, 5, "where a value"),
    .init(#"{"a",1}"#, 4, "colon"), .init("[\"a\":1]", 4, "comma or ]"), .init("]", 0, "where a value"),
    .init("[1,2", 4, "inside an array"),
    // Habits of other languages.
    .init("'a'", 0, "double quotes"), .init("NaN", 0, "no NaN"), .init("Infinity", 0, "no Infinity"),
    .init("-Infinity", 1, "minus"),
    .init("nan", 1, "true, false and null"), .init("True", 0, "lower case"),
    .init("nulL", 3, "true, false and null"),
    .init("undefined", 0, "where a value"), .init("/*c*/1", 0, "no comments"), .init("#c", 0, "no comments"),
    .init("[1,2]//", 5, "after the value"), .init("\u{B}1", 0, "where a value"),
    .init("\u{C}1", 0, "where a value"),
    .init("\u{A0}1", 0, "where a value"), .init("\u{0}", 0, "NUL"), .init("[\u{0}]", 1, "NUL"),
    // Numbers.
    .init("+1", 0, "no plus"), .init(".5", 0, "begins with a digit"), .init("01", 1, "leading zero"),
    .init("-01", 2, "leading zero"),
    .init("00", 1, "leading zero"), .init("[01,2]", 2, "leading zero"),
    .init("[1,00]", 4, "leading zero"), .init("[-01,2]", 3, "leading zero"),
    .init("1.e1", 2, "decimal point"), .init("1.]", 2, "decimal point"),
    .init("1ee1", 2, "exponent"),
    .init("1e+-1", 3, "exponent"), .init("1.5.5", 3, "after the value"), .init("0x1F", 1, "after the value"),
    .init("-a", 1, "minus"),
    .init("--1", 1, "minus"), .init("1_000", 1, "after the value"), .init("1e1.5", 3, "after the value"),
    .init("[1e]", 3, "exponent"),
    .init("[-]", 2, "minus"), .init("[1a]", 2, "comma or ]"), .init("１", 0, "where a value"),
    .init("[１]", 1, "where a value"),
    .init("1,5", 1, "after the value"),
    // Strings.
    .init("\"a\nb\"", 2, "line feed"), .init("\"a\tb\"", 2, "tab"), .init("\"a\u{0}b\"", 2, "NUL"),
    .init("\"\u{1F}\"", 1, "0x1F"),
    .init("\"\r\"", 1, "carriage return"), .init("\"twelve bytes\nand more\"", 13, "line feed"),
    .init(#""\x41""#, 2, "backslash"), .init(#""\'""#, 2, "backslash"), .init(#""\U0041""#, 2, "backslash"),
    .init(#""\a""#, 2, "backslash"),
    .init("\"\\\n\"", 2, "backslash"), .init("\"\\\u{0}\"", 2, "NUL"), .init("\"\\é\"", 2, "backslash"),
    .init(#""\u""#, 3, "hexadecimal"), .init(#""\u00g0""#, 5, "hexadecimal"),
    .init(#""\u 041""#, 3, "hexadecimal"),
    .init(#""\u+041""#, 3, "hexadecimal"), .init(#""\u12"x""#, 5, "hexadecimal"),
    // Surrogate escapes that stand alone (this room's decision; see Scanner).
    .init(#""\ud800""#, 1, "first half"), .init(#""\ud800x""#, 1, "first half"),
    .init(#""\ud800\n""#, 1, "first half"),
    .init(#""\ud800\ud800""#, 1, "first half"), .init(#""\udc00""#, 1, "second half"),
    .init(#""ab\udfff\ud800""#, 3, "second half"),
    .init(#""\ud800\u0041""#, 1, "first half"), .init(#""\ud83d\ude00\ude00""#, 13, "second half"),
    .init(#"{"\udead":1}"#, 2, "second half"), .init(#""\uD888\u1234""#, 1, "first half"),
    // UTF-8.
    .init([0xEF, 0xBB, 0xBF, 0x7B, 0x7D], 0, "byte order mark"),
    .init([0xFE, 0xFF, 0x00, 0x31], 0, "where a value"),
    .init([0x31, 0x00], 1, "NUL"), .init([0x22, 0x80, 0x22], 1, "UTF-8"),
    .init([0x22, 0xC0, 0x80, 0x22], 1, "UTF-8"),
    .init([0x22, 0xC1, 0xBF, 0x22], 1, "UTF-8"), .init([0x22, 0xC3, 0x22], 1, "UTF-8"),
    .init([0x22, 0xE0, 0x80, 0x80, 0x22], 1, "UTF-8"),
    .init([0x22, 0xE0, 0x9F, 0xBF, 0x22], 1, "UTF-8"), .init([0x22, 0xED, 0xA0, 0x80, 0x22], 1, "UTF-8"),
    .init([0x22, 0xED, 0xBF, 0xBF, 0x22], 1, "UTF-8"), .init([0x22, 0xE2, 0x82, 0x22], 1, "UTF-8"),
    .init([0x22, 0xE2, 0x28, 0xA1, 0x22], 1, "UTF-8"), .init([0x22, 0xF0, 0x80, 0x80, 0x80, 0x22], 1, "UTF-8"),
    .init([0x22, 0xF0, 0x8F, 0xBF, 0xBF, 0x22], 1, "UTF-8"),
    .init([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1, "UTF-8"),
    .init([0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], 1, "UTF-8"),
    .init([0x22, 0xF8, 0x88, 0x80, 0x80, 0x80, 0x22], 1, "UTF-8"),
    .init([0x22, 0xFF, 0x22], 1, "0xFF"), .init([0x22, 0x61, 0xF0, 0x9F, 0x98, 0x22], 2, "UTF-8"),
    .init([0x5B, 0xE9, 0x5D], 1, "where a value"), .init([0x22, 0xC3, 0xA9, 0xA9, 0x22], 3, "UTF-8"),
    .init([0x7B, 0x22, 0xE9, 0x22, 0x3A, 0x31, 0x7D], 2, "UTF-8"),
    // Depth: one level more than the default.
    .init(String(repeating: "[", count: 129) + String(repeating: "]", count: 129), 128, "128 levels"),
    .init(String(repeating: "[", count: 100_000), 128, "128 levels"),
]
