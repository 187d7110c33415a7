// What a file cannot do: grow by aliases, grow deep, be huge, or have a key twice unseen.

import Testing

@testable import Configuration

@Suite("The bounds of a YAML file") struct YAMLBoundsTests {
    private func failure(_ text: String) -> YAMLError? {
        do {
            _ = try YAMLReader.read(Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test("lists and sections nest 64 deep and no deeper, in both styles")
    func depth() {
        func flow(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        func block(_ levels: Int) -> String {
            (0..<levels).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        }
        #expect(failure(flow(64)) == nil && failure(block(64)) == nil)
        for levels in [65, 1_000, 10_000] {
            #expect(failure(flow(levels))?.mark == YAMLMark(line: 1, column: 65))
        }
        let message = "is nested more than 64 levels deep; write it flatter"
        #expect(failure(String(repeating: "[", count: 10_000))?.message == message)
        #expect(failure(String(repeating: "{a: ", count: 65))?.message.contains("64 levels") == true)
        for levels in [65, 1_000] { #expect(failure(block(levels))?.mark == YAMLMark(line: 65, column: 65)) }
        #expect(failure(String(repeating: "- ", count: 10_000))?.mark == YAMLMark(line: 1, column: 129))
    }

    @Test("32 aliases are enough; comments and quoted stars are none")
    func aliases() {
        func text(_ count: Int) -> String {
            "a: &x 1 # *x\nc: \"*x *x\"\nb: [\(Array(repeating: "*x", count: count).joined(separator: ", "))]\n"
        }
        #expect(failure(text(32)) == nil)
        #expect(failure(text(33)) == YAMLError(
            mark: YAMLMark(line: 3, column: 133), message: "has more than 32 aliases; write the values out"))
    }

    @Test("aliases of aliases share what they repeat")
    func laughs() throws {
        var text = "a0: &a0 [0, 0, 0]\n"
        for level in 1...10 {
            let alias = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(alias), \(alias), \(alias)]\n"
        }
        let root = try #require(try YAMLReader.read(Array(text.utf8)))
        var node = try #require(root.mapping?.last?.value)
        var levels = 0
        while let items = node.sequence {
            #expect(items.count == 3)
            node = items[2]
            levels += 1
        }
        #expect(levels == 11 && node.mark.line == 1)
        // As a configuration it is a section of unknown keys, and the leaves are not walked.
        #expect(Configuration.load(text: text, file: "g").errors.count == 11)
    }

    @Test("an alias repeats the latest node of its name above it, and never one that it is within")
    func anchors() throws {
        let root = try #require(try YAMLReader.read(Array("[&a 1, *a, &a 2, *a, &a {b: &b 3}, *b]".utf8)))
        #expect(root.sequence?.map(\.scalar?.text) == ["1", "1", "2", "2", nil, "3"])
        let words = "is not YAML: found undefined alias *x; write &x before the value that it repeats"
        #expect(failure("a: *x\n") == YAMLError(mark: YAMLMark(line: 1, column: 4), message: words))
        #expect(failure("log: &x {level: *x}\n") == YAMLError(mark: YAMLMark(line: 1, column: 17), message: words))
    }

    @Test("a file has at most 1 MiB")
    func size() {
        #expect(failure("#" + String(repeating: "x", count: YAMLReader.maxBytes - 1)) == nil)
        let error = failure(String(repeating: "\n", count: YAMLReader.maxBytes + 1))
        #expect(error == YAMLError(mark: YAMLMark(), message: "is larger than 1MiB; a configuration is smaller"))
        let mistake = Configuration.load(text: String(repeating: "\n", count: 1 << 20 | 1), file: "g").errors.first
        #expect(mistake?.description == "g: is larger than 1MiB; a configuration is smaller")
    }

    @Test("every duplicate key is reported with both lines, however it is written")
    func duplicates() {
        func mistakes(_ text: String) -> [String] {
            Configuration.load(text: text, file: "g").errors.map(\.description).filter { $0.contains("twice") }
        }
        let twice = "is set twice, first in line"
        let text = "reactors: 1\nlog: {level: info, level: info}\nlog: {}\n\"re\\x61ctors\": 2\n'reactors': 3\n"
        #expect(mistakes(text) == [
            "g:2:20: log.level: \(twice) 2; keep one of the two", "g:3:1: log: \(twice) 2; keep one of the two",
            "g:4:1: reactors: \(twice) 1; keep one of the two", "g:5:1: reactors: \(twice) 1; keep one of the two",
        ])
        #expect(mistakes("&k reactors: 1\n*k : 2\n").count == 1)
        #expect(mistakes(String(repeating: "reactors: 1\n", count: 200)).count == 199)
        #expect(mistakes("services: {a: &s {peer: rep, peer: rep}, b: *s}").count == 2)
        #expect(mistakes("\u{F0000}: 1\n\"\": 1\n\"\": 2\n") == ["g:3:1: \(twice) 2; keep one of the two"])
    }

    @Test("a key that is a list or a section is refused, and a merge key has its advice")
    func keys() {
        let mistakes = Configuration.load(text: "[a]: 1\n{a: 1}: 2\n? - b\n: 3\nlog: {<<: {level: debug}}\n", file: "g")
            .errors.map(\.description)
        #expect(mistakes == [
            "g:1:1: a key must be a word", "g:2:1: a key must be a word", "g:3:3: a key must be a word",
            "g:5:7: log.<<: merge keys are not supported; write the keys out, or alias the whole section",
        ])
    }
}
