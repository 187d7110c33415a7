// The file as a tree of YAML nodes with their places. Yams does the parsing; what this file adds is
//
// - bounds: a file of at most 1 MiB and at most 32 aliases, so that a small file cannot unfold into a huge tree
//   (the worst that 32 aliases can do is 3^(32/3), some 120,000 nodes);
// - all duplicate keys at once: Yams stops at the first one, so the first letter of the earlier key is exchanged for a
//   private character and the text is parsed again; the reader puts the letter back and finds the key twice.
//
// Tags are not resolved: whether `on` is a boolean is for the key that wants one to say.

internal import Yams

/// A parsed file.
struct YAMLDocument {
    static let maxBytes = 1 << 20
    static let maxAliases = 32
    private static let maxRenamed = 50
    private static let firstPrivate: UInt32 = 0xF0000

    /// The tree, or nil where the file has no value or could not be parsed (and that is reported).
    private(set) var root: Node?

    private let file: String
    private var originals: [Unicode.Scalar] = []

    /// Parses the text; what is wrong goes to the findings.
    init(_ text: String, _ diagnostics: Diagnostics) {
        file = diagnostics.file
        if let rejection = Self.rejection(of: text) {
            diagnostics.error(Place(file: file), rejection)
        } else {
            parse(text, diagnostics)
        }
    }

    private mutating func parse(_ original: String, _ diagnostics: Diagnostics) {
        var text = original
        while true {
            do {
                root = try Yams.compose(yaml: text, .basic)
                return
            } catch let YamlError.duplicatedKeysInMapping(names, context) {
                if let renamed = rename(names, context.mark, text) {
                    text = renamed
                    continue
                }
                let mark = context.mark
                let place = Place(file: file, line: mark.line, column: mark.column, key: restore(names.first ?? ""))
                return diagnostics.error(place, "is here twice; keep one of them")
            } catch {
                return report(error, text, diagnostics)
            }
        }
    }

    /// Where a node stands.
    func place(of node: Node, key: String) -> Place {
        Place(file: file, line: node.mark?.line ?? 0, column: node.mark?.column ?? 0, key: key)
    }

    /// A key as the file has it.
    func restore(_ key: String) -> String {
        guard let first = key.unicodeScalars.first, first.value >= Self.firstPrivate else { return key }
        let index = Int(first.value - Self.firstPrivate)
        guard originals.indices.contains(index) else { return key }
        return String(originals[index]) + String(String.UnicodeScalarView(key.unicodeScalars.dropFirst()))
    }

    // MARK: - Bounds

    private static func rejection(of text: String) -> String? {
        if text.utf8.count > maxBytes { return "is larger than 1MiB; a configuration is smaller" }
        if aliases(in: text) > maxAliases { return "has more than \(maxAliases) aliases; write the values out" }
        if let scalar = text.unicodeScalars.first(where: { $0.value >= firstPrivate && $0.value <= 0xFFFFD }) {
            let number = String(scalar.value, radix: 16, uppercase: true)
            return "has the private character U+\(number); take it out"
        }
        return nil
    }

    /// How many aliases there are at most: each `*name` outside of lines that are comments.
    private static func aliases(in text: String) -> Int {
        var count = 0
        for line in text.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            if line.first(where: { $0 != 32 && $0 != 9 }) == UInt8(ascii: "#") { continue }
            count += zip(line, line.dropFirst()).count { star, next in
                let isName = (48...57).contains(next) || (65...90).contains(next & 0xDF) || next == 95 || next == 45
                return star == UInt8(ascii: "*") && isName
            }
        }
        return count
    }

    // MARK: - Duplicate keys

    /// The text with the first letter of the key at the mark exchanged, or nil where that is not a plain or quoted key.
    private mutating func rename(_ names: [String], _ mark: Mark, _ text: String) -> String? {
        guard originals.count < Self.maxRenamed, let letter = names.first?.unicodeScalars.first else { return nil }
        var scalars = text.unicodeScalars
        guard var index = Self.index(of: mark, in: scalars) else { return nil }
        if scalars[index] != letter, "\"'".unicodeScalars.contains(scalars[index]) {
            index = scalars.index(after: index)
        }
        guard index < scalars.endIndex, scalars[index] == letter,
            let stand = Unicode.Scalar(Self.firstPrivate + UInt32(originals.count))
        else { return nil }
        originals.append(letter)
        scalars.replaceSubrange(index...index, with: CollectionOfOne(stand))
        return String(scalars)
    }

    private static func index(of mark: Mark, in scalars: String.UnicodeScalarView) -> String.Index? {
        var line = 1
        var column = 1
        var previous: Unicode.Scalar?
        for index in scalars.indices {
            if line == mark.line, column == mark.column { return index }
            let scalar = scalars[index]
            let isBreak = scalar == "\n" || scalar == "\u{85}" || scalar == "\u{2028}" || scalar == "\u{2029}"
            if isBreak || scalar == "\r" {
                if !(scalar == "\n" && previous == "\r") { line += 1 }
                column = 1
            } else {
                column += 1
            }
            previous = scalar
        }
        return nil
    }

    // MARK: - Syntax errors

    private func report(_ error: any Error, _ text: String, _ diagnostics: Diagnostics) {
        var place = Place(file: file)
        var message = "\(error)"
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            (place.line, place.column) = (mark.line, mark.column)
            message = "\(context.map { "\($0.text) " } ?? "")\(problem)"
            if let begun = context?.mark, begun.line != mark.line { message += " (it began in line \(begun.line))" }
        case YamlError.reader(let problem, let offset, _, _):
            if let offset { place.line = 1 + text.prefix(offset).count(where: \.isNewline) }
            place.column = place.line > 0 ? 1 : 0
            message = problem
        default:
            break
        }
        diagnostics.error(place, "is not YAML: \(message)")
    }
}
