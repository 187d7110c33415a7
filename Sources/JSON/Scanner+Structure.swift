// The scanner between tokens: white space, brackets, commas, colons, the first byte of each value, and the end.

extension Scanner {
    /// Reads one piece to its end, or to the first error.
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

    /// Reads the white space before the top-level value, and determines its kind from its first byte.
    @inline(__always)
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

    /// Reads tokens and what is between them, until the end of the piece cuts a token.
    ///
    /// Most keys and values are plain, complete, and of no interest to a pointer: they are read right here, with the
    /// state in a local variable. Everything else goes to a function that works on `state`, so the variable is stored
    /// before that call and loaded after it.
    private mutating func structure(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        var expected = state
        while index < bytes.count {
            let byte = bytes.at(index)
            switch expected {
            case .separator where byte == UInt8(ascii: ",") && depth != watchedDepth:
                expected = inObject ? .key : .value
                index &+= 1
                continue
            case .key where byte == .quote, .firstKey where byte == .quote:
                let end = bytes.endOfPlainText(from: index &+ 1)
                guard end &+ 1 < bytes.count, bytes.at(end) == .quote, bytes.at(end &+ 1) == UInt8(ascii: ":") else {
                    break
                }
                if depth == watchedDepth { endPlainKey(bytes, index, end) }
                expected = .value
                index = end &+ 2
                continue
            case .value where byte == .quote && !isCandidate:
                let end = bytes.endOfPlainText(from: index &+ 1)
                guard end < bytes.count, bytes.at(end) == .quote else { break }
                expected = depth == 0 ? .end : .separator
                index = end &+ 1
                continue
            case .value where byte.isDigit && byte != 0x30 && !isCandidate:
                let end = bytes.endOfDigits(from: index &+ 1)
                guard end < bytes.count, bytes.at(end).endsInteger else { break }
                expected = depth == 0 ? .end : .separator
                index = end
                continue
            default: break
            }
            state = expected
            index = unusual(bytes, index, byte)
            expected = state
        }
        state = expected
        return index
    }

    /// Handles what `structure` does not: white space, brackets, tokens that need a state of their own, errors.
    private mutating func unusual(_ bytes: Span<UInt8>, _ index: Int, _ byte: UInt8) -> Int {
        if isWhiteSpace(byte) { return whiteSpace(bytes, index) }
        switch state {
        case .separator: return separator(bytes, index, byte)
        case .key, .firstKey:
            if byte == .quote { return beginString(bytes, index, asKey: true) }
            if byte == UInt8(ascii: "}"), state == .firstKey { return close(bytes, index) }
            return fail(state == .key ? .keyAfterCommaExpected : .keyExpected, bytes, index)
        case .value, .firstElement: return value(bytes, index, byte)
        case .colon:
            guard byte == UInt8(ascii: ":") else { return fail(.colonExpected, bytes, index) }
            state = .value
            return index &+ 1
        default: return fail(.textAfterValue, bytes, index)
        }
    }

    @inline(__always)
    private func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// Skips white space, the only place where JSON may have a raw line break.
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
    private mutating func separator(_ bytes: Span<UInt8>, _ index: Int, _ byte: UInt8) -> Int {
        if byte == UInt8(ascii: ",") {
            state = inObject ? .key : .value
            if depth == watchedDepth, !inObject { isCandidate = tracking?.nextElement() ?? false }
            return index &+ 1
        }
        guard byte == (inObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
            return fail(inObject ? .commaOrBraceExpected : .commaOrBracketExpected, bytes, index)
        }
        return close(bytes, index)
    }

    /// Begins a value at its first byte.
    @inline(__always)
    private mutating func value(_ bytes: Span<UInt8>, _ index: Int, _ byte: UInt8) -> Int {
        switch byte {
        case .quote: return beginString(bytes, index, asKey: false)
        case UInt8(ascii: "{"): return open(bytes, index, asObject: true)
        case UInt8(ascii: "["): return open(bytes, index, asObject: false)
        case UInt8(ascii: "-"), 0x30...0x39: return beginNumber(bytes, index, byte)
        case UInt8(ascii: "t"): return beginLiteral(.bool, 0x65_75_72, bytes, index)
        case UInt8(ascii: "f"): return beginLiteral(.bool, 0x65_73_6C_61, bytes, index)
        case UInt8(ascii: "n"): return beginLiteral(.null, 0x6C_6C_75, bytes, index)
        case UInt8(ascii: "]") where state == .firstElement: return close(bytes, index)
        default:
            let isAfterComma = state == .value && depth > 0 && !inObject
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

    /// Begins a string, number or word at an index.
    @inline(__always)
    mutating func beginToken(_ kind: JSONKind, _ index: Int) {
        tokenStart = consumed &+ index
        if isCandidate { tracking?.begin(kind) }
    }

    /// Ends a string, number or word that is a value, just before an index.
    @inline(__always)
    mutating func endToken(_ bytes: Span<UInt8>, _ index: Int) {
        if isCandidate {
            tracking?.end(bytes, from: consumed, token: tokenStart, end: index, hasEscapes: hasEscapes)
            isCandidate = false
        }
        state = depth == 0 ? .end : .separator
    }

    /// Ends the text at an index of the last piece: a number may end here, anything else must have ended.
    mutating func conclude(_ bytes: Span<UInt8>, at index: Int) {
        switch state {
        case .failed, .end: return
        case .zero, .integer, .fraction, .exponentDigits: endToken(bytes, index)
        default: break
        }
        guard state != .end else { return }
        let fault: SyntaxErrorKind = switch state {
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

    /// Ends the scan at a wrong byte.
    /// - Returns: the index that ends the piece.
    @inline(never)
    mutating func fail(_ fault: SyntaxErrorKind, _ bytes: Span<UInt8>, _ index: Int) -> Int {
        report(fault, at: consumed &+ index, found: bytes.at(index))
        return bytes.count
    }

    mutating func report(_ fault: SyntaxErrorKind, at offset: Int, found: UInt8) {
        state = .failed
        error = SyntaxError(
            fault, offset: offset, line: lineBreaks + 1, column: offset - lineStart + 1, found: found,
            limit: fault == .tooDeep ? UInt16(maxDepth) : 0)
    }
}
