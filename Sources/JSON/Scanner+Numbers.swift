// The scanner inside a number (RFC 8259, section 6) and inside the words true, false and null.

extension Scanner {
    /// Begins a number, at its first byte: a digit or a minus sign.
    mutating func beginNumber(_ bytes: Span<UInt8>, _ index: Int, _ byte: UInt8) -> Int {
        beginToken(.number, index)
        state = byte == UInt8(ascii: "-") ? .minus : byte == 0x30 ? .zero : .integer
        return number(bytes, index &+ 1)
    }

    /// Reads a number up to the byte after it, which it does not consume, or to the end of the piece.
    mutating func number(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes.at(index)
            switch state {
            case .minus:
                guard byte.isDigit else { return fail(.digitAfterMinusExpected, bytes, index) }
                state = byte == 0x30 ? .zero : .integer
            case .zero, .integer:
                if byte.isDigit {
                    guard state == .integer else { return fail(.leadingZero, bytes, index) }
                    index = bytes.endOfDigits(from: index)
                    continue
                } else if byte == UInt8(ascii: ".") {
                    state = .point
                } else if byte | 0x20 == UInt8(ascii: "e") {
                    state = .exponent
                } else {
                    endToken(bytes, index)
                    return index
                }
            case .point:
                guard byte.isDigit else { return fail(.digitAfterPointExpected, bytes, index) }
                state = .fraction
            case .fraction:
                index = bytes.endOfDigits(from: index)
                guard index < bytes.count else { return index }
                if bytes.at(index) | 0x20 != UInt8(ascii: "e") {
                    endToken(bytes, index)
                    return index
                }
                state = .exponent
            case .exponent, .exponentSign, .exponentDigits:
                if let end = exponent(bytes, index, byte) { return end }
            default: return index
            }
            index &+= 1
        }
        return index
    }

    /// Reads a byte of an exponent, after its letter. - Returns: where the number ends; nil if it goes on.
    private mutating func exponent(_ bytes: Span<UInt8>, _ index: Int, _ byte: UInt8) -> Int? {
        if byte.isDigit {
            state = .exponentDigits
            return nil
        }
        if state == .exponentDigits {
            endToken(bytes, index)
            return index
        }
        guard state == .exponent, byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") else {
            return fail(.digitInExponentExpected, bytes, index)
        }
        state = .exponentSign
        return nil
    }

    /// Begins a word at its first byte; `due` holds the other bytes, little-endian.
    @inline(__always)
    mutating func beginLiteral(_ kind: JSONKind, _ due: UInt32, _ bytes: Span<UInt8>, _ index: Int) -> Int {
        beginToken(kind, index)
        state = .literal
        literalDue = due
        return literal(bytes, index &+ 1)
    }

    /// Reads the rest of a word.
    mutating func literal(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < bytes.count, literalDue != 0 {
            guard bytes.at(index) == UInt8(truncatingIfNeeded: literalDue) else {
                return fail(.literalExpected, bytes, index)
            }
            literalDue &>>= 8
            index &+= 1
        }
        if literalDue == 0 { endToken(bytes, index) }
        return index
    }
}
