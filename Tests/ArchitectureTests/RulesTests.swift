// Made-up files that break the rules, and some that only look as if they did.

import Testing

@Suite("The rules of the house")
struct RulesTests {
    private func lines(_ breaches: [Breach]) -> [Int] { breaches.map(\.line) }

    @Test("find imports that the layer table does not allow")
    func imports() {
        #expect(lines(SourceFile("Bridge/A.swift", "// A\nimport Glibc\n").importBreaches) == [2])
        #expect(lines(SourceFile("HTTP/A.swift", "internal import CZeroMQ\nimport ZeroMQ").importBreaches) == [1, 2])
        #expect(lines(SourceFile("Web/A.swift", "import CLinux\nimport HTTP").importBreaches) == [1])
        let decorated = "@preconcurrency import struct Foundation.Data"
        #expect(lines(SourceFile("JSON/A.swift", decorated).importBreaches) == [1])
        #expect(lines(SourceFile("Cellar/A.swift", "").importBreaches) == [1])
        #expect(SourceFile("HTTP/A.swift", "import CMicroHTTPD\ninternal import Glibc").importBreaches.isEmpty)
        #expect(SourceFile("Bridge/A.swift", "// import Glibc\nlet a = \"import Glibc\"").importBreaches.isEmpty)
        #expect(SourceFile("Gateway/A.swift", "public import Configuration\nimport Logging").importBreaches.isEmpty)
    }

    @Test("find doors to C that stand open", arguments: ["public import CZeroMQ", "@_exported import CZeroMQ"])
    func openDoors(_ source: String) {
        #expect(lines(SourceFile("ZeroMQ/A.swift", source).importBreaches) == [1])
    }

    @Test("find what waits on the hot path, in code only")
    func hotPath() {
        let source = """
            // Task, actor: no Mutex
            let name = "await \\(await task)"
            func run() async {}
            pthread_mutex_lock(&lock)
            /* Mutex /* NSLock */ DispatchQueue */ let isAsync = 1
            let taskTask = #"Task "async" \\(Task)"#
            """
        #expect(lines(SourceFile("Gateway/A.swift", source).hotPathBreaches) == [2, 3, 4])
        #expect(SourceFile("Configuration/A.swift", source).hotPathBreaches.isEmpty)
    }

    @Test("find files without a charter, long files, long charters and long lines")
    func form() {
        #expect(lines(SourceFile("Bridge/A.swift", "import A\n// late").formBreaches) == [1])
        #expect(lines(SourceFile("Bridge/A.swift", "/// A docstring is no charter.").formBreaches) == [1])
        let wide = "// " + String(repeating: "x", count: 117)
        #expect(SourceFile("Bridge/A.swift", wide).formBreaches.isEmpty)
        #expect(lines(SourceFile("Bridge/A.swift", "// A\n" + wide + "x").formBreaches) == [2])
        let long = "// A\n" + String(repeating: "a\n", count: 399)
        #expect(SourceFile("Bridge/A.swift", long).formBreaches.isEmpty)
        #expect(lines(SourceFile("Bridge/A.swift", long + "a\n").formBreaches) == [1])
        #expect(lines(SourceFile("Bridge/A.swift", String(repeating: "// A\n", count: 16)).formBreaches) == [1])
    }

    @Test(
        "find words that read like a translation, in comments only",
        arguments: ["nobody", "Somebody", "whoever", "is told", "of which", "where that can be"])
    func words(_ phrase: String) {
        #expect(lines(SourceFile("Bridge/A.swift", "// A\nlet a = 1 // b \(phrase).\n").wordBreaches) == [2])
        let broken = phrase.split(separator: " ").enumerated().map { $0 == 1 ? "\n/// \($1)" : " \($1)" }.joined()
        #expect(lines(SourceFile("Bridge/A.swift", "/// A\n///\(broken) x\n").wordBreaches) == [2])
        #expect(SourceFile("Bridge/A.swift", "// A\nlet a = \"\(phrase)\"\n").wordBreaches.isEmpty)
        #expect(SourceFile("Bridge/A.swift", "// anybodyx\n// of\nlet which = 1\n").wordBreaches.isEmpty)
    }

    @Test("find unsafe code in a room that wraps no C, argued for or not")
    func unsafeElsewhere() {
        #expect(lines(SourceFile("Bridge/A.swift", "// SAFETY: sure.\nlet a = unsafe b").unsafeBreaches()) == [2])
        #expect(SourceFile("Bridge/A.swift", "// unsafe\nlet unsafely = \"unsafe\"").unsafeBreaches().isEmpty)
    }

    private let filler = String(repeating: "    step()\n", count: 13)

    @Test("find unsafe code that nobody argues for")
    func unsafe() {
        let bare = "func a() {\n    unsafe b()\n}\n"
        #expect(lines(SourceFile("HTTP/A.swift", bare).unsafeBreaches()) == [2])
        let far = "func a() {\n    // SAFETY: far away.\n" + filler + "    unsafe b()\n}\n"
        #expect(lines(SourceFile("HTTP/A.swift", far).unsafeBreaches()) == [16])
        let neighbour = "// SAFETY: of a.\nfunc a() {\n" + filler + "}\nfunc b() {\n    unsafe b()\n}\n"
        #expect(lines(SourceFile("HTTP/A.swift", neighbour).unsafeBreaches()) == [18])
        let otherScope = "extension A {\n    // SAFETY (all of A): so.\n" + filler + "}\n" + filler + "unsafe c()\n"
        #expect(lines(SourceFile("HTTP/A.swift", otherScope).unsafeBreaches()) == [30])
    }

    @Test("accept an argument at the stored property, in all files of its room, and a pointer that is only named")
    func arguedProperties() {
        let declaration = "final class A {\n    // SAFETY: outlives us.\n    unowned(unsafe) let owner: B\n}\n"
        let file = SourceFile("HTTP/A.swift", declaration)
        #expect(file.arguedNames == ["owner"] && file.unsafeBreaches().isEmpty)
        let use = SourceFile("HTTP/B.swift", "func a() {\n    unsafe owner.b(self)\n    unsafe self.owner.c()\n}\n")
        #expect(use.unsafeBreaches(argued: ["owner"]).isEmpty)
        #expect(lines(use.unsafeBreaches()) == [2, 3])
        let mixed = SourceFile("HTTP/B.swift", "unsafe owner.b(unsafe other())")
        #expect(lines(mixed.unsafeBreaches(argued: ["owner"])) == [1])
        let names = "guard let a = unsafe a, let b = unsafe b.c else { return }\nunsafe a = nil\nif unsafe a == nil {}"
        #expect(SourceFile("HTTP/A.swift", names).unsafeBreaches().isEmpty)
        let uses = "let n = unsafe a.pointee\nunsafe a = b\nlet m = unsafe\n    c()\n"
        #expect(lines(SourceFile("HTTP/A.swift", uses).unsafeBreaches()) == [1, 2, 3])
    }

    @Test("accept an argument near by, at the declaration, or for all of a scope")
    func argued() {
        let near = "func a() {\n    // SAFETY: ours.\n    unsafe b()\n}\n"
        #expect(SourceFile("HTTP/A.swift", near).unsafeBreaches().isEmpty)
        let above = "/// A thing.\n/// SAFETY: ours.\n@inline(__always)\nfunc a(\n    _ c: Int\n) {\n" + filler
            + "    unsafe b()\n}\n"
        #expect(SourceFile("HTTP/A.swift", above).unsafeBreaches().isEmpty)
        let inner = "// SAFETY: ours.\nfunc a() {\n" + filler + "    if b {\n" + filler + "        unsafe c()\n    }\n}"
        #expect(SourceFile("HTTP/A.swift", inner).unsafeBreaches().isEmpty)
        let all = "// SAFETY (all of this file): the library says so.\n" + filler + "extension A {\n    func a() {\n"
            + filler + "        unsafe b()\n    }\n}\n"
        #expect(SourceFile("HTTP/A.swift", all).unsafeBreaches().isEmpty)
    }
}

@Suite("Source text")
struct SourceTextTests {
    @Test("is cut into code and comments, line by line")
    func cut() {
        let text = SourceText("a // b\n/* c\nd */ e\n\"f // g\" + h\n")
        #expect(text.code == ["a ", "", " e", " + h", ""])
        #expect(text.comments == ["// b", "/* c", "d */", "", ""])
    }

    @Test("is code again behind every kind of string")
    func strings() {
        let cases: [(String, String)] = [
            (#"a "\"" b"#, "a  b"),
            (#"a "\\" b"#, "a  b"),
            (#"a "x\(f("y)") + g)z" b"#, "a f() + g b"),
            ("a #\"x\"y\"# b", "a  b"),
            ("a #\"x\\#(c)\"# b", "a c b"),
            ("a \"\" b", "a  b"),
        ]
        for (source, code) in cases { #expect(SourceText(source).code == [code]) }
        #expect(SourceText("a \"\"\"\n  x \"quoted\" // y\n  \\(c)\n  \"\"\" b").code == ["a ", "", "c", " b"])
    }
}
