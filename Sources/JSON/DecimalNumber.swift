// A JSON number by its exact value, not rounded to a double: 9007199254740993 differs from 9007199254740992, and 1e400
// has a value. Used only when a Matcher compares integers in an unusual notation.

/// A decimal number in its normal form: value = ±digits × 10^exponent, digits without leading or trailing zeros.
struct DecimalNumber: Sendable, Equatable {
    let isNegative: Bool
    /// The digits 0...9; empty for zero.
    let digits: [UInt8]
    /// Clamped to ±10^12.
    let exponent: Int

    /// - Parameter text: a valid JSON number.
    init(_ text: Span<UInt8>) {
        var digits: [UInt8] = []
        var fractionDigits = 0
        var afterPoint = false
        var written = 0
        var index = text.count > 0 && text[0] == UInt8(ascii: "-") ? 1 : 0
        let isNegative = index == 1
        scan: while index < text.count {
            let byte = text[index]
            index += 1
            switch byte {
            case UInt8(ascii: "."): afterPoint = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                written = DecimalNumber.exponent(text.extracting(index..<text.count))
                break scan
            default:
                if afterPoint { fractionDigits += 1 }
                if byte != 0x30 || !digits.isEmpty { digits.append(byte - 0x30) }
            }
        }
        var trailingZeros = 0
        while digits.last == 0 {
            digits.removeLast()
            trailingZeros += 1
        }
        self.isNegative = isNegative && !digits.isEmpty
        self.exponent = digits.isEmpty ? 0 : written - fractionDigits + trailingZeros
        self.digits = digits
    }

    private static func exponent(_ text: Span<UInt8>) -> Int {
        var value = 0
        for index in text.indices where text[index].isDigit {
            value = min(value * 10 + Int(text[index] - 0x30), 1_000_000_000_000)
        }
        return text[0] == UInt8(ascii: "-") ? -value : value
    }
}
