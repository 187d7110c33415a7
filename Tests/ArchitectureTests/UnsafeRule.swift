// Where `unsafe` may stand, and the sentence that must stand with it.
//
// `unsafe` belongs to the rooms that wrap C. Each line that has it is argued for by a comment with `SAFETY:`
//   - on the line itself or within the 12 lines above it,
//   - or right above a declaration that the line stands in,
//   - or right above the stored property that the line names first (`unsafe listener.rest(self)`),
// or by a comment with `SAFETY (all ...):`, which argues for everything behind it in the braces that it stands in; at
// the top of a file, for the whole file. A line that only names a pointer, to unwrap it, compare it with nil or
// set it to nil, does nothing with what it points to and needs no argument.

extension SourceFile {
    static let safetyReach = 12

    /// Stored properties of this file whose declaration says why using them is safe.
    var arguedNames: Set<String> {
        var names: Set<String> = []
        for (index, code) in text.code.enumerated() where commentAbove(index).contains("SAFETY:") {
            let words = SourceText.words(code)
            guard let keyword = words.firstIndex(where: { $0 == "let" || $0 == "var" }), keyword + 1 < words.count,
                words[..<keyword].allSatisfy(Self.propertyModifiers.contains)
            else { continue }
            names.insert(words[keyword + 1])
        }
        return names
    }

    private static let propertyModifiers: Set<String> = [
        "public", "package", "internal", "fileprivate", "private", "set", "unowned", "unsafe", "weak", "static",
        "final", "usableFromInline", "nonisolated",
    ]

    /// - Parameter argued: the `arguedNames` of all files of the room.
    func unsafeBreaches(argued: Set<String> = []) -> [Breach] {
        let lines = text.code.indices.filter { SourceText.words(text.code[$0]).contains("unsafe") }
        if House.rooms[room]?.wrapsC != true {
            return lines.map { Breach(path: path, line: $0 + 1, what: "\(room) wraps no C and writes `unsafe`") }
        }
        return lines.filter { isUse($0) && !isArguedFor($0) && !names(argued.union(arguedNames), $0) }.map {
            Breach(path: path, line: $0 + 1, what: "`unsafe` without a SAFETY: sentence")
        }
    }

    /// What stands behind each `unsafe` of a line.
    private func operands(_ line: Int) -> [String] {
        var operands: [String] = []
        var rest = Substring(text.code[line])
        if rest.hasSuffix("unsafe") { operands.append("(") }
        while let found = rest.firstRange(of: "unsafe ") {
            operands.append(String(rest[found.upperBound...]))
            rest = rest[found.upperBound...]
        }
        return operands
    }

    /// False for a declaration (`unowned(unsafe)`), and where every `unsafe` of the line only names a pointer.
    private func isUse(_ line: Int) -> Bool {
        operands(line).contains { operand in
            let tail = operand.drop { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }.trimmed
            let endings = [",", "else", "{", "== nil", "!= nil", "= nil"]
            return !tail.isEmpty && !endings.contains { tail.hasPrefix($0) } || operand.contains("pointee")
        }
    }

    private func names(_ argued: Set<String>, _ line: Int) -> Bool {
        operands(line).allSatisfy { operand in
            let first = SourceText.words(operand).first { $0 != "self" }
            return first.map(argued.contains) ?? false
        }
    }

    private func isArguedFor(_ use: Int) -> Bool {
        let near = max(0, use - Self.safetyReach)...use
        if text.comments[near].contains(where: { $0.contains("SAFETY:") || $0.contains("SAFETY (all") }) { return true }
        var depth = 0
        for index in (0..<use).reversed() {
            for character in text.code[index].reversed() {
                if character == "}" { depth += 1 }
                if character == "{" { depth -= 1 }
            }
            let encloses = depth < 0
            if encloses {
                depth = 0
                if commentAbove(index).contains("SAFETY:") { return true }
            }
            if depth == 0 && !encloses && text.comments[index].contains("SAFETY (all") { return true }
        }
        return false
    }

    /// The comment that stands right above the declaration whose brace opens on `line`, with its attributes and the
    /// rest of a signature of several lines in between.
    private func commentAbove(_ line: Int) -> String {
        var index = line
        while index > 0, !startsDeclaration(text.code[index]) { index -= 1 }
        var comment: [String] = []
        while index > 0 {
            index -= 1
            let code = text.code[index].trimmed
            guard code.isEmpty && !text.comments[index].isEmpty || code.hasPrefix("@") else { break }
            comment.append(text.comments[index])
        }
        return comment.joined(separator: "\n")
    }

    private func startsDeclaration(_ code: String) -> Bool {
        let keywords: Set<String> = [
            "func", "init", "deinit", "subscript", "var", "let", "struct", "class", "enum", "extension", "protocol",
            "if", "guard", "for", "while", "switch", "repeat", "do", "case", "get", "set", "else", "return",
        ]
        return SourceText.words(code).contains(where: keywords.contains)
    }
}

extension StringProtocol where SubSequence == Substring {
    fileprivate var trimmed: Substring { drop { $0 == " " } }
}
