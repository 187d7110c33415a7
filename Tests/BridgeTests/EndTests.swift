// What each end means, as one table.

import Testing

@testable import Bridge

@Suite("An end")
struct EndTests {
    struct Row: Sendable {
        let reason: EndReason
        let word: String
        let outcome: Outcome
        let owes: Bool
        let cancels: Bool
    }

    static let table = [
        Row(reason: .final, word: "final", outcome: .complete, owes: false, cancels: false),
        Row(reason: .count, word: "count", outcome: .complete, owes: true, cancels: false),
        Row(reason: .idle, word: "idle", outcome: .complete, owes: true, cancels: false),
        Row(reason: .error, word: "error", outcome: .failed, owes: true, cancels: false),
        Row(reason: .first, word: "first", outcome: .incomplete, owes: true, cancels: true),
        Row(reason: .deadline, word: "deadline", outcome: .incomplete, owes: true, cancels: true),
        Row(reason: .limit, word: "limit", outcome: .incomplete, owes: true, cancels: true),
        Row(reason: .badReply, word: "bad_reply", outcome: .failed, owes: true, cancels: true),
        Row(reason: .workerLost, word: "worker_lost", outcome: .incomplete, owes: true, cancels: false),
        Row(reason: .noWorker, word: "no_worker", outcome: .incomplete, owes: true, cancels: false),
        Row(reason: .overloaded, word: "overloaded", outcome: .incomplete, owes: true, cancels: false),
        Row(reason: .cancelled, word: "cancelled", outcome: .complete, owes: true, cancels: true),
        Row(reason: .clientLeft, word: "client_left", outcome: .incomplete, owes: true, cancels: true),
        Row(reason: .slowClient, word: "slow_client", outcome: .incomplete, owes: true, cancels: true),
        Row(reason: .shutdown, word: "shutdown", outcome: .incomplete, owes: true, cancels: true),
    ]

    @Test("has the outcome, the debts and the cancel of its reason", arguments: table)
    func row(_ row: Row) {
        let end = End(row.reason)
        #expect(end.reason == row.reason)
        #expect("\(row.reason.word)" == row.word)
        #expect(end.outcome == row.outcome)
        #expect(end.owesReplies == row.owes)
        #expect(end.cancelsWorker == row.cancels)
        #expect(end.isOK == (row.outcome == .complete))
    }

    @Test("is in the table whatever its reason, and no two reasons share a word")
    func tableIsWhole() {
        #expect(Self.table.map(\.reason) == EndReason.allCases)
        #expect(Set(Self.table.map(\.word)).count == EndReason.allCases.count)
    }

    @Test("by idle owes replies whatever it means, and cancels a worker that may still be at work")
    func idle() {
        #expect(End.idle(.complete) == End(.idle))
        let cut = End.idle(.incomplete)
        #expect(cut.reason == .idle && cut.outcome == .incomplete && cut.owesReplies && cut.cancelsWorker && !cut.isOK)
    }

    @Test("by first is complete if the service says that no reply is a success")
    func first() {
        #expect(End.first(.incomplete) == End(.first))
        let empty = End.first(.complete)
        #expect(empty.reason == .first && empty.isOK && empty.owesReplies && !empty.cancelsWorker)
    }

    @Test("of a one-way exchange owes replies that the worker may send, and cancels nothing")
    func sent() {
        #expect(End.sent.reason == .count && End.sent.isOK && End.sent.owesReplies && !End.sent.cancelsWorker)
    }

    @Test("is partial if the worker had the request and something is missing")
    func partial() {
        let partial = EndReason.allCases.filter { End($0).isPartial }
        #expect(partial == [.first, .deadline, .limit, .workerLost, .clientLeft, .slowClient, .shutdown])
    }

    @Test("by count owes nothing only when the count is the service's own")
    func count() {
        let exact = End.count(isExact: true)
        #expect(exact.reason == .count && exact.isOK && !exact.owesReplies && !exact.cancelsWorker)
        let wished = End.count(isExact: false)
        #expect(wished.reason == .count && wished.isOK && wished.owesReplies && wished.cancelsWorker)
    }
}
