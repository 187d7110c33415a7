// The rules, each a function from a file to its breaches, so that a made-up file can break them in a test.

/// A place that breaks a rule, as an editor's jump list wants it.
struct Breach: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let what: String

    var description: String { "Sources/\(path):\(line): \(what)" }
}

/// An import declaration.
struct Import: Equatable {
    let module: String
    let line: Int
    let isPublic: Bool
}

extension SourceFile {
    private func breach(_ index: Int, _ what: String) -> Breach { Breach(path: path, line: index + 1, what: what) }

    private static let importModifiers: Set<String> = [
        "public", "package", "internal", "fileprivate", "private", "_exported", "preconcurrency", "testable",
        "_implementationOnly",
    ]

    var imports: [Import] {
        text.code.enumerated().compactMap { index, code in
            let words = SourceText.words(code)
            guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
                words[..<keyword].allSatisfy(Self.importModifiers.contains)
            else { return nil }
            var module = words[keyword + 1]
            let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            if kinds.contains(module), keyword + 2 < words.count { module = words[keyword + 2] }
            let isPublic = words[..<keyword].contains { $0 == "public" || $0 == "_exported" || $0 == "package" }
            return Import(module: module, line: index + 1, isPublic: isPublic)
        }
    }

    /// Imports that the layer table does not allow, and doors to C that stand open to those above.
    var importBreaches: [Breach] {
        guard let room = House.rooms[room] else { return [breach(0, "\(room) is no room of the layer table")] }
        let allowed = room.imports.union(room.system).union(House.exceptions[path] ?? [])
        return imports.flatMap { entry -> [Breach] in
            var breaches: [Breach] = []
            if !allowed.contains(entry.module) {
                breaches.append(breach(entry.line - 1, "\(self.room) may not import \(entry.module)"))
            }
            if House.isDoor(entry.module) && entry.isPublic {
                breaches.append(breach(entry.line - 1, "\(entry.module) is imported in public: its types would leak"))
            }
            return breaches
        }
    }

    /// Words that wait, on the way of a request.
    var hotPathBreaches: [Breach] {
        guard House.rooms[room]?.isHotPath == true else { return [] }
        return text.code.enumerated().flatMap { index, code in
            SourceText.words(code).filter { word in
                House.hotPathWords.contains(word) || House.hotPathPrefixes.contains { word.hasPrefix($0) }
            }.map { breach(index, "`\($0)` on the hot path") }
        }
    }

    /// Words that a native speaker would not use there, in comments. A phrase counts across a line break.
    var wordBreaches: [Breach] {
        let lines = text.comments.map { $0.drop { $0 == "/" || $0 == " " }.lowercased() }
        return lines.indices.flatMap { index -> [Breach] in
            let next = index + 1 < lines.count ? lines[index + 1] : ""
            let words = SourceText.words(lines[index])
            let all = words + SourceText.words(next)
            return House.bannedWords.filter { phrase in
                let wanted = SourceText.words(phrase)
                return words.indices.contains { all[$0...].starts(with: wanted) }
            }.map { breach(index, "\"\($0)\" in a comment") }
        }
    }

    /// The form of a file: it begins with its charter, and neither it nor a line of it is too long.
    var formBreaches: [Breach] {
        var breaches: [Breach] = []
        let charter = text.lines.prefix { $0.hasPrefix("//") && !$0.hasPrefix("///") }.count
        if charter == 0 { breaches.append(breach(0, "the file does not begin with a charter comment")) }
        if charter > House.mostCharterLines { breaches.append(breach(0, "the charter has \(charter) lines")) }
        let count = text.lines.last == "" ? text.lines.count - 1 : text.lines.count
        if count > House.mostLines { breaches.append(breach(0, "the file has \(count) lines")) }
        let columns = House.rooms[room]?.columns ?? 120
        for (index, line) in text.lines.enumerated() where line.count > columns {
            breaches.append(breach(index, "the line has \(line.count) columns"))
        }
        return breaches
    }
}
