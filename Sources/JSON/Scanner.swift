// Validates JSON without building anything (RFC 8259), as fast as its bytes can be looked at, in one piece or in many.
//
// A state machine over bytes. Containers are a bit a level in one 128-bit word; strings and white space have loops of
// their own, where nearly all of the time goes. Strict: UTF-8 only, no byte order mark, no control characters in
// strings,
// nothing but white space behind the value. A lone surrogate escape is refused although the grammar allows it: it
// stands
// for no text, and jansson, whose verdict is the yardstick, refuses it too. An escaped NUL and numbers of any size are
// fine here; what to make of them is the reader's business.

/// A validation in progress. A value: keep one for each text.
public struct Scanner: Sendable {
    /// The deepest nesting that can be asked for.
    public static let deepest = 128

    enum State: UInt8 {
        case value, arrayStart, objectStart, name, colon, afterValue, done
        case string, escape, hex, lowSurrogate, lowSurrogateU
        case minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits
        case literal
        case failed
    }

    private let maxDepth: Int
    private var state = State.value
    private var isName = false
    private var containers: UInt128 = 0
    private(set) var depth = 0
    private var consumed = 0
    private var utf8 = UTF8Step()
    private var hexLeft = 0
    private var hexValue: UInt32 = 0
    private var literal = Literal.null
    private var literalPosition = 0
    private var elements: [Int] = []
    private var tokenStart = 0
    private var tracker: Tracker?
    private var result = ScanResult()

    private enum Literal: UInt8 {
        case null, yes, no

        var text: StaticString {
            switch self {
            case .null: "null"
            case .yes: "true"
            case .no: "false"
            }
        }
    }

    /// - Parameter maxDepth: the deepest nesting that is accepted, at most 128.
    public init(maxDepth: Int = 128) { self.maxDepth = min(maxDepth, Self.deepest) }

    /// Scans a whole text and evaluates `matcher` on it.
    public static func scan(_ bytes: Span<UInt8>, matching matcher: Matcher?, maxDepth: Int = 128) -> ScanResult {
        var scanner = Scanner(maxDepth: maxDepth)
        guard let matcher else {
            scanner.feed(bytes)
            return scanner.finish()
        }
        scanner.tracker = matcher.tracker
        scanner.feed(bytes)
        var result = scanner.finish()
        if result.isValid, let tracker = scanner.tracker { result.matches = matcher.evaluate(bytes, tracker) }
        return result
    }

    /// Where the values at `pointers` stand in `bytes`; nil for one that is not there, all nil for a text that is not
    /// JSON.
    public static func locate(_ pointers: [Pointer], in bytes: Span<UInt8>) -> [Range<Int>?] {
        var scanner = Scanner()
        scanner.tracker = Tracker(pointers)
        scanner.feed(bytes)
        guard scanner.finish().isValid, let tracker = scanner.tracker else { return pointers.map { _ in nil } }
        return pointers.indices.map { tracker.range($0) }
    }

    /// Takes the next bytes in. After an error nothing more is looked at.
    public mutating func feed(_ bytes: Span<UInt8>) {
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            switch state {
            case .string:
                position = skipPlain(bytes, position)
                if position < bytes.count { takeInString(bytes, position) }
            case .value, .arrayStart, .objectStart, .name, .colon, .afterValue, .done:
                if byte == 0x20 || byte == 0x09 {
                    break
                } else if byte == 0x0A || byte == 0x0D {
                    result.containsLineBreak = true
                } else {
                    takeStructure(byte, bytes, position)
                }
            case .minus, .zero, .integer, .point, .fraction, .exponent, .exponentSign, .exponentDigits:
                if !takeInNumber(byte, position) { continue }
            case .literal: takeInLiteral(byte, position)
            case .escape, .hex, .lowSurrogate, .lowSurrogateU: takeInEscape(byte, position)
            case .failed: return
            }
            position += 1
        }
        consumed += bytes.count
    }

    /// No more comes.
    public mutating func finish() -> ScanResult {
        switch state {
        case .zero, .integer, .fraction, .exponentDigits: valueEnded(at: consumed)
        default: break
        }
        if state != .done && state != .failed {
            fail(0, consumed == 0 ? "the text is empty" : "the text ends in the middle of a value", at: consumed)
        }
        return result
    }

    /// Passes over the bytes of a string that mean themselves. - Returns: where something else stands.
    private func skipPlain(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        guard utf8.needed == 0 else { return start }
        // SAFETY: `position` stays below `count`, the number of bytes behind the pointer, which does not leave the
        // closure.
        return unsafe bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress!
            let count = buffer.count
            var position = start
            while position + 8 <= count {
                let word = unsafe base.loadUnaligned(fromByteOffset: position, as: UInt64.self).littleEndian
                let special = Self.specialBytes(word)
                if special != 0 { return position + special.trailingZeroBitCount / 8 }
                position += 8
            }
            while position < count {
                let byte = unsafe base.load(fromByteOffset: position, as: UInt8.self)
                if byte == 0x22 || byte == 0x5C || byte < 0x20 || byte >= 0x80 { break }
                position += 1
            }
            return position
        }
    }

    /// The high bit of each byte that is a quote, a backslash, a control character or not ASCII; the lowest is exact.
    private static func specialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let found = (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones &* 0x20) & ~word | word
        return found & highs
    }

    private mutating func takeInString(_ bytes: Span<UInt8>, _ position: Int) {
        let byte = bytes[position]
        if utf8.needed > 0 || byte >= 0x80 {
            if !utf8.take(byte) { fail(position, "a string holds bytes that are not UTF-8") }
        } else if byte == 0x22 {
            stringEnded(bytes, position)
        } else if byte == 0x5C {
            state = .escape
        } else {
            fail(position, "a control character stands in a string; write it as an escape")
        }
    }

    private mutating func stringEnded(_ bytes: Span<UInt8>, _ position: Int) {
        guard isName else { return valueEnded(at: consumed + position + 1) }
        tracker?.name(bytes, tokenStart + 1..<position, depth: depth)
        state = .colon
    }

    private mutating func takeInEscape(_ byte: UInt8, _ position: Int) {
        switch state {
        case .escape:
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                state = .string
            case UInt8(ascii: "u"): (state, hexLeft, hexValue) = (.hex, 4, hexValue & 0xFFFF_0000)
            default: fail(position, "a string holds an escape that JSON does not have")
            }
        case .hex: takeHexDigit(byte, position)
        case .lowSurrogate:
            guard byte == 0x5C else { return fail(position, "half of a surrogate pair stands alone") }
            state = .lowSurrogateU
        default:
            guard byte == UInt8(ascii: "u") else { return fail(position, "half of a surrogate pair stands alone") }
            (state, hexLeft) = (.hex, 4)
        }
    }

    /// `hexValue` holds the digits so far, and above them, while a pair is read, a mark that the first half was there.
    private mutating func takeHexDigit(_ byte: UInt8, _ position: Int) {
        let digit: UInt32
        switch byte {
        case 0x30...0x39: digit = UInt32(byte - 0x30)
        case 0x41...0x46, 0x61...0x66: digit = UInt32((byte | 0x20) - 0x57)
        default: return fail(position, "\\u is followed by four hexadecimal digits")
        }
        hexValue = hexValue & 0xFFFF_0000 | (hexValue << 4 | digit) & 0xFFFF
        hexLeft -= 1
        guard hexLeft == 0 else { return }
        let unit = hexValue & 0xFFFF
        let isSecondHalf = hexValue >> 16 == 1
        hexValue = 0
        if isSecondHalf != (unit & 0xFC00 == 0xDC00) {
            fail(position, "half of a surrogate pair stands alone")
        } else if unit & 0xFC00 == 0xD800 {
            hexValue = 1 << 16
            state = .lowSurrogate
        } else {
            state = .string
        }
    }

    private mutating func takeStructure(_ byte: UInt8, _ bytes: Span<UInt8>, _ position: Int) {
        switch (state, byte) {
        case (.arrayStart, UInt8(ascii: "]")), (.objectStart, UInt8(ascii: "}")): leave(position)
        case (.value, _), (.arrayStart, _): valueBegins(byte, position)
        case (.objectStart, 0x22), (.name, 0x22): (state, isName, tokenStart) = (.string, true, position)
        case (.objectStart, _), (.name, _): fail(position, "an object's member begins with a name in double quotes")
        case (.colon, UInt8(ascii: ":")): state = .value
        case (.colon, _): fail(position, "a colon is missing behind a name")
        case (.afterValue, UInt8(ascii: ",")): nextMember()
        case (.afterValue, UInt8(ascii: "}")) where isInObject: leave(position)
        case (.afterValue, UInt8(ascii: "]")) where !isInObject: leave(position)
        case (.afterValue, _): fail(position, isInObject ? "a comma or } is missing" : "a comma or ] is missing")
        default: fail(position, "something follows the value")
        }
    }

    private mutating func valueBegins(_ byte: UInt8, _ position: Int) {
        if tracker != nil && depth > 0 && !isInObject { tracker?.element(elements[depth - 1], depth: depth) }
        tracker?.valueBegins(at: consumed + position, depth: depth)
        let kind: JSONKind
        switch byte {
        case UInt8(ascii: "{"): (kind, state) = (.object, .objectStart)
        case UInt8(ascii: "["): (kind, state) = (.array, .arrayStart)
        case 0x22: (kind, state, isName) = (.string, .string, false)
        case UInt8(ascii: "-"): (kind, state) = (.number, .minus)
        case UInt8(ascii: "0"): (kind, state) = (.number, .zero)
        case 0x31...0x39: (kind, state) = (.number, .integer)
        case UInt8(ascii: "n"): (kind, state, literal, literalPosition) = (.null, .literal, .null, 1)
        case UInt8(ascii: "t"): (kind, state, literal, literalPosition) = (.bool, .literal, .yes, 1)
        case UInt8(ascii: "f"): (kind, state, literal, literalPosition) = (.bool, .literal, .no, 1)
        default:
            return fail(position, "a value is expected: an object, an array, a string, a number, true, false or null")
        }
        if depth == 0 { result.kind = kind }
        if kind == .object || kind == .array { enter(isObject: kind == .object, position) }
    }

    private mutating func enter(isObject: Bool, _ position: Int) {
        guard depth < maxDepth else { return fail(position, "the value is nested deeper than \(maxDepth) levels") }
        let bit = UInt128(1) << UInt128(depth)
        containers = isObject ? containers | bit : containers & ~bit
        depth += 1
        if tracker != nil {
            tracker?.enters(depth: depth)
            if elements.count < depth { elements.append(0) } else { elements[depth - 1] = 0 }
        }
    }

    private mutating func leave(_ position: Int) {
        depth -= 1
        valueEnded(at: consumed + position + 1)
    }

    private mutating func nextMember() {
        state = isInObject ? .name : .value
        if tracker != nil && !isInObject { elements[depth - 1] += 1 }
    }

    private var isInObject: Bool { containers >> UInt128(depth - 1) & 1 == 1 }

    private mutating func valueEnded(at offset: Int) {
        tracker?.valueEnds(at: offset, depth: depth)
        state = depth == 0 ? .done : .afterValue
    }

    /// - Returns: false where the byte is not the number's any more and is to be looked at again.
    private mutating func takeInNumber(_ byte: UInt8, _ position: Int) -> Bool {
        let isDigit = byte >= 0x30 && byte <= 0x39
        switch state {
        case .minus where byte == 0x30: state = .zero
        case .minus where isDigit: state = .integer
        case .integer where isDigit, .fraction where isDigit, .exponentDigits where isDigit: break
        case .zero where byte == UInt8(ascii: "."), .integer where byte == UInt8(ascii: "."): state = .point
        case .zero where byte | 0x20 == UInt8(ascii: "e"), .integer where byte | 0x20 == UInt8(ascii: "e"),
            .fraction where byte | 0x20 == UInt8(ascii: "e"):
            state = .exponent
        case .point where isDigit: state = .fraction
        case .exponent where byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"): state = .exponentSign
        case .exponent where isDigit, .exponentSign where isDigit: state = .exponentDigits
        case .zero where isDigit: fail(position, "a number does not begin with a zero and another digit")
        case .zero, .integer, .fraction, .exponentDigits:
            valueEnded(at: consumed + position)
            return false
        default: fail(position, "a number lacks a digit here")
        }
        return true
    }

    private mutating func takeInLiteral(_ byte: UInt8, _ position: Int) {
        let text = literal.text
        // SAFETY: a static text's bytes live for ever, and the position is below their count.
        let expected = unsafe text.utf8Start[literalPosition]
        guard byte == expected else {
            return fail(position, "only true, false and null are words")
        }
        literalPosition += 1
        if literalPosition == text.utf8CodeUnitCount { valueEnded(at: consumed + position + 1) }
    }

    private mutating func fail(_ position: Int, _ message: String, at offset: Int? = nil) {
        result.error = SyntaxError(offset: offset ?? consumed + position, message: message)
        state = .failed
    }
}
