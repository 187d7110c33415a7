// The jobs of each owner, against a plain list of them.

import Bridge
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("An owner's requests")
struct OwnedJobsTests {
    /// Tickets of a table differ in their slots, which lie above the 32 bits of the generation.
    private func ticket(_ owner: Int) -> Ticket { Ticket(reactor: 0, number: UInt64(owner) << 32) }

    private func request(_ owner: Int) -> QueuedRequest {
        var body = Frame()
        return QueuedRequest(RequestMetadata(owner: ticket(owner), client: 0), &body, [], at: Instant(nanoseconds: 0))
    }

    @Test("are found and removed in any order, once, without those of other owners")
    func anyOrder() {
        let owned = OwnedRequests()
        var listed: [QueuedRequest] = [], random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            if listed.isEmpty || Int.random(in: 0..<5, using: &random) < 3 {
                listed.append(request(Int.random(in: 0..<3, using: &random)))
                owned.add(listed[listed.count - 1])
            } else {
                let taken = listed.remove(at: Int.random(in: 0..<listed.count, using: &random))
                owned.remove(taken)
                owned.remove(taken)
            }
        }
        for owner in 0..<3 {
            var left = Set(listed.filter { $0.metadata.owner == ticket(owner) }.map { ObjectIdentifier($0) })
            while let one = owned.removeOne(of: ticket(owner)) { #expect(left.remove(ObjectIdentifier(one)) != nil) }
            #expect(left.isEmpty)
        }
    }
}
