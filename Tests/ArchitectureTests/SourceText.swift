// Swift source cut into what the compiler runs and what people read, line by line.
//
//   let x = "task" + y  // a task     code: `let x = ` `+ y`     comment: `// a task`
//
// Text inside of string literals is neither; what an interpolation computes is code. Not a parser: it knows comments
// (nested ones too), strings (raw, multi-line, interpolated) and nothing else. Regex literals are not known.

struct SourceText {
    /// Each line with comments and the text of strings taken out.
    private(set) var code: [String] = [""]
    /// What each line says in comments.
    private(set) var comments: [String] = [""]
    /// Each line as it is.
    let lines: [String]

    private let text: [Character]
    private var position = 0

    init(_ source: String) {
        text = Array(source)
        lines = source.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        readCode(untilParenthesis: false)
    }

    /// The identifiers and keywords of a line of code.
    static func words(_ code: String) -> [String] {
        code.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
    }

    private enum Kind { case code, comment, text }

    private func sees(_ wanted: String) -> Bool {
        let end = position + wanted.count
        return end <= text.count && text[position..<end].elementsEqual(wanted)
    }

    private mutating func take(_ count: Int, as kind: Kind) {
        for character in text[position..<min(position + count, text.count)] {
            if character == "\n" {
                code.append("")
                comments.append("")
                continue
            }
            switch kind {
            case .code: code[code.count - 1].append(character)
            case .comment: comments[comments.count - 1].append(character)
            case .text: break
            }
        }
        position += count
    }

    private mutating func readCode(untilParenthesis: Bool) {
        var depth = 0
        while position < text.count {
            if sees("//") {
                while position < text.count && text[position] != "\n" { take(1, as: .comment) }
            } else if sees("/*") {
                readBlockComment()
            } else if let hashes = openingHashes() {
                readString(hashes)
            } else {
                if sees("(") { depth += 1 }
                if sees(")") { depth -= 1 }
                if untilParenthesis && depth < 0 { return }
                take(1, as: .code)
            }
        }
    }

    private mutating func readBlockComment() {
        var depth = 0
        repeat {
            if sees("/*") {
                depth += 1
                take(2, as: .comment)
            } else if sees("*/") {
                depth -= 1
                take(2, as: .comment)
            } else {
                take(1, as: .comment)
            }
        } while depth > 0 && position < text.count
    }

    /// The number of `#` before a quotation mark that starts here; nil where no string starts.
    private func openingHashes() -> Int? {
        var end = position
        while end < text.count && text[end] == "#" { end += 1 }
        return end < text.count && text[end] == "\"" ? end - position : nil
    }

    private mutating func readString(_ hashes: Int) {
        take(hashes, as: .text)
        let quotes = sees("\"\"\"") ? "\"\"\"" : "\""
        let fence = String(repeating: "#", count: hashes)
        take(quotes.count, as: .text)
        while position < text.count {
            if sees(quotes + fence) { return take(quotes.count + hashes, as: .text) }
            if quotes == "\"" && sees("\n") { return }
            if sees("\\" + fence + "(") {
                take(hashes + 2, as: .text)
                readCode(untilParenthesis: true)
                take(1, as: .text)
            } else if sees("\\" + fence) {
                take(hashes + 2, as: .text)
            } else {
                take(1, as: .text)
            }
        }
    }
}
