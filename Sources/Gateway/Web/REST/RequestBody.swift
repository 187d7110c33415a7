// A request's body as it arrives: counted, checked and kept in one pass.

import Bridge
import Configuration
import HTTP
import JSON

/// Collects one body and knows what is wrong with it.
struct RequestBody {
    private let plan: ServicePlan
    private let length: Int?
    private(set) var bytes: [UInt8] = []
    /// Where the body does not come in one piece.
    private var pieces: BodyPieces?

    init(_ plan: ServicePlan, expecting length: UInt64?) {
        self.plan = plan
        self.length = length.map { Int(clamping: $0) }
    }

    /// Takes the next bytes in. - Returns: the problem where they are too many, or all there is and not good.
    mutating func append(_ piece: Span<UInt8>) -> Problem? {
        guard bytes.count + piece.count <= plan.maxBodyBytes else { return BodyCheck.tooLarge(plan) }
        if pieces == nil {
            if bytes.isEmpty, piece.count == length { return take(piece) }
            pieces = BodyPieces(plan)
            bytes.reserveCapacity(min(length ?? 0, plan.maxBodyBytes))
        }
        pieces?.feed(piece)
        bytes.append(copying: piece)
        return nil
    }

    /// Takes a whole body in. - Returns: what is wrong with it, or nil.
    mutating func take(_ body: Span<UInt8>) -> Problem? {
        guard body.count <= plan.maxBodyBytes else { return BodyCheck.tooLarge(plan) }
        bytes = [UInt8](copying: body)
        return BodyCheck.problem(of: body, plan)
    }

    /// The body is complete. - Returns: what is wrong with it, or nil.
    /// - Parameter mayBeEmpty: an envelope can carry no body at all.
    mutating func finish(mayBeEmpty: Bool) -> Problem? {
        if bytes.isEmpty { return mayBeEmpty ? nil : BodyCheck.problem(of: bytes.span, plan) }
        return pieces?.finish()
    }

    /// The whole body, which is not kept here any longer.
    mutating func takeBytes() -> [UInt8] {
        let taken = bytes
        bytes = []
        return taken
    }

    /// Forgets what has come.
    mutating func discard() {
        bytes = []
        pieces = nil
    }
}

/// Which types of body a service takes (RFC 9110 section 8.3).
enum MediaTypeCheck {
    /// What is wrong with the request's `Content-Type` or `Content-Encoding`, or nil. curl's default type is taken for
    /// JSON and text: with a foreign origin the request would not have come so far.
    static func problem(of request: Request, _ body: ServiceConfiguration.BodyFormat) -> Problem? {
        if let coding = request.value(of: .contentEncoding), !coding.equals(identity) {
            let name = String(copying: coding).prefix(64)
            return Problem(.unsupportedMediaType, "Content-Encoding \(name) is not decoded; send the body as it is")
        }
        guard let type = request.value(of: .contentType) else { return nil }
        if body == .json && type.equals(plainJSON) || body == .binary { return nil }
        return problem(String(copying: type), body)
    }

    private static let plainJSON = Array("application/json".utf8)
    private static let identity = Array("identity".utf8)

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
                // application/json-rpc, application/vnd.api+json, text/json, ...
                type.contains("json") || type == "application/x-www-form-urlencoded"
            case .text: type.hasPrefix("text/") || type == "application/x-www-form-urlencoded"
            case .binary: true
            }
        if isTaken { return nil }
        let wanted = body == .json ? "application/json" : "text/plain"
        return Problem(.unsupportedMediaType, "\(type) is not taken here; send Content-Type: \(wanted)")
    }
}
