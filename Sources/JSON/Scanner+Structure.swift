// The scanner between tokens: white space, brackets, commas, colons, the first byte of each value, and the end.

extension Scanner {
    /// Reads one piece from its first to its last byte, or to the first error.
    mutating func run(_ bytes: Span<UInt8>) {
        var index = state == .start ? begin(bytes) : 0
        while index < bytes.count {
            switch state {
            case .value, .firstElement, .key, .firstKey, .colon, .separator, .end:
                index = structure(bytes, index)
            case .string:
                index = string(bytes, index)
            case .sequence:
                index = cutSequence(bytes, index)
            case .escape, .hex, .pairBackslash, .pairU:
                index = escape(bytes, index)
            case .minus, .zero, .integer, .point, .fraction, .exponent, .exponentSign, .exponentDigits:
                index = number(bytes, index)
            case .literal:
                index = literal(bytes, index)
            case .start, .failed:
                return
            }
        }
    }

    /// Reads the white space before the top-level value, and of the value's first byte what kind it is.
    private mutating func begin(_ bytes: Span<UInt8>) -> Int {
        let index = whiteSpace(bytes, 0)
        guard index < bytes.count else { return index }
        switch bytes.at(index) {
        case UInt8(ascii: "{"): kind = .object
        case UInt8(ascii: "["): kind = .array
        case .quote: kind = .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): kind = .bool
        case UInt8(ascii: "n"): kind = .null
        case UInt8(ascii: "-"), 0x30...0x39: kind = .number
        case 0xEF where consumed &+ index == 0: return fail(.byteOrderMark, bytes, index)
        default: break
        }
        state = .value
        return index
    }

    /// Reads tokens and what stands between them, until a token is cut by the end of the piece. The state is kept in a
    /// local here, and written back on every way out: the helpers that get it as `expected` do no more than they say,
    /// those that do not get it work on `state`.
    private mutating func structure(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        var expected = state
        while index < bytes.count {
            let byte = bytes.at(index)
            if byte <= 0x20, isWhiteSpace(byte) {
                index = whiteSpace(bytes, index)
                continue
            }
            switch expected {
            case .separator:
                index = separator(bytes, index, byte, &expected)
            case .key, .firstKey:
                index = key(bytes, index, byte, &expected)
            case .value, .firstElement:
                index = value(bytes, index, byte, &expected)
            case .colon:
                guard byte == UInt8(ascii: ":") else { return fail(.colonExpected, bytes, index) }
                expected = .value
                index &+= 1
            case .end:
                return fail(.textAfterValue, bytes, index)
            default:
                return index
            }
        }
        state = expected
        return index
    }

    @inline(__always)
    private func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// Skips white space, which is the only place where a raw line break can stand in JSON.
    @inline(__always)
    private mutating func whiteSpace(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < bytes.count {
            switch bytes.at(index) {
            case 0x20: index = bytes.endOfSpaces(from: index)
            case 0x0A:
                index &+= 1
                containsLineBreak = true
                lineBreaks &+= 1
                lineStart = consumed &+ index
            case 0x0D:
                index &+= 1
                containsLineBreak = true
            case 0x09: index &+= 1
            default: return index
            }
        }
        return index
    }

    /// After a value inside a container: a comma, or the bracket that ends the container.
    @inline(__always)
    private mutating func separator(
        _ bytes: Span<UInt8>, _ index: Int, _ byte: UInt8, _ expected: inout State
    ) -> Int {
        if byte == UInt8(ascii: ",") {
            expected = inObject ? .key : .value
            if depth == watchedDepth, !inObject { isCandidate = tracking?.nextElement() ?? false }
            return index &+ 1
        }
        let next = byte == (inObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
            ? close(bytes, index)
            : fail(inObject ? .commaOrBraceExpected : .commaOrBracketExpected, bytes, index)
        expected = state
        return next
    }

    /// A key, most often plain, whole and followed by its colon; or the end of an empty object.
    @inline(__always)
    private mutating func key(
        _ bytes: Span<UInt8>, _ index: Int, _ byte: UInt8, _ expected: inout State
    ) -> Int {
        var next: Int
        if byte == .quote {
            let end = bytes.endOfPlainText(from: index &+ 1)
            if end &+ 1 < bytes.count, bytes.at(end) == .quote, bytes.at(end &+ 1) == UInt8(ascii: ":") {
                if depth == watchedDepth { endWatchedKey(bytes, consumed &+ index, end &+ 1) }
                expected = .value
                return end &+ 2
            }
            next = beginString(bytes, index, plainUntil: end, asKey: true)
        } else if byte == UInt8(ascii: "}"), expected == .firstKey {
            next = close(bytes, index)
        } else {
            next = fail(expected == .key ? .keyAfterCommaExpected : .keyExpected, bytes, index)
        }
        expected = state
        return next
    }

    /// The first byte of a value, and most often the whole of it.
    @inline(__always)
    private mutating func value(
        _ bytes: Span<UInt8>, _ index: Int, _ byte: UInt8, _ expected: inout State
    ) -> Int {
        var next: Int
        if byte == .quote {
            let end = bytes.endOfPlainText(from: index &+ 1)
            if end < bytes.count, bytes.at(end) == .quote, !isCandidate {
                expected = depth == 0 ? .end : .separator
                return end &+ 1
            }
            next = beginString(bytes, index, plainUntil: end, asKey: false)
        } else if byte.isDigit {
            next = bytes.endOfDigits(from: index &+ 1)
            if next < bytes.count, bytes.at(next).endsInteger, byte != 0x30, !isCandidate {
                expected = depth == 0 ? .end : .separator
                return next
            }
            next = beginNumber(bytes, index, digitsUntil: next)
        } else {
            next = otherValue(bytes, index, byte, expected)
        }
        expected = state
        return next
    }

    /// The first byte of a value that is neither a string nor a number without a sign.
    private mutating func otherValue(
        _ bytes: Span<UInt8>, _ index: Int, _ byte: UInt8, _ expected: State
    ) -> Int {
        switch byte {
        case UInt8(ascii: "{"): return open(bytes, index, asObject: true)
        case UInt8(ascii: "["): return open(bytes, index, asObject: false)
        case UInt8(ascii: "-"):
            beginToken(.number, index)
            state = .minus
            return number(bytes, index &+ 1)
        case UInt8(ascii: "t"): return beginLiteral(.bool, 0x65_75_72, bytes, index)
        case UInt8(ascii: "f"): return beginLiteral(.bool, 0x65_73_6C_61, bytes, index)
        case UInt8(ascii: "n"): return beginLiteral(.null, 0x6C_6C_75, bytes, index)
        case UInt8(ascii: "]") where expected == .firstElement: return close(bytes, index)
        default:
            let isAfterComma = expected == .value && depth > 0 && !inObject
            return fail(isAfterComma ? .valueAfterCommaExpected : .valueExpected, bytes, index)
        }
    }

    @inline(__always)
    private mutating func open(_ bytes: Span<UInt8>, _ index: Int, asObject: Bool) -> Int {
        guard depth < maxDepth else { return fail(.tooDeep, bytes, index) }
        if depth & 63 == 0, depth > 0 { outerObjects[depth &>> 6 &- 1] = objects }
        objects = objects &<< 1 | (asObject ? 1 : 0)
        inObject = asObject
        depth &+= 1
        state = asObject ? .firstKey : .firstElement
        if isCandidate {
            tracking?.open(asObject ? .object : .array, at: consumed &+ index)
            watchedDepth &+= 1
            isCandidate = asObject ? false : tracking?.nextElement() ?? false
        }
        return index &+ 1
    }

    @inline(__always)
    private mutating func close(_ bytes: Span<UInt8>, _ index: Int) -> Int {
        if depth == watchedDepth {
            tracking?.close(isArray: !inObject, bytes, from: consumed, end: index &+ 1)
            watchedDepth &-= 1
            isCandidate = false
        }
        depth &-= 1
        if depth == 0 {
            state = .end
        } else {
            if depth & 63 == 0 { objects = outerObjects[depth &>> 6 &- 1] } else { objects &>>= 1 }
            inObject = objects & 1 == 1
            state = .separator
        }
        return index &+ 1
    }

    /// A string, number or word begins at an index.
    @inline(__always)
    mutating func beginToken(_ kind: JSONKind, _ index: Int) {
        tokenStart = consumed &+ index
        if isCandidate { tracking?.begin(kind) }
    }

    /// A string, number or word that is a value ended just before an index.
    @inline(__always)
    mutating func endToken(_ bytes: Span<UInt8>, _ index: Int) {
        if isCandidate {
            tracking?.end(bytes, from: consumed, token: tokenStart, end: index, hasEscapes: hasEscapes)
            isCandidate = false
        }
        state = depth == 0 ? .end : .separator
    }

    /// The text ends at an index of this last piece: a number may end here, anything else must have ended.
    mutating func conclude(_ bytes: Span<UInt8>, at index: Int) {
        switch state {
        case .failed, .end: return
        case .zero, .integer, .fraction, .exponentDigits: endToken(bytes, index)
        default: break
        }
        guard state != .end else { return }
        let fault: Fault = switch state {
        case .start: .noValue
        case .value: .endsBeforeValue
        case .key: .endsBeforeKey
        case .colon: .endsBeforeColon
        case .firstElement: .endsInArray
        case .firstKey: .endsInObject
        case .separator: inObject ? .endsInObject : .endsInArray
        case .minus, .point, .exponent, .exponentSign: .endsInNumber
        case .literal: .endsInLiteral
        default: .endsInString
        }
        report(fault, at: consumed &+ index, found: 0)
    }

    /// Ends the scan at a byte that is wrong. Returns the index that ends the piece.
    @inline(never)
    mutating func fail(_ fault: Fault, _ bytes: Span<UInt8>, _ index: Int) -> Int {
        report(fault, at: consumed &+ index, found: bytes.at(index))
        return bytes.count
    }

    mutating func report(_ fault: Fault, at offset: Int, found: UInt8) {
        state = .failed
        error = SyntaxError(
            fault, offset: offset, line: lineBreaks + 1, column: offset - lineStart + 1, found: found,
            limit: fault == .tooDeep ? UInt16(maxDepth) : 0)
    }
}
