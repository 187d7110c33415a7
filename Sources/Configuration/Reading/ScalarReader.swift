// Readers for scalars: each parses the text of one value and checks its bounds. A reader does not know where the text
// comes from, so that the file, the environment and the flags follow the same rules with the same messages.
//
//     limits.read("max_body_bytes", into: &value.maxBodyBytes, .bytes(1...(1 << 30)))
//                                                              ^ a reader

/// A scalar as written.
struct ScalarText {
    let text: String

    /// Written without quotes; only such a scalar can be a number or a boolean.
    var isPlain = true
}

extension ScalarText {
    /// The value as a boolean (YAML 1.1, bool); nil if it is not one.
    var boolean: Bool? {
        guard isPlain else { return nil }
        switch text.lowercased() {
        case "true", "on", "yes": return true
        case "false", "off", "no": return false
        default: return nil
        }
    }
}

/// Turns a scalar into a value.
struct ScalarReader<Value> {
    /// What the reader accepts, for the sentence "takes ...".
    let takes: String

    /// Whether a plain `null` is a value, not an error.
    var acceptsNull = false

    /// Parses the value, or throws what is wrong.
    let parse: (ScalarText) throws(InvalidValue) -> Value

    init(_ takes: String, _ parse: @escaping (ScalarText) throws(InvalidValue) -> Value) {
        self.takes = takes
        self.parse = parse
    }
}

extension ScalarReader where Value == Int {
    /// An integer, without quotes.
    static func integer(_ bounds: ClosedRange<Int>) -> ScalarReader {
        ScalarReader("a whole number, \(bounds.lowerBound) to \(bounds.upperBound)") { (scalar) throws(InvalidValue) in
            let digits = scalar.text.hasPrefix("-") ? scalar.text.dropFirst() : scalar.text[...]
            guard scalar.isPlain, !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
                let hint = scalar.isPlain ? "" : " (write it without quotes)"
                throw InvalidValue("\(Units.quoted(scalar.text)) is not a whole number\(hint)")
            }
            guard let number = Int(scalar.text), bounds.contains(number) else {
                let text = "\(bounds.lowerBound) to \(bounds.upperBound)"
                throw InvalidValue("\(scalar.text) is out of bounds; write a number from \(text)")
            }
            return number
        }
    }

    /// A size in bytes.
    static func bytes(_ bounds: ClosedRange<Int>) -> ScalarReader {
        ScalarReader("a size such as 64KiB or 1MiB") { (scalar) throws(InvalidValue) in
            let size = try Units.bytes(scalar.text)
            guard bounds.contains(size) else {
                let text = "\(Units.text(bytes: bounds.lowerBound)) to \(Units.text(bytes: bounds.upperBound))"
                throw InvalidValue("\(scalar.text) is out of bounds; write a size from \(text)")
            }
            return size
        }
    }
}

extension ScalarReader where Value == Duration {
    /// A duration.
    static func duration(_ bounds: ClosedRange<Duration>) -> ScalarReader {
        ScalarReader("a duration such as 300ms or 2s") { (scalar) throws(InvalidValue) in
            let duration = try Units.duration(scalar.text)
            guard bounds.contains(duration) else {
                let text = "\(Units.text(bounds.lowerBound)) to \(Units.text(bounds.upperBound))"
                throw InvalidValue("\(scalar.text) is out of bounds; write a duration from \(text)")
            }
            return duration
        }
    }

    /// A duration that the protocol or the system counts in whole seconds.
    static func wholeSeconds(_ bounds: ClosedRange<Duration>) -> ScalarReader {
        let any = duration(bounds)
        return ScalarReader(any.takes) { (scalar) throws(InvalidValue) in
            let duration = try any.parse(scalar)
            guard duration.components.attoseconds == 0 else {
                throw InvalidValue("\(scalar.text) is not a whole number of seconds; write it like 1s or 2m")
            }
            return duration
        }
    }
}

extension ScalarReader where Value == Duration? {
    /// A duration, or 0 for none.
    static func durationOrNone(_ bounds: ClosedRange<Duration>) -> ScalarReader {
        let some = ScalarReader<Duration>.duration(bounds)
        return ScalarReader(some.takes) { (scalar) throws(InvalidValue) in
            try Units.duration(scalar.text) == .zero ? nil : try some.parse(scalar)
        }
    }
}

extension ScalarReader where Value == Bool {
    /// `true` or `false`, without quotes, or another YAML spelling of them.
    static var boolean: ScalarReader { word(yes: "true", no: "false") }

    /// `on` or `off`, or another YAML spelling of them.
    static var onOff: ScalarReader { word(yes: "on", no: "off") }

    private static func word(yes: String, no: String) -> ScalarReader {
        ScalarReader("\(yes) or \(no)") { (scalar) throws(InvalidValue) in
            guard let value = scalar.boolean else {
                let hint = scalar.isPlain ? "" : " without quotes"
                throw InvalidValue(
                    "\(Units.quoted(scalar.text)) is neither \(yes) nor \(no); write one of the two\(hint)")
            }
            return value
        }
    }
}

extension ScalarReader where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of an enumeration's words.
    static var word: ScalarReader {
        let words = Value.allCases.map(\.rawValue)
        return ScalarReader(Suggestions.choice(words)) { (scalar) throws(InvalidValue) in
            guard let value = Value(rawValue: scalar.text) else {
                let guess = Suggestions.closest(to: scalar.text, among: words).map { "; did you mean \($0)?" }
                let advice = guess ?? "; write \(Suggestions.choice(words))"
                throw InvalidValue("\(Units.quoted(scalar.text)) is not known here\(advice)")
            }
            return value
        }
    }
}

extension ScalarReader where Value == SocketSettings.KeepAlive {
    /// `system`, or a boolean.
    static var keepAlive: ScalarReader {
        let words = ScalarReader<Value>.word
        return ScalarReader(words.takes) { (scalar) throws(InvalidValue) in
            if let isOn = scalar.boolean { return isOn ? .on : .off }
            return try words.parse(scalar)
        }
    }
}

extension ScalarReader where Value == String {
    /// Any text with a length within `bytes`.
    static func text(_ bytes: ClosedRange<Int>) -> ScalarReader {
        ScalarReader("text") { (scalar) throws(InvalidValue) in
            let count = scalar.text.utf8.count
            guard bytes.contains(count) else {
                throw InvalidValue("has \(count) bytes; write \(bytes.lowerBound) to \(bytes.upperBound)")
            }
            return scalar.text
        }
    }
}
