// The YAML reader: what a text becomes, where its nodes stand, and what is refused.

import Testing

@testable import Configuration

@Suite("The YAML reader") struct YAMLReaderTests {
    @Test("keeps text, its quotes and the order of keys")
    func tree() throws {
        let text = "b: 1\na: [x, 'y', \"\\u00e9\\t\", ~, ]\nc:\nd: |\n  two\n  lines\ne: >-\n  folded\n  text\nf: {}\n"
        let written = outline(try #require(try YAMLReader.read(Array(text.utf8))))
        #expect(written == "{b: 1, a: [x, \"y\", \"é\t\", ~], c: , d: \"two\nlines\n\", e: \"folded text\", f: {}}")
    }

    @Test(
        "leaves tags and directives unresolved",
        arguments: ["!!str 9", "!!int 9", "!mine 9", "! 9", "!<tag:x,2000:y> 9"])
    func tags(_ value: String) throws {
        let text = "%YAML 1.1\n---\na: \(value)\n"
        #expect(outline(try #require(try YAMLReader.read(Array(text.utf8)))) == "{a: 9}")
    }

    @Test("finds no tree in a text without a document", arguments: ["", "\n\n", "# only a comment", "\u{FEFF}"])
    func empty(_ text: String) throws {
        #expect(try YAMLReader.read(Array(text.utf8)) == nil)
    }

    @Test(
        "counts lines and columns in Unicode scalars, whatever the line break and with a byte order mark or not",
        arguments: ["\n", "\r", "\r\n", "\u{85}", "\u{2028}"], ["", "\u{FEFF}"])
    func marks(_ lineBreak: String, _ head: String) throws {
        let lines = ["é: {😀: 1, b: [x,", "  y]}", "# nothing", "c: &here", "  - z", "d: *here", ""]
        let root = try #require(try YAMLReader.read(Array((head + lines.joined(separator: lineBreak)).utf8)))
        let pairs = try #require(root.mapping)
        #expect(root.mark == YAMLMark(line: 1, column: 1))
        #expect(pairs.map(\.key.mark.line) == [1, 4, 6])
        let inner = try #require(pairs[0].value.mapping)
        #expect(inner.map(\.key.mark.column) == [5, 11])
        #expect(inner[1].value.sequence?.map(\.mark) == [YAMLMark(line: 1, column: 15), YAMLMark(line: 2, column: 3)])
        // The node behind an alias stands where it is written out.
        #expect(pairs[2].value.mark == pairs[1].value.mark)
        #expect(pairs[2].value.sequence?.first?.mark == YAMLMark(line: 5, column: 5))
    }

    @Test(
        "says what is not YAML, and where",
        arguments: [
            ("listen: [", 2, 1, "while parsing a flow node did not find expected node content"),
            ("a: 1\nlog: {level: \"abc\n", 3, 1, "found unexpected end of stream (it began in line 2)"),
            ("log:\n  level: debug\n format: text\n", 3, 2, "did not find expected key (it began in line 1)"),
            ("log:\n\tlevel: debug\n", 2, 1, "found character that cannot start any token"),
            ("listen: a: b\n", 1, 10, "mapping values are not allowed in this context"),
            ("listen: \"\\q\"\n", 1, 10, "found unknown escape character"),
            ("listen: \"\\ud83d\"\n", 1, 12, "found invalid Unicode character escape code"),
            ("a: 1\n}\n", 2, 1, "did not find expected key (it began in line 1)"),
            ("a: 1\n... b\n", 2, 5, "did not find expected <document start>"),
            ("%YAML 3.0\n---\na: 1\n", 1, 1, "found incompatible YAML document"),
            ("a: !z!b 1\n", 1, 4, "found undefined tag handle"),
            ("reactors: 1\r\nlog: {format: \"\u{7F}\"}", 2, 16, "control characters are not allowed"),
            ("é: b\u{1}", 1, 5, "control characters are not allowed"),
            ("a: \0", 1, 4, "control characters are not allowed"),
        ])
    func syntax(_ text: String, _ line: Int, _ column: Int, _ words: String) {
        let error = failure(Array(text.utf8))
        #expect(error?.mark == YAMLMark(line: line, column: column))
        let message = error?.message ?? ""
        #expect(message.hasPrefix("is not YAML: ") && message.hasSuffix(words), "\(message)")
    }

    @Test(
        "refuses bytes that are not UTF-8, and says where",
        arguments: [
            ([0xFF], 1, 1), ([0x61, 0x0A, 0x62, 0xC3, 0x28], 2, 3), ([0x61, 0x80], 1, 2), ([0xED, 0xA0, 0x80], 1, 1),
            ([0xC0, 0x80], 1, 1), ([0x61, 0xF0, 0x9F], 1, 2), ([0xEF, 0xBB, 0xBF, 0x61, 0x0A, 0xFE], 2, 1),
        ] as [([UInt8], Int, Int)])
    func invalid(_ bytes: [UInt8], _ line: Int, _ column: Int) {
        let error = failure(bytes)
        #expect(error?.mark == YAMLMark(line: line, column: column), "\(error as Any)")
        #expect(error?.message.contains(/UTF-8|Unicode/) == true)
    }

    @Test("reads one document only")
    func documents() {
        let error = failure(Array("--- {a: 1}\n--- {a: 2}\n".utf8))
        let message = "a second document begins here; write one document in a file"
        #expect(error == YAMLError(mark: YAMLMark(line: 2, column: 1), message: message))
    }

    @Test("a text that ends too soon, or has a byte too many, is read or refused")
    func truncated() throws {
        let sample = Array(
            """
            %TAG !e! tag:example.org,2000:
            --- # a comment
            anchors: &list [1, 'two', "thr\\u00e9e\\n", *x ]
            "quoted \\"key\\"": !e!int {flow: [{a: {b: ~}}], ? [c] : d}
            block: |2-
                keeps
               😀 its lines
            folded: >+
              text

            ? complex
            : &m { again: *list }
            last: *m
            ...
            """.replacing("*x", with: "4").utf8)
        #expect(try YAMLReader.read(sample)?.mapping?.count == 6)
        for end in sample.indices {
            let part = Array(sample[..<end])
            if let error = failure(part) { #expect(error.mark.line > 0 && !error.message.isEmpty) }
            for byte in [0x00, 0x22, 0x2A, 0x5B, 0xC3, 0xFF] as [UInt8] {
                var changed = sample
                changed[end] = byte
                if let error = failure(changed) { #expect(error.mark.line > 0) }
            }
        }
    }

    private func failure(_ bytes: [UInt8]) -> YAMLError? {
        do {
            _ = try YAMLReader.read(bytes)
            return nil
        } catch {
            return error
        }
    }

    /// A tree in one line, with quotes around what is not plain.
    private func outline(_ node: YAMLNode) -> String {
        switch node.content {
        case .scalar(let text, let isPlain): isPlain ? text : "\"\(text)\""
        case .sequence(let items): "[\(items.map(outline).joined(separator: ", "))]"
        case .mapping(let pairs):
            "{\(pairs.map { "\(outline($0.key)): \(outline($0.value))" }.joined(separator: ", "))}"
        }
    }
}
