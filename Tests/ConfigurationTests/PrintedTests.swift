// The printed configuration says what is a default and what is an example, and it is right.

import Configuration
import Testing

@Suite("The printed examples") struct PrintedTests {
    /// The printed text with its examples uncommented.
    private static let lines: [String] = {
        let printed = Configuration.commentedDefault.split(separator: "\n", omittingEmptySubsequences: false)
        return printed.compactMap { line in
            if line == "services: {}" || line == "routes: []" { return nil }
            let isExample = line.hasPrefix("#services:") || line.hasPrefix("#routes:") || line.hasPrefix("#  ")
            return String(isExample ? line.dropFirst() : line)
        }
    }()

    private static func load(without index: Int? = nil) -> Loaded {
        var lines = lines
        if let index {
            // The first key of a list's item carries its dash on.
            let text = lines[index]
            let isItem = text.drop { $0 == " " }.hasPrefix("- ")
            lines[index] = isItem ? String(text.prefix { $0 == " " }) + "-" : ""
        }
        return Configuration.load(text: lines.joined(separator: "\n"), file: "printed")
    }

    /// The lines of the examples that give a value, with what their comments begin with.
    private static var values: [(index: Int, text: String, comment: String)] {
        let start = lines.firstIndex(of: "services:") ?? 0
        return lines.indices.dropFirst(start + 1).compactMap { index in
            let line = lines[index]
            guard let colon = line.firstRange(of: ": "), line.hasPrefix("  ") else { return nil }
            let value = line[colon.upperBound...].drop { $0 == " " }
            guard !value.isEmpty, !value.hasPrefix("#"), !line.drop(while: { $0 == " " }).hasPrefix("#") else {
                return nil
            }
            let comment = line.firstRange(of: " # ").map { String(line[$0.upperBound...]) } ?? ""
            return (index, line, comment)
        }
    }

    @Test("each value is marked as default, with its default, or as required")
    func marked() {
        #expect(Self.values.count > 80)
        for (_, text, comment) in Self.values {
            #expect(
                comment.hasPrefix("default") || comment.hasPrefix("required"),
                "\(text): begin the comment with default, default X (what it is otherwise) or required")
        }
    }

    @Test("a value marked as default makes no difference, and every other one does")
    func defaults() {
        let whole = Self.load()
        #expect(whole.errors.isEmpty, "\(whole.errors)")
        for (index, text, comment) in Self.values {
            let loaded = Self.load(without: index)
            let isSame = loaded.errors.isEmpty && loaded.configuration == whole.configuration
            let isDefault = comment == "default" || comment.hasPrefix("default;") || comment.hasPrefix("default,")
            // Where a default depends on the kind of service, the comment names each, and one may be the value shown.
            if comment.hasPrefix("default 2500ms") || comment.hasPrefix("default limits") { continue }
            #expect(isSame == isDefault, "\(text)")
            #expect(!comment.hasPrefix("required") || !loaded.errors.isEmpty, "\(text) is not required")
        }
    }

    @Test(
        "keys that were easy to miss are there",
        arguments: [
            "count: 100 ", "first: 10s", "idle: 10s", "reply: envelope", "max_body_bytes: 64KiB", "optional: false",
            "expose: true",
        ])
    func there(text: String) {
        #expect(Self.lines.contains { $0.contains(text) })
    }
}
