// Inspects a reply and reports facts to Bridge: whether it is what the service declares, and which predicates hold.
//
// The scan that validates a JSON reply also finds the values that the predicates test: one pass over its bytes.

package import Bridge
import Configuration
import JSON

/// The result of inspecting one reply.
package struct Inspection {
    package var facts: ReplyFacts
    /// The reply's white space contains a raw line break, which an NDJSON line cannot carry.
    package var hasLineBreak = false
    /// Why the reply is invalid, as a sentence; nil for a valid one.
    package var fault: String?

    package init(facts: ReplyFacts, hasLineBreak: Bool = false, fault: String? = nil) {
        self.facts = facts
        self.hasLineBreak = hasLineBreak
        self.fault = fault
    }
}

/// A service's predicates, compiled.
package struct ReplyInspector: Sendable {
    private let body: ServiceConfiguration.BodyFormat
    private let isEnvelope: Bool
    private let matcher: Matcher?
    private var final: Role?
    private var error: Role?
    private var keepalive: Role?

    /// How a predicate is evaluated.
    private enum Role: Sendable {
        case test(bit: UInt32)
        case emptyFrame
    }

    init(_ service: ServiceConfiguration) {
        body = service.body
        isEnvelope = service.reply == .envelope
        var tests: [(Pointer, Matcher.Test)] = []
        final = service.replies.final.map { Self.compile($0.predicate, &tests) }
        error = service.replies.error.map { Self.compile($0.predicate, &tests) }
        keepalive = service.replies.keepalive.map { Self.compile($0, &tests) }
        matcher = tests.isEmpty ? nil : Matcher(tests)
    }

    package func inspect(_ bytes: Span<UInt8>) -> Inspection {
        var facts = ReplyFacts(byteCount: bytes.count)
        if bytes.isEmpty {
            facts.isFinal = holds(final, 0, isEmpty: true)
            facts.isKeepalive = holds(keepalive, 0, isEmpty: true)
            facts.isValid = body != .json && !isEnvelope
            return Inspection(facts: facts, fault: facts.isValid ? nil : "the reply is empty, which is not JSON")
        }
        switch isEnvelope ? .json : body {
        case .json: return inspectJSON(bytes, facts)
        case .text:
            guard let offset = validateUTF8(bytes) else { return Inspection(facts: facts) }
            facts.isValid = false
            return Inspection(facts: facts, fault: "the reply is not UTF-8 (byte \(offset))")
        case .binary: return Inspection(facts: facts)
        }
    }

    private func inspectJSON(_ bytes: Span<UInt8>, _ start: ReplyFacts) -> Inspection {
        var facts = start
        let scan = Scanner.scan(bytes, matching: matcher)
        if let error = scan.error {
            facts.isValid = false
            return Inspection(facts: facts, fault: "the reply is not JSON: \(error.message) (byte \(error.offset))")
        }
        facts.isFinal = holds(final, scan.matches, isEmpty: false)
        facts.isError = holds(error, scan.matches, isEmpty: false)
        facts.isKeepalive = holds(keepalive, scan.matches, isEmpty: false)
        return Inspection(facts: facts, hasLineBreak: scan.containsLineBreak)
    }

    private func holds(_ role: Role?, _ matches: UInt32, isEmpty: Bool) -> Bool {
        switch role {
        case nil: false
        case .emptyFrame: isEmpty
        case .test(let bit): matches & bit != 0
        }
    }

    private static func compile(_ predicate: Predicate, _ tests: inout [(Pointer, Matcher.Test)]) -> Role {
        let pointer: String
        let test: Matcher.Test
        switch predicate {
        case .emptyFrame: return .emptyFrame
        case .exists(let text): (pointer, test) = (text, .exists)
        case .equals(let text, let literal): (pointer, test) = (text, .equals(Document.checked(literal.text)))
        }
        tests.append((Pointer.checked(pointer), test))
        return .test(bit: 1 << UInt32(tests.count - 1))
    }
}

extension Document {
    /// A literal that the configuration has already checked.
    static func checked(_ text: String) -> Document {
        do { return try Document(parsing: text) } catch { preconditionFailure("\(text): \(error)") }
    }
}

extension Pointer {
    /// A pointer that the configuration has already checked.
    static func checked(_ text: String) -> Pointer {
        do { return try Pointer(text) } catch { preconditionFailure("\(text): \(error)") }
    }
}
