// The tree as it stands, held to the rules of the house.

import Foundation
import Testing

@Suite("The house")
struct HouseTests {
    /// One issue for all breaches: a rule that a hundred lines break is one problem.
    private func expectNone(_ breaches: [Breach]) {
        guard !breaches.isEmpty else { return }
        Issue.record("\(breaches.count) breaches:\n\(breaches.map(\.description).joined(separator: "\n"))")
    }

    @Test("is found, and every folder of it is a room or a door")
    func folders() {
        #expect(SourceTree.files.count > 10)
        for folder in SourceTree.folders {
            #expect(House.rooms[folder] != nil || House.doors.contains(folder), "\(folder) is not in the layer table")
        }
        for door in SourceTree.folders where House.doors.contains(door) {
            #expect(!SourceTree.files.contains { $0.room == door }, "\(door) is a door and holds Swift")
            #expect(SourceTree.read("Sources/\(door)/shim.h").hasPrefix("//"), "\(door)/shim.h has no charter")
        }
    }

    @Test("imports point down, and no C library shows through a wrapper")
    func imports() { expectNone(SourceTree.files.flatMap(\.importBreaches)) }

    @Test("everything that is not said to be public is internal, imports too")
    func internalImports() {
        #expect(SourceTree.read("Package.swift").contains(".enableUpcomingFeature(\"InternalImportsByDefault\")"))
        #expect(SourceTree.read("Package.swift").contains(".strictMemorySafety()"))
    }

    @Test("unsafe code stands in the wrapper rooms only, and each use is argued for")
    func unsafe() {
        var argued: [String: Set<String>] = [:]
        for file in SourceTree.files { argued[file.room, default: []].formUnion(file.arguedNames) }
        expectNone(
            SourceTree.files.flatMap { file in
                let breaches = file.unsafeBreaches(argued: argued[file.room] ?? [])
                return breaches.count <= House.unargued[file.path] ?? 0 ? [] : breaches
            })
    }

    @Test("the documents name files that exist")
    func documents() throws {
        let pages = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root + "/docs").map { "docs/\($0)" }
        let paths = Set(SourceTree.files.map(\.path))
        var named = 0
        for page in pages + ["README.md"] where page.hasSuffix(".md") {
            let words = SourceTree.read(page).split { !($0.isLetter || $0.isNumber || "/.+_-".contains($0)) }
            for word in words where word.hasSuffix(".swift") && word != "Package.swift" && word.contains("/") {
                named += 1
                let path = word.hasPrefix("Sources/") ? String(word.dropFirst("Sources/".count)) : String(word)
                guard !path.hasPrefix("Tests/") else { continue }
                #expect(paths.contains(path), "\(page) names \(word)")
            }
        }
        #expect(named > 30)
    }

    @Test("inside a room each folder names types of those folders only that the table allows")
    func foldersInside() {
        for (room, folders) in House.folders {
            let files = SourceTree.files.filter { $0.room == room }
            var homes: [String: String] = [:]
            for file in files {
                #expect(file.subroom.isEmpty || folders[file.subroom] != nil, "\(file.path) is in no folder of the table")
                for name in file.declaredTypes { homes[name] = file.subroom }
            }
            #expect(homes.count > 10)
            for file in files where !file.subroom.isEmpty {
                for name in Set(file.text.code.flatMap(SourceText.words)).sorted() {
                    guard let home = homes[name], !home.isEmpty, home != file.subroom else { continue }
                    guard folders[file.subroom]?.contains(home) != true else { continue }
                    Issue.record("\(file.path) names \(name), which is in \(home)")
                }
            }
        }
    }

    @Test("which kind a peer is only its own folder asks, and the table of kinds")
    func kinds() {
        let asks = ["configuration.peer", "service.peer", "as? PublisherService", "as? RouterService"]
        let outside = SourceTree.files.filter { ["Services", "Web", "Operations", "Gateway"].contains($0.room) && !House.kindFolders.contains($0.folder) }
        for file in outside where !House.kindTables.contains(file.path) {
            for (number, line) in file.text.code.enumerated() where asks.contains(where: line.contains) {
                // Its word, for people to read, is no question.
                guard !line.contains("peer.rawValue") else { continue }
                Issue.record("\(file.path):\(number + 1) asks which kind a peer is; ServiceTraits answers")
            }
        }
    }

    @Test("nothing waits on the way of a request")
    func hotPath() { expectNone(SourceTree.files.flatMap(\.hotPathBreaches)) }

    @Test("each file says what it is for, and is short enough to be read")
    func form() { expectNone(SourceTree.files.flatMap(\.formBreaches)) }

    @Test("comments are free of words that read like a translation")
    func words() {
        let doors = House.doors.sorted().map { SourceFile("\($0)/shim.h", SourceTree.read("Sources/\($0)/shim.h")) }
        expectNone((SourceTree.files + doors).flatMap(\.wordBreaches))
    }

    @Test("an exception names a file that exists and needs it")
    func exceptions() {
        for (path, modules) in House.exceptions {
            let file = SourceTree.files.first { $0.path == path }
            #expect(modules.isSubset(of: file?.imports.map(\.module) ?? []), "\(path) needs no exception")
        }
    }
}
