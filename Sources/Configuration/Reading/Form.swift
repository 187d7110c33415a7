// Forms: what the text of one value must look like, and the bounds it must keep. A form knows nothing of where the text
// comes from, so that the file, the environment and the flags hold to the same rules and say the same sentences.
//
//     limits.read("max_body_bytes", into: &value.maxBodyBytes, .bytes(1...(1 << 30)))
//                                                              ^ a form

/// A scalar as it was written.
struct ScalarText {
    let text: String

    /// Written without quotes; only such a scalar is a number or a boolean.
    var isPlain = true
}

extension ScalarText {
    /// What it says as a boolean (YAML 1.1, bool), or nil.
    var boolean: Bool? {
        guard isPlain else { return nil }
        switch text.lowercased() {
        case "true", "on", "yes": return true
        case "false", "off", "no": return false
        default: return nil
        }
    }
}

/// How a scalar becomes a value.
struct Form<Value> {
    /// What is wanted, for the sentence "takes ...".
    let takes: String

    /// Whether a plain `null` is a value and not a mistake.
    var acceptsNull = false

    /// Makes the value, or says what is wrong.
    let parse: (ScalarText) throws(Complaint) -> Value

    init(_ takes: String, _ parse: @escaping (ScalarText) throws(Complaint) -> Value) {
        self.takes = takes
        self.parse = parse
    }
}

extension Form where Value == Int {
    /// A whole number without quotes.
    static func integer(_ bounds: ClosedRange<Int>) -> Form {
        Form("a whole number, \(bounds.lowerBound) to \(bounds.upperBound)") { (scalar) throws(Complaint) in
            let digits = scalar.text.hasPrefix("-") ? scalar.text.dropFirst() : scalar.text[...]
            guard scalar.isPlain, !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
                let hint = scalar.isPlain ? "" : " (write it without quotes)"
                throw Complaint("\(Units.quoted(scalar.text)) is not a whole number\(hint)")
            }
            guard let number = Int(scalar.text), bounds.contains(number) else {
                let text = "\(bounds.lowerBound) to \(bounds.upperBound)"
                throw Complaint("\(scalar.text) is out of bounds; write a number from \(text)")
            }
            return number
        }
    }

    /// A size in bytes.
    static func bytes(_ bounds: ClosedRange<Int>) -> Form {
        Form("a size such as 64KiB or 1MiB") { (scalar) throws(Complaint) in
            let size = try Units.bytes(scalar.text)
            guard bounds.contains(size) else {
                let text = "\(Units.text(bytes: bounds.lowerBound)) to \(Units.text(bytes: bounds.upperBound))"
                throw Complaint("\(scalar.text) is out of bounds; write a size from \(text)")
            }
            return size
        }
    }
}

extension Form where Value == Duration {
    /// A time.
    static func duration(_ bounds: ClosedRange<Duration>) -> Form {
        Form("a duration such as 300ms or 2s") { (scalar) throws(Complaint) in
            let duration = try Units.duration(scalar.text)
            guard bounds.contains(duration) else {
                let text = "\(Units.text(bounds.lowerBound)) to \(Units.text(bounds.upperBound))"
                throw Complaint("\(scalar.text) is out of bounds; write a duration from \(text)")
            }
            return duration
        }
    }

    /// A time that the protocol or the system counts in whole seconds.
    static func wholeSeconds(_ bounds: ClosedRange<Duration>) -> Form {
        let any = duration(bounds)
        return Form(any.takes) { (scalar) throws(Complaint) in
            let duration = try any.parse(scalar)
            guard duration.components.attoseconds == 0 else {
                throw Complaint("\(scalar.text) is not a whole number of seconds; write it like 1s or 2m")
            }
            return duration
        }
    }
}

extension Form where Value == Duration? {
    /// A time, or 0 for none.
    static func durationOrNone(_ bounds: ClosedRange<Duration>) -> Form {
        let some = Form<Duration>.duration(bounds)
        return Form(some.takes) { (scalar) throws(Complaint) in
            try Units.duration(scalar.text) == .zero ? nil : try some.parse(scalar)
        }
    }
}

extension Form where Value == Bool {
    /// `true` or `false`, without quotes, or another of YAML's words for them.
    static var boolean: Form { word(yes: "true", no: "false") }

    /// `on` or `off`, or another of YAML's words for them.
    static var onOff: Form { word(yes: "on", no: "off") }

    private static func word(yes: String, no: String) -> Form {
        Form("\(yes) or \(no)") { (scalar) throws(Complaint) in
            guard let value = scalar.boolean else {
                let hint = scalar.isPlain ? "" : " without quotes"
                throw Complaint("\(Units.quoted(scalar.text)) is neither \(yes) nor \(no); write one of the two\(hint)")
            }
            return value
        }
    }
}

extension Form where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of an enumeration's words.
    static var word: Form {
        let words = Value.allCases.map(\.rawValue)
        return Form(Words.choice(words)) { (scalar) throws(Complaint) in
            guard let value = Value(rawValue: scalar.text) else {
                let guess = Words.closest(to: scalar.text, among: words).map { "; did you mean \($0)?" }
                let advice = guess ?? "; write \(Words.choice(words))"
                throw Complaint("\(Units.quoted(scalar.text)) is not known here\(advice)")
            }
            return value
        }
    }
}

extension Form where Value == SocketSettings.KeepAlive {
    /// `system`, or a boolean.
    static var keepAlive: Form {
        let words = Form<Value>.word
        return Form(words.takes) { (scalar) throws(Complaint) in
            if let isOn = scalar.boolean { return isOn ? .on : .off }
            return try words.parse(scalar)
        }
    }
}

extension Form where Value == String {
    /// Any text of so many bytes.
    static func text(_ bytes: ClosedRange<Int>) -> Form {
        Form("text") { (scalar) throws(Complaint) in
            let count = scalar.text.utf8.count
            guard bytes.contains(count) else {
                throw Complaint("has \(count) bytes; write \(bytes.lowerBound) to \(bytes.upperBound)")
            }
            return scalar.text
        }
    }
}
