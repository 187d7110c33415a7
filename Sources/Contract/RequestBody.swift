// A request's body as it arrives: counted, checked and stored in one pass.

import Bridge
import Configuration
import JSON

/// Collects one body and checks it.
package struct RequestBody {
    private let plan: ServicePlan
    private let length: Int?
    package private(set) var bytes: [UInt8] = []
    /// The check of a body that arrives in more than one piece.
    private var pieces: BodyPieces?

    package init(_ plan: ServicePlan, expecting length: UInt64?) {
        self.plan = plan
        self.length = length.map { Int(clamping: $0) }
    }

    /// Adds the next bytes. - Returns: the problem if they are too many, or if they complete an invalid body.
    package mutating func append(_ piece: Span<UInt8>) -> Problem? {
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

    /// Sets the whole body. - Returns: what is wrong with it, or nil.
    package mutating func take(_ body: Span<UInt8>) -> Problem? {
        guard body.count <= plan.maxBodyBytes else { return BodyCheck.tooLarge(plan) }
        bytes = [UInt8](copying: body)
        return BodyCheck.problem(of: body, plan)
    }

    /// The body is complete. - Returns: what is wrong with it, or nil.
    /// - Parameter mayBeEmpty: true for a request envelope, which can do without a body.
    package mutating func finish(mayBeEmpty: Bool) -> Problem? {
        if bytes.isEmpty { return mayBeEmpty ? nil : BodyCheck.problem(of: bytes.span, plan) }
        return pieces?.finish()
    }

    /// Takes the whole body out.
    package mutating func takeBytes() -> [UInt8] {
        let taken = bytes
        bytes = []
        return taken
    }

    /// Drops everything that has arrived.
    package mutating func discard() {
        bytes = []
        pieces = nil
    }
}
