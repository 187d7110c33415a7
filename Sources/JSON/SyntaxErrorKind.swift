// All errors of a JSON text, with a sentence for each. One table, shared by the scanner and Document.

/// The kind of an error.
enum SyntaxErrorKind: UInt8, Sendable {
    // The text ends too early.
    case noValue, endsBeforeValue, endsBeforeKey, endsBeforeColon, endsInArray, endsInObject
    case endsInString, endsInNumber, endsInLiteral
    // A byte that is not allowed there.
    case byteOrderMark, valueExpected, valueAfterCommaExpected, keyExpected, keyAfterCommaExpected, colonExpected
    case commaOrBracketExpected, commaOrBraceExpected, textAfterValue, literalExpected
    // Inside a string.
    case controlInString, unknownEscape, hexDigitExpected, loneHighSurrogate, loneLowSurrogate, notUTF8
    // Inside a number.
    case digitAfterMinusExpected, leadingZero, digitAfterPointExpected, digitInExponentExpected
    // Limits.
    case tooDeep
    // Valid JSON that a Document cannot hold.
    case numberTooLarge, nulInKey, outOfMemory

    func message(found: UInt8, limit: UInt16) -> String {
        switch self {
        case .noValue: "The text is empty; a JSON value was expected."
        case .endsBeforeValue: "The text ends where a value was expected."
        case .endsBeforeKey: "The text ends where a key in double quotes was expected."
        case .endsBeforeColon: "The text ends where a colon was expected after a key."
        case .endsInArray: "The text ends inside an array; a comma or ] was expected."
        case .endsInObject: "The text ends inside an object; a comma or } was expected."
        case .endsInString: "The text ends inside a string; the closing double quote was expected."
        case .endsInNumber: "The text ends inside a number; a digit was expected."
        case .endsInLiteral: "The text ends inside a word; true, false or null was expected."
        case .byteOrderMark:
            "Byte 0xEF where a value was expected (JSON is UTF-8 without a byte order mark)."
        case .valueExpected: Self.value(found)
        case .valueAfterCommaExpected where found == UInt8(ascii: "]"):
            "] after a comma: a value was expected (JSON allows no trailing comma)."
        case .valueAfterCommaExpected: Self.value(found)
        case .keyExpected: "\(Self.name(found)) where a key in double quotes or } was expected."
        case .keyAfterCommaExpected where found == UInt8(ascii: "}"):
            "} after a comma: a key in double quotes was expected (JSON allows no trailing comma)."
        case .keyAfterCommaExpected: "\(Self.name(found)) where a key in double quotes was expected."
        case .colonExpected: "\(Self.name(found)) where a colon was expected after a key."
        case .commaOrBracketExpected: "\(Self.name(found)) where a comma or ] was expected."
        case .commaOrBraceExpected: "\(Self.name(found)) where a comma or } was expected."
        case .textAfterValue: "\(Self.name(found)) after the value; nothing but white space was expected."
        case .literalExpected: "\(Self.name(found)) in a word; only true, false and null were expected."
        case .controlInString:
            "\(Self.name(found)) in a string; an escape such as \\n or \\u0000 was expected."
        case .unknownEscape:
            "\(Self.name(found)) after a backslash; one of \" \\ / b f n r t or u and four digits was expected."
        case .hexDigitExpected: "\(Self.name(found)) in a \\u escape; four hexadecimal digits were expected."
        case .loneHighSurrogate: "The first half of a surrogate pair stands alone; \\uDC00 to \\uDFFF was expected."
        case .loneLowSurrogate: "The second half of a surrogate pair stands alone; \\uD800 to \\uDBFF was expected."
        case .notUTF8: "\(Self.name(found)) begins no valid UTF-8 sequence; UTF-8 was expected."
        case .digitAfterMinusExpected: "\(Self.name(found)) after a minus sign; a digit was expected."
        case .leadingZero:
            "\(Self.name(found)) after a leading zero; a point, an exponent or the end was expected."
        case .digitAfterPointExpected: "\(Self.name(found)) after a decimal point; a digit was expected."
        case .digitInExponentExpected: "\(Self.name(found)) in an exponent; a digit was expected."
        case .tooDeep: "The value is nested too deep; at most \(limit) levels were expected."
        case .numberTooLarge: "The number is too large; a signed 64-bit integer or a double was expected."
        case .nulInKey: "A key contains \\u0000, which is not supported; a key without it was expected."
        case .outOfMemory: "There is no memory left for the value; a smaller one was expected."
        }
    }

    /// The sentence for a byte that cannot begin a value, with a hint for habits from other languages.
    private static func value(_ found: UInt8) -> String {
        let hint =
            switch found {
            case UInt8(ascii: "'"): " (strings need double quotes)"
            case UInt8(ascii: "+"): " (a number has no plus sign)"
            case UInt8(ascii: "."): " (a number begins with a digit)"
            case UInt8(ascii: "/"), UInt8(ascii: "#"): " (JSON has no comments)"
            case UInt8(ascii: "N"), UInt8(ascii: "I"): " (JSON has no NaN and no Infinity)"
            case UInt8(ascii: "T"), UInt8(ascii: "F"): " (true and false are lower case)"
            default: ""
            }
        return "\(name(found)) where a value was expected\(hint)."
    }

    /// The byte in readable form.
    private static func name(_ byte: UInt8) -> String {
        switch byte {
        case 0x0A: "A line feed"
        case 0x0D: "A carriage return"
        case 0x09: "A tab"
        case 0x00: "A NUL byte"
        case 0x21..<0x7F: "'\(Character(Unicode.Scalar(byte)))'"
        default: "Byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
}
