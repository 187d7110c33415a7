import Testing

@testable import JSON

@Suite("The scanner")
struct ScannerTests {
    @Test("accepts what is JSON and tells its kind", arguments: acceptedCases)
    func accepts(_ one: Accepted) {
        let result = scan(one.text)
        #expect(result.error == nil)
        #expect(result.kind == one.kind)
    }

    @Test("refuses what is not JSON, with the byte and a sentence", arguments: rejectedCases)
    func rejects(_ one: Rejected) throws {
        let error = try #require(scan(one.text).error)
        #expect(error.offset == one.offset)
        #expect(error.message.contains(one.message), "\(error.message)")
    }

    @Test("agrees with jansson on every accepted text that jansson can hold", arguments: acceptedCases)
    func agreesOnAccepted(_ one: Accepted) {
        #expect(jansson(one.text) == (one.isBeyondJansson ? .cannotHold : .accepts))
    }

    /// Left out are texts that are merely deep, because jansson's own bound is 2,048, and raw NUL: jansson 2.14 loses
    /// one behind a number or a word, and so takes `1<NUL>` for JSON.
    @Test(
        "agrees with jansson on every refused text",
        arguments: rejectedCases.filter { !$0.message.contains("levels") && !$0.text.contains(0) })
    func agreesOnRejected(_ one: Rejected) {
        #expect(jansson(one.text) == .rejects)
    }

    @Test("says the same wherever the text is cut in two",
    arguments: acceptedCases.map(\.text) + rejectedCases.map(\.text))
    func everySplit(_ text: [UInt8]) {
        let whole = scan(text)
        for cut in 0...min(text.count, 300) { #expect(scan(text, cutAt: [cut]) == whole, "cut at \(cut)") }
        #expect(scan(text, cutAt: Array(0...min(text.count, 300))) == whole, "byte by byte")
    }

    @Test("says the same wherever a short text is cut in three")
    func everyPairOfSplits() {
        for text in acceptedCases.map(\.text) + rejectedCases.map(\.text) where text.count <= 24 {
            let whole = scan(text)
            for first in 0...text.count {
                for second in first...text.count where scan(text, cutAt: [first, second]) != whole {
                    Issue.record("\(String(decoding: text, as: UTF8.self)) cut at \(first) and \(second)")
                }
            }
        }
    }

    @Test("counts lines by LF and columns in bytes, also across pieces")
    func position() throws {
        let text = bytes("{\"é\": 1,\r\n\n  \"b\" 2}")
        for cut in 0...text.count {
            let error = try #require(scan(text, cutAt: [cut]).error)
            #expect(error.line == 3)
            #expect(error.column == 7)
            #expect(error.offset == 18)
        }
        let error = try #require(scan(text).error)
        #expect("\(error)" == "line 3, column 7 (byte 18): '2' where a colon was expected after a key.")
    }

    @Test(
        "reports raw line breaks in white space, and nothing else",
        arguments: [
            ("{\"a\":1}", false), ("{\"a\" :\t1 }", false), (#"{"a":"x\ny\r"}"#, false), ("{\n}", true),
            ("[1,\r2]", true),
            ("1\n", true), ("\n1", true), ("[1\n]", true), ("          \n1", true),
        ])
    func lineBreaks(_ text: String, _ expected: Bool) {
        #expect(scan(text).containsLineBreak == expected)
        #expect(scan(bytes(text), cutAt: [1, 2]).containsLineBreak == expected)
    }

    @Test("keeps to the depth it was given", arguments: [1, 2, 63, 64, 65, 127, 128, 129, 511, 512])
    func depth(_ depth: Int) throws {
        var scanner = Scanner(maxDepth: depth)
        // Objects and arrays take turns, so that a bracket forgotten at a boundary of 64 shows.
        func nested(_ levels: Int) -> [UInt8] {
            let opening = (0..<levels).map { $0 % 3 == 0 ? "{\"k\":" : "[" }.joined()
            let closing = (0..<levels).reversed().map { $0 % 3 == 0 ? "}" : "]" }.joined()
            return bytes(opening + "0" + closing)
        }
        #expect(scan(&scanner, nested(depth), cutAt: []).error == nil)
        scanner.reset()
        let error = try #require(scan(&scanner, nested(depth + 1), cutAt: []).error)
        #expect(error.message.contains("\(depth) levels"))
        scanner.reset()
        var wrong = nested(depth)
        wrong[wrong.count - 1] = depth > 0 && wrong.last == UInt8(ascii: "}") ? UInt8(ascii: "]") : UInt8(ascii: "}")
        #expect(scan(&scanner, wrong, cutAt: []).error != nil)
    }

    @Test("reports an error at once, and ignores what comes after it")
    func errorWhileFeeding() throws {
        var scanner = Scanner()
        feed(&scanner, "{\"a\":")
        #expect(scanner.error == nil)
        feed(&scanner, "}")
        let error = try #require(scanner.error)
        feed(&scanner, "\"b\"}")
        #expect(scanner.finish().error == error)
        #expect(error.offset == 5)
    }

    @Test("is as new after a reset")
    func reset() throws {
        let matcher = try matcher([("/done", .equals(true))])
        var scanner = Scanner(matching: matcher)
        feed(&scanner, "[[[\"cut in the mid")
        scanner.reset()
        feed(&scanner, "{\"done\":true}")
        let result = scanner.finish()
        #expect(result.isValid)
        #expect(result.holds(0))
        #expect(result.kind == .object)
    }

    @Test("fits in five cache lines, so that one per exchange is affordable")
    func size() {
        #expect(MemoryLayout<Scanner>.size <= 320)
    }

    private func feed(_ scanner: inout Scanner, _ text: String) {
        let piece = bytes(text)
        scanner.feed(piece.span)
    }
}
