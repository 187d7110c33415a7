// The Swift files below Sources/, read once.

import FoundationEssentials

/// One file of a room.
struct SourceFile {
    /// The path below Sources/, e.g. `HTTP/Listener.swift`.
    let path: String
    let text: SourceText

    init(_ path: String, _ source: String) {
        self.path = path
        text = SourceText(source)
    }

    /// The folder that it stands in below Sources/.
    var room: String { String(path.prefix { $0 != "/" }) }

    /// The folder within its room, e.g. `Web`; empty where there is none.
    var subroom: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    /// The types that it declares at the top and does not keep for itself.
    var declaredTypes: [String] {
        text.code.compactMap { line in
            guard let first = line.first, first != " ", first != "}" else { return nil }
            let words = SourceText.words(line)
            let kinds: Set<String> = ["class", "struct", "enum", "protocol", "typealias"]
            guard let kind = words.firstIndex(where: kinds.contains), kind + 1 < words.count else { return nil }
            return words[..<kind].contains(where: ["private", "fileprivate"].contains) ? nil : String(words[kind + 1])
        }
    }

    /// The path of its folder, e.g. `Web`.
    var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }
}

enum SourceTree {
    /// The package's folder.
    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")

    static let folders: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root + "/Sources")) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }()

    static let files: [SourceFile] = {
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: root + "/Sources")) ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().map { SourceFile($0, read("Sources/" + $0)) }
    }()

    /// The text of a file of the package; empty where there is none.
    static func read(_ path: String) -> String {
        FileManager.default.contents(atPath: root + "/" + path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
