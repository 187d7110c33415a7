// A request's body: the same verdict whether it comes whole or in pieces.

import Configuration
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A request's body")
struct BodyTests {
    private func plan(
        _ body: ServiceConfiguration.BodyFormat, mustBeObject: Bool = false, own: Int? = nil, limit: Int = 100
    ) -> ServicePlan {
        var service = ServiceConfiguration(name: "s", peer: .dealer)
        service.body = body
        service.maxBodyBytes = own
        if mustBeObject { service.require = .object }
        return ServicePlan(index: 0, service, maxBodyBytes: limit)
    }

    /// The code and detail of what is wrong, and the bytes that were kept.
    private func verdict(_ text: [UInt8], cut: Int?, _ plan: ServicePlan) -> (String, [UInt8]) {
        var body = RequestBody(plan, expecting: cut == nil ? UInt64(text.count) : nil)
        let pieces = cut.map { [Array(text[..<$0]), Array(text[$0...])] } ?? [text]
        for piece in pieces where !piece.isEmpty {
            if let problem = body.append(piece.span) { return ("\(problem.code) \(problem.detail)", body.bytes) }
        }
        let problem = body.finish(mayBeEmpty: false)
        return (problem.map { "\($0.code) \($0.detail)" } ?? "good", body.bytes)
    }

    @Test(
        "has the same verdict, whole and cut anywhere",
        arguments: [
            "{\"a\":[1,2,\"ü\"]}", "42", "{\"a\":}", "[1,2", "\"\u{1}\"", "", "   ", "{} x", "\"\\ud800\"",
        ])
    func alike(_ text: String) {
        for (format, mustBeObject) in [(ServiceConfiguration.BodyFormat.json, false), (.json, true), (.text, false)] {
            let plan = plan(format, mustBeObject: mustBeObject), bytes = Array(text.utf8)
            let whole = verdict(bytes, cut: nil, plan)
            for cut in 0...bytes.count { #expect(verdict(bytes, cut: cut, plan) == whole) }
            if whole.0 == "good" { #expect(whole.1 == bytes) }
        }
    }

    @Test("that is not UTF-8 is rejected with the position")
    func notText() {
        let plan = plan(.text), bytes: [UInt8] = [0x61, 0xC3, 0x28]
        for cut in [nil, 1, 2] { #expect(verdict(bytes, cut: cut, plan).0.contains("byte 1")) }
    }

    @Test("over the limit is rejected at the first byte beyond it, with the limit's key")
    func tooLong() {
        let bytes = [UInt8](repeating: 1, count: 9)
        for cut in [nil, 4] {
            #expect(verdict(bytes, cut: cut, plan(.binary, limit: 8)).0.contains("8 bytes that limits.max"))
            #expect(verdict(bytes, cut: cut, plan(.binary, own: 8)).0.contains("that services.s.max_body_bytes allows"))
            #expect(verdict(bytes, cut: cut, plan(.binary, limit: 9)).0 == "good")
            #expect(verdict(bytes, cut: cut, plan(.binary, own: 9, limit: 8)).0 == "good")
        }
    }
}
