// The scanner inside a string: plain text eight bytes at a time, UTF-8 sequences, escapes, surrogate pairs.

extension Scanner {
    /// Begins a string at its opening quote.
    mutating func beginString(_ bytes: Span<UInt8>, _ index: Int, asKey: Bool) -> Int {
        state = .string
        isKey = asKey
        hasEscapes = false
        tokenStart = consumed &+ index
        if !asKey, isCandidate { tracking?.begin(.string) }
        return string(bytes, index &+ 1)
    }

    /// Reads a string up to its closing quote, to something that needs a state of its own, or to the end of the piece.
    mutating func string(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while true {
            index = bytes.endOfPlainText(from: index)
            guard index < bytes.count else { return index }
            let byte = bytes.at(index)
            if byte == .quote {
                endString(bytes, index &+ 1)
                return index &+ 1
            }
            if byte >= 0x80 {
                index = multiByte(bytes, index)
            } else if byte == .backslash {
                index = backslash(bytes, index)
            } else {
                return fail(.controlInString, bytes, index)
            }
            guard state == .string else { return index }
        }
    }

    @inline(__always)
    private mutating func endString(_ bytes: Span<UInt8>, _ index: Int) {
        guard isKey else { return endToken(bytes, index) }
        state = .colon
        if depth == watchedDepth { endWatchedKey(bytes, tokenStart, index, hasEscapes: hasEscapes) }
    }

    /// Ends a key without escapes in a watched object; `start` and `end` are its quotes.
    @inline(__always)
    mutating func endPlainKey(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
        guard tracking?.mayLead(keyLength: end &- start &- 1) ?? false else { return }
        endWatchedKey(bytes, consumed &+ start, end &+ 1)
    }

    /// Ends a key in a watched object, just before the index `end`.
    mutating func endWatchedKey(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, hasEscapes: Bool = false) {
        isCandidate = tracking?.key(bytes, from: consumed, token: start, end: end, hasEscapes: hasEscapes) ?? false
    }

    /// Reads a run of multi-byte sequences; one that the end of the piece cuts continues in `cutSequence`.
    private mutating func multiByte(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes.at(index) >= 0x80 {
            let length = bytes.sequenceLength(at: index)
            if length == 0 { return beginSequence(bytes, index) }
            index &+= length
        }
        return index
    }

    /// Begins a sequence that is ill-formed or cut by the end of the piece.
    @inline(never)
    private mutating func beginSequence(_ bytes: Span<UInt8>, _ index: Int) -> Int {
        sequenceStart = consumed &+ index
        guard sequence.begin(bytes.at(index)) else { return fail(.notUTF8, bytes, index) }
        hexValue = UInt32(bytes.at(index))
        state = .sequence
        return cutSequence(bytes, index &+ 1)
    }

    /// Continues a sequence byte by byte. Its first byte is kept in `hexValue` for the error message.
    mutating func cutSequence(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < bytes.count, sequence.isOpen {
            guard sequence.take(bytes.at(index)) else {
                report(.notUTF8, at: sequenceStart, found: UInt8(truncatingIfNeeded: hexValue))
                return bytes.count
            }
            index &+= 1
        }
        if !sequence.isOpen { state = .string }
        return index
    }

    /// Reads an escape from its backslash. A short escape ends here if the piece holds both bytes.
    @inline(__always)
    private mutating func backslash(_ bytes: Span<UInt8>, _ index: Int) -> Int {
        hasEscapes = true
        if index &+ 1 < bytes.count, isShortEscape(bytes.at(index &+ 1)) { return index &+ 2 }
        sequenceStart = consumed &+ index
        state = .escape
        return escape(bytes, index &+ 1)
    }

    @inline(__always)
    private func isShortEscape(_ byte: UInt8) -> Bool {
        switch byte {
        case .quote, .backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            true
        default: false
        }
    }

    /// Reads the rest of an escape byte by byte, to the end of a surrogate pair.
    mutating func escape(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes.at(index)
            switch state {
            case .escape:
                if isShortEscape(byte) {
                    state = .string
                } else {
                    guard byte == UInt8(ascii: "u") else { return fail(.unknownEscape, bytes, index) }
                    beginHex()
                }
            case .hex:
                guard let digit = byte.hexValue else { return fail(.hexDigitExpected, bytes, index) }
                hexValue = hexValue &<< 4 | digit
                hexDue &-= 1
                if hexDue == 0, !endHex() { return bytes.count }
            case .pairBackslash:
                guard byte == .backslash else { return loneHighSurrogate(bytes) }
                state = .pairU
            case .pairU:
                guard byte == UInt8(ascii: "u") else { return loneHighSurrogate(bytes) }
                beginHex()
            default: return index
            }
            index &+= 1
        }
        return index
    }

    private mutating func beginHex() {
        state = .hex
        hexDue = 4
        hexValue = 0
    }

    /// Ends four hex digits: a character, or the first or second half of a pair.
    /// - Returns: false if a half stands alone.
    private mutating func endHex() -> Bool {
        let isHigh = hexValue & 0xFC00 == 0xD800
        let isLow = hexValue & 0xFC00 == 0xDC00
        if highSurrogate != 0 {
            guard isLow else {
                report(.loneHighSurrogate, at: sequenceStart, found: .backslash)
                return false
            }
            highSurrogate = 0
            state = .string
        } else if isHigh {
            highSurrogate = hexValue
            state = .pairBackslash
        } else if isLow {
            report(.loneLowSurrogate, at: sequenceStart, found: .backslash)
            return false
        } else {
            state = .string
        }
        return true
    }

    private mutating func loneHighSurrogate(_ bytes: Span<UInt8>) -> Int {
        report(.loneHighSurrogate, at: sequenceStart, found: .backslash)
        return bytes.count
    }
}
