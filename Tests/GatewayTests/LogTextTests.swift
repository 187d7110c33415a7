// Lines of the log, letter by letter.

import Bridge
import Glibc
import JSON
import Reactors
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A line of the log")
struct LogTextTests {
    private func line(isJSON: Bool, at seconds: Int = 0, _ fill: (inout LogText) -> Void) -> String {
        var text = LogText(isJSON: isJSON)
        text.begin(at: (seconds, 7_999_999))
        fill(&text)
        text.end()
        return String(decoding: text.take(), as: UTF8.self)
    }

    @Test(
        "begins with the time in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00"), (86_399, "1970-01-01T23:59:59"), (951_782_400, "2000-02-29T00:00:00"),
            (1_709_251_199, "2024-02-29T23:59:59"), (1_709_251_200, "2024-03-01T00:00:00"),
            (4_102_444_799, "2099-12-31T23:59:59"),
        ])
    func time(_ seconds: Int, _ written: String) {
        #expect(line(isJSON: false, at: seconds) { _ in } == "\(written).007Z\n")
    }

    @Test("formats each new second, and follows a clock that is set back")
    func seconds() {
        var text = LogText(isJSON: false)
        for second in [59, 59, 60, 58] {
            text.begin(at: (second, 0))
            text.end()
        }
        let written = String(decoding: text.take(), as: UTF8.self).split(separator: "\n").map { $0.dropFirst(14) }
        #expect(written == ["00:59.000Z", "00:59.000Z", "01:00.000Z", "00:58.000Z"])
        #expect(text.bytes.isEmpty)
    }

    private func fill(_ text: inout LogText) {
        text.bare("method", "GET".utf8.span)
        text.bare("status", 204)
        text.text("service", "a\"b".utf8.span)
        text.word("reason", "count")
        text.number("bytes", 0)
        text.flag("ok", true)
        text.time("total", 1_234_567)
        text.time("first", 999_999)
    }

    @Test("is readable for people")
    func plain() {
        #expect(
            line(isJSON: false, fill) == "1970-01-01T00:00:00.007Z GET 204 service=a\"b reason=count bytes=0 ok=true "
                + "total=1.23ms first=1.00ms\n")
    }

    @Test("is one JSON object for a collector")
    func object() throws {
        let written = line(isJSON: true, fill)
        #expect(
            written == #"{"time":"1970-01-01T00:00:00.007Z","method":"GET","status":204,"service":"a\"b","#
                + #""reason":"count","bytes":0,"ok":true,"total_ms":1.235,"first_ms":1.000}"# + "\n")
        #expect(throws: Never.self) { try Document(parsing: written) }
    }

    @Test("comes out of the writer's thread whole and in order, however many batches there are")
    func batches() throws {
        let path = "/tmp/zmq-gateway-\(UInt64.random(in: 0 ... .max)).log"
        // SAFETY: the path ends with a zero.
        let descriptor = unsafe open(path, O_CREAT | O_WRONLY | O_EXCL, 0o600)
        defer {
            close(descriptor)
            // SAFETY: as above.
            unsafe _ = unlink(path)
        }
        let writer = try LineWriter(descriptor: descriptor, isJSON: false)
        for number in 0..<1_000 { writer.write(Array("\(number)\n".utf8)) }
        writer.close()
        #expect(try FileTree.contents(path) == Array((0..<1_000).map { "\($0)\n" }.joined().utf8))
    }
}
