// Letters to other reactors, by the turn.

import Glibc
import Reactors
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("The letters of a turn")
struct OutboxTests {
    @Test("leave together at its end, with one wake-up for each reactor that gets some")
    func together() throws {
        let mailboxes = [try Mailbox<Letter>(), try Mailbox<Letter>(), try Mailbox<Letter>()]
        var outbox = Outbox(mailboxes)
        for number in 0..<5 { outbox.add(.workersLost(service: number, .workerLost), to: 1) }
        outbox.add(.idle, to: 2)
        #expect(mailboxes.allSatisfy { wakes($0) == 0 })
        outbox.send()
        #expect(mailboxes.map(wakes) == [0, 1, 1])
        var services: [Int] = []
        mailboxes[1].drain { if case .workersLost(let service, _) = $0 { services.append(service) } }
        #expect(services == [0, 1, 2, 3, 4])
        mailboxes[2].drain { _ in }
        outbox.send()
        #expect(mailboxes.allSatisfy { wakes($0) == 0 })
    }

    /// How often the mailbox's reader was woken since the last look.
    private func wakes(_ mailbox: Mailbox<Letter>) -> UInt64 {
        var counter: UInt64 = 0
        // SAFETY: eight bytes of ours, which is what an eventfd gives; EAGAIN leaves them at zero.
        _ = unsafe read(mailbox.descriptor, &counter, 8)
        return counter
    }
}
