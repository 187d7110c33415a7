// What the log shows of names and bytes that others choose.

import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("What the log shows")
struct LogTests {
    @Test("bytes are printable and short", arguments: [
        ("", "an empty frame"), ("{\"n\":1}", "\"{\\\"n\\\":1}\""), ("a\nb\u{1B}[2J\\", "\"a\\x0ab\\x1b[2J\\\\\""),
        (String(repeating: "x", count: 64), "\"\(String(repeating: "x", count: 64))\""),
        (String(repeating: "x", count: 65), "\"\(String(repeating: "x", count: 64))\"... (65 bytes)"),
        ("\u{E9}", "\"\\xc3\\xa9\""),
    ])
    func excerpts(text: String, shown: String) {
        #expect(Excerpt.text(text.utf8.span) == shown)
    }

    @Test("an endpoint has its configured name", arguments: [
        ("tcp://127.0.0.1:5571", "tcp://[::ffff:127.0.0.1]:5571", "tcp://127.0.0.1:5571"),
        ("tcp://*:5571", "tcp://[::]:5571", "tcp://*:5571"),
        ("tcp://127.0.0.1:0", "tcp://[::ffff:127.0.0.1]:40001", "tcp://127.0.0.1:40001"),
        ("tcp://[::1]:*", "tcp://[::1]:40001", "tcp://[::1]:40001"),
        ("ipc:///run/x", "ipc:///run/x", "ipc:///run/x"),
    ])
    func endpoints(configured: String, resolved: String, name: String) {
        #expect(EndpointName.make(configured, resolved: resolved) == name)
    }
}
