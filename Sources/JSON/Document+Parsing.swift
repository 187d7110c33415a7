// Parsing with jansson, and its errors. The scanner has already accepted the text, so these concern what a json_t can
// hold, not the syntax.

internal import CJansson

/// jansson's error for a valid text.
struct JanssonError {
    let fault: SyntaxErrorKind
    /// The bytes that jansson had read: the end of the token at fault.
    let position: Int
}

extension SyntaxError {
    /// Places jansson's error at the first byte of the number or key that it concerns.
    init(_ rejection: JanssonError, in text: Span<UInt8>) {
        let end = min(max(rejection.position, 0), text.count)
        let offset = switch rejection.fault {
        case .numberTooLarge: SyntaxError.startOfNumber(in: text, endingAt: end)
        case .nulInKey: SyntaxError.startOfString(in: text, endingAt: end)
        default: end
        }
        var (line, lineStart) = (1, 0)
        for index in 0..<offset where text[index] == 0x0A { (line, lineStart) = (line + 1, index + 1) }
        let found = offset < text.count ? text[offset] : 0
        self.init(rejection.fault, offset: offset, line: line, column: offset - lineStart + 1, found: found)
    }

    private static func startOfNumber(in text: Span<UInt8>, endingAt end: Int) -> Int {
        var start = end
        while start > 0 {
            switch text[start - 1] {
            case 0x30...0x39, 0x65, 0x45, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"): start -= 1
            default: return start
            }
        }
        return start
    }

    /// The opening quote is the last unescaped quote before the closing one.
    private static func startOfString(in text: Span<UInt8>, endingAt end: Int) -> Int {
        var start = end - 2
        while start > 0 {
            if text[start] == .quote {
                var backslashes = 0
                while backslashes < start, text[start - 1 - backslashes] == .backslash { backslashes += 1 }
                if backslashes.isMultiple(of: 2) { return start }
            }
            start -= 1
        }
        return max(start, 0)
    }
}

extension Document {
    /// An address for calls that need one for zero bytes.
    static var noBytes: UnsafePointer<CChar> {
        // SAFETY: a static string lives for ever and ends with NUL.
        unsafe UnsafeRawPointer(StaticString("").utf8Start).assumingMemoryBound(to: CChar.self)
    }

    /// Parses a text that the scanner has accepted.
    static func load(_ text: Span<UInt8>, _ fault: inout JanssonError?) -> UnsafeMutablePointer<json_t>? {
        var error = json_error_t()
        // SAFETY: jansson reads the text within the call and fills in error whenever it returns nil.
        let parsed = unsafe text.withUnsafeBytes { unsafe jansson_parse($0.baseAddress, $0.count, &error) }
        if unsafe parsed == nil { fault = rejection(error) }
        return unsafe parsed
    }

    private static func rejection(_ error: json_error_t) -> JanssonError {
        // SAFETY: reads a copy of the error that jansson filled in.
        var error = error
        if unsafe jansson_error_is_overflow(&error) != 0 {
            return JanssonError(fault: .numberTooLarge, position: Int(error.position))
        }
        if unsafe jansson_error_is_nul_in_key(&error) != 0 {
            return JanssonError(fault: .nulInKey, position: Int(error.position))
        }
        return JanssonError(fault: .outOfMemory, position: Int(error.position))
    }
}
