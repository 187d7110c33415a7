// Durations and sizes as text, both ways: `250ms`, `3s`, `2m`, `1h`; `64KiB`, `1MiB`, `10MB`, `512`. A duration needs a
// unit: a bare 300 would be ambiguous.

/// Converts text to durations and sizes, and back.
enum Units {
    private static let times: [(unit: String, milliseconds: Int)] = [
        ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    private static let sizes: [(unit: String, bytes: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1), ("", 1),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("kB", 1_000),
    ]

    /// An integer with `ms`, `s`, `m` or `h`; `0` needs no unit.
    static func duration(_ text: String) throws(InvalidValue) -> Duration {
        let (digits, unit) = split(text)
        guard !digits.isEmpty else {
            throw InvalidValue("\(quoted(text)) is not a duration; write it like 250ms, 3s, 2m or 1h")
        }
        if unit.isEmpty {
            if digits.allSatisfy({ $0 == "0" }) { return .zero }
            throw InvalidValue("\(quoted(text)) has no unit; write \(digits)ms or \(digits)s")
        }
        guard let scale = times.first(where: { $0.unit == unit })?.milliseconds else {
            throw InvalidValue("\(quoted(text)) is not a duration; write it like 250ms, 3s, 2m or 1h")
        }
        return .milliseconds(try multiply(digits, scale, text))
    }

    /// An integer number of bytes, alone or with `KiB`, `MiB`, `GiB`, `TiB`, `KB`, `MB`, `GB`, `TB`.
    static func bytes(_ text: String) throws(InvalidValue) -> Int {
        let (digits, unit) = split(text)
        guard !digits.isEmpty, let scale = sizes.first(where: { $0.unit == unit })?.bytes else {
            throw InvalidValue("\(quoted(text)) is not a size; write it like 64KiB, 1MiB, 10MB or 512")
        }
        return try multiply(digits, scale, text)
    }

    /// The shortest exact text of a duration, as `duration` reads it.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
        guard milliseconds != 0, let fit = times.first(where: { milliseconds % $0.milliseconds == 0 }) else {
            return milliseconds == 0 ? "0" : "\(milliseconds)ms"
        }
        return "\(milliseconds / fit.milliseconds)\(fit.unit)"
    }

    /// The shortest exact text of a size, as `bytes` reads it.
    static func text(bytes: Int) -> String {
        let fit = sizes.first { $0.bytes > 1 && $0.unit.hasSuffix("iB") && bytes != 0 && bytes % $0.bytes == 0 }
        return fit.map { "\(bytes / $0.bytes)\($0.unit)" } ?? "\(bytes)"
    }

    /// The text in quotes, truncated if it is long, with control characters replaced.
    static func quoted(_ text: String) -> String {
        let cut = text.count > 60 ? "\(text.prefix(57))..." : text
        return "\"" + cut.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : String($0) }.joined() + "\""
    }

    private static func split(_ text: String) -> (digits: Substring, unit: Substring) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (digits, text.dropFirst(digits.count).drop { $0 == " " })
    }

    private static func multiply(_ digits: Substring, _ scale: Int, _ text: String) throws(InvalidValue) -> Int {
        guard let number = Int(digits) else { throw InvalidValue("\(quoted(text)) is far too large") }
        let (product, overflow) = number.multipliedReportingOverflow(by: scale)
        // Milliseconds must still fit Int64 as nanoseconds; sizes are bounded far below that anyway.
        guard !overflow, product < Int.max / 1_000_000 else { throw InvalidValue("\(quoted(text)) is far too large") }
        return product
    }
}

extension Duration {
    /// Parses a duration such as `250ms` or `2s`; nil for anything else.
    public init?(written text: String) {
        guard let time = try? Units.duration(text) else { return nil }
        self = time
    }
}
