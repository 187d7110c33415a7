// Checks that a request's body is what its service takes. A body that is there whole is checked at once. One that
// arrives in pieces is checked piece by piece, so that a long body does not block the reactor at its end.

import Bridge
import Configuration
import JSON

/// The check of one body.
package enum BodyCheck {
    /// What is wrong with a whole body, or nil.
    package static func problem(of body: Span<UInt8>, _ plan: ServicePlan) -> Problem? {
        if let most = plan.configuration.maxBodyBytes, body.count > most { return tooLarge(plan) }
        switch plan.configuration.body {
        case .json: return problem(Scanner.scan(body), isEmpty: body.isEmpty, plan)
        case .text: return problem(offset: validateUTF8(body))
        case .binary: return nil
        }
    }

    /// The problem of a body that is larger than the service takes.
    package static func tooLarge(_ plan: ServicePlan) -> Problem {
        let key = plan.configuration.maxBodyBytes == nil ? "limits" : "services.\(plan.name)"
        return Problem(
            .bodyTooLarge,
            "the body is larger than the \(plan.maxBodyBytes) bytes that \(key).max_body_bytes allows")
    }

    fileprivate static func problem(_ scan: ScanResult, isEmpty: Bool, _ plan: ServicePlan) -> Problem? {
        if let error = scan.error {
            if isEmpty { return Problem(.badJSON, "the body is empty; send a JSON value, such as {\"a\":1}") }
            var problem = Problem(.badJSON, "\(error.message) (byte \(error.offset))")
            problem.extras = [("offset", Array(String(error.offset).utf8))]
            return problem
        }
        guard plan.configuration.require == .object, scan.kind != .object else { return nil }
        return Problem(.objectRequired, "service \"\(plan.name)\" requires a JSON object, such as {\"a\":1}")
    }

    fileprivate static func problem(offset: Int?) -> Problem? {
        offset.map { Problem(.badText, "the body is not UTF-8 at byte \($0); this service takes text") }
    }
}

/// The check of a body that arrives in pieces.
package final class BodyPieces {
    private enum Check {
        case json(Scanner)
        case text(UTF8Validator)
        case binary
    }

    private let plan: ServicePlan
    private var check: Check
    private var isEmpty = true

    init(_ plan: ServicePlan) {
        self.plan = plan
        switch plan.configuration.body {
        case .json: check = .json(Scanner())
        case .text: check = .text(UTF8Validator())
        case .binary: check = .binary
        }
    }

    package func feed(_ piece: Span<UInt8>) {
        isEmpty = isEmpty && piece.isEmpty
        switch check {
        case .json(var scanner):
            scanner.feed(piece)
            check = .json(scanner)
        case .text(var validator):
            validator.feed(piece)
            check = .text(validator)
        case .binary: break
        }
    }

    /// What is wrong with the whole body, or nil.
    package func finish() -> Problem? {
        switch check {
        case .json(var scanner): BodyCheck.problem(scanner.finish(), isEmpty: isEmpty, plan)
        case .text(var validator): BodyCheck.problem(offset: validator.finish())
        case .binary: nil
        }
    }
}
