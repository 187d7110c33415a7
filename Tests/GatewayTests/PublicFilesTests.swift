// The public folder: what is served of it, as what, and what a browser is told about it.

import Foundation
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("The public folder", .timeLimit(.minutes(1)))
struct PublicFilesTests {
    private let folder: String

    init() throws {
        folder = "/tmp/zmq-gateway-public-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: true)
        for (name, text) in [("index.html", "<p>"), ("sub/a.js", "1"), ("a.unknown", "x"), ("b.svg", "<svg/>")] {
            try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
        }
    }

    private func house(_ more: String = "") throws -> CoreHouse { try CoreHouse("public: \(folder)\n\(more)") }
    private func clean() { try? FileManager.default.removeItem(atPath: folder) }

    @Test(
        "each file has the type that its name says, and a folder's index is its page",
        arguments: [
            ("/", "text/html; charset=utf-8", "<p>"), ("/index.html", "text/html; charset=utf-8", "<p>"),
            ("/sub/a.js", "text/javascript; charset=utf-8", "1"), ("/a.unknown", "application/octet-stream", "x"),
            ("/b.svg", "image/svg+xml", "<svg/>"),
        ])
    func types(_ path: String, _ type: String, _ body: String) throws {
        defer { clean() }
        let house = try house()
        defer { house.stop() }
        let text = house.ask("GET \(path) HTTP/1.1")
        #expect(text.hasPrefix("HTTP/1.1 200") && text.contains("Content-Type: \(type)\r\n") && text.hasSuffix(body))
        #expect(
            text.contains("Content-Security-Policy: default-src 'self'")
                && text.contains("X-Content-Type-Options: nosniff"))
        #expect(!text.contains("Vary: Origin"))
    }

    @Test(
        "a browser that has the file gets 304; methods other than GET and HEAD are refused; no path leads out of it")
    func requests() throws {
        defer { clean() }
        let house = try house("allowed_origins: ['https://app.example.org']\n")
        defer { house.stop() }
        let first = house.ask("GET / HTTP/1.1\r\nOrigin: https://app.example.org")
        #expect(
            first.contains("Vary: Origin") && first.contains("Access-Control-Allow-Origin: https://app.example.org"))
        let tag = first.components(separatedBy: "ETag: ").dropFirst().first?.prefix { !$0.isNewline } ?? ""
        let again = house.ask("GET / HTTP/1.1\r\nIf-None-Match: \(tag)") { $0.contains("\r\n\r\n") }
        #expect(!tag.isEmpty && again.hasPrefix("HTTP/1.1 304") && again.hasSuffix("\r\n\r\n"))
        #expect(house.ask("GET / HTTP/1.1\r\nIf-None-Match: \"other\"").hasPrefix("HTTP/1.1 200"))
        #expect(house.ask("HEAD / HTTP/1.1") { $0.contains("\r\n\r\n") }.hasSuffix("\r\n\r\n"))
        let deleted = house.ask("DELETE / HTTP/1.1")
        #expect(deleted.hasPrefix("HTTP/1.1 405") && deleted.contains("Allow: GET, HEAD, OPTIONS"))
        let options = house.ask("OPTIONS / HTTP/1.1") { $0.contains("\r\n\r\n") }
        #expect(options.hasPrefix("HTTP/1.1 204") && options.contains("Allow: GET, HEAD, OPTIONS"))
        for path in ["/sub/../index.html", "/sub/%2e%2e/index.html", "//index.html", "/sub", "/sub/"] {
            #expect(house.ask("GET \(path) HTTP/1.1").hasPrefix("HTTP/1.1 4"), "\(path)")
        }
    }
}
