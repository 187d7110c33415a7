// A request's body as it arrives: counted, checked and kept in one pass.

import Bridge
import Configuration
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
