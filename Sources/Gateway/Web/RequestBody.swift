// A request's body as it arrives: counted, checked and kept in one pass.

import Bridge
import Configuration
import HTTP
import JSON
import ZeroMQ

/// Collects one body and knows what is wrong with it.
struct RequestBody {
    private let format: ServiceConfiguration.BodyFormat
    private let limit: Int
    private(set) var bytes: [UInt8] = []
    private var scanner: Scanner?
    private var text: UTF8Validator?

    init(_ plan: ServicePlan, limit: Int, expecting length: UInt64?) {
        format = plan.configuration.body
        self.limit = limit
        switch format {
        case .json: scanner = Scanner()
        case .text: text = UTF8Validator()
        case .binary: break
        }
        bytes.reserveCapacity(min(Int(length ?? 0), limit))
    }

    /// Takes the next bytes in. - Returns: the problem where they are too many.
    mutating func append(_ piece: Span<UInt8>) -> Problem? {
        guard bytes.count + piece.count <= limit else { return Self.tooLarge(limit) }
        scanner?.feed(piece)
        text?.feed(piece)
        bytes.append(copying: piece)
        return nil
    }

    /// The body is complete. - Returns: what is wrong with it, or nil.
    /// - Parameter mayBeEmpty: an envelope can carry no body at all.
    mutating func finish(_ plan: ServicePlan, mayBeEmpty: Bool) -> Problem? {
        if bytes.isEmpty && mayBeEmpty { return nil }
        if let result = scanner?.finish() {
            if let error = result.error { return Self.notJSON(error, isEmpty: bytes.isEmpty) }
            if plan.configuration.require == .object && result.kind != .object {
                return Problem(.objectRequired, "service \"\(plan.name)\" takes a JSON object, such as {\"a\":1}")
            }
        }
        if let offset = text?.finish() {
            return Problem(.badText, "the body is not UTF-8 at byte \(offset); this service takes text")
        }
        return nil
    }

    static func tooLarge(_ limit: Int) -> Problem {
        Problem(.bodyTooLarge, "the body has more than \(limit) bytes, which is what `max_body_bytes` allows")
    }

    private static func notJSON(_ error: SyntaxError, isEmpty: Bool) -> Problem {
        if isEmpty { return Problem(.badJSON, "the body is empty; send a JSON value, such as {\"a\":1}") }
        var problem = Problem(.badJSON, "\(error.message) (byte \(error.offset))")
        problem.extras = [("offset", Array(String(error.offset).utf8))]
        return problem
    }
}

/// Which types of body a service takes (RFC 9110 section 8.3).
enum MediaTypeCheck {
    /// What is wrong with the request's `Content-Type`, or nil. curl's default type is taken for JSON and text: with a
    /// foreign origin the request would not have come so far.
    static func problem(of request: Request, _ body: ServiceConfiguration.BodyFormat) -> Problem? {
        guard let type = request.value(of: .contentType) else { return nil }
        if body == .json && type.equals(plainJSON) || body == .binary { return nil }
        return problem(String(copying: type), body)
    }

    private static let plainJSON = Array("application/json".utf8)

    static func problem(_ contentType: String?, _ body: ServiceConfiguration.BodyFormat) -> Problem? {
        guard let contentType else { return nil }
        let parts = contentType.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        let type = parts.first ?? ""
        let charset = parts.dropFirst().first { $0.hasPrefix("charset=") }?.dropFirst(8).filter { $0 != "\"" }
        if body != .binary, let charset, !["utf-8", "utf8", "us-ascii"].contains(charset) {
            return Problem(.unsupportedMediaType, "charset \(charset) is not taken; send UTF-8")
        }
        let isTaken =
            switch body {
            case .json:
                type == "application/json" || type.hasSuffix("+json") || type == "application/x-www-form-urlencoded"
            case .text: type.hasPrefix("text/") || type == "application/x-www-form-urlencoded"
            case .binary: true
            }
        if isTaken { return nil }
        let wanted = body == .json ? "application/json" : "text/plain"
        return Problem(.unsupportedMediaType, "\(type) is not taken here; send Content-Type: \(wanted)")
    }
}
