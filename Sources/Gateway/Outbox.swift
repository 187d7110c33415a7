// The letters of one turn. At its end all letters to a reactor leave together: however many requests and replies a turn
// sends to another reactor, they cost one lock and at most one wake-up.

import Reactors

/// The letters of one core to the others, in order.
struct Outbox {
    private let mailboxes: [Mailbox<Letter>]
    private var letters: [[Letter]]
    private var isEmpty = true

    init(_ mailboxes: [Mailbox<Letter>]) {
        self.mailboxes = mailboxes
        letters = Array(repeating: [], count: mailboxes.count)
    }

    /// Keeps `letter` for the reactor until `send`.
    mutating func add(_ letter: Letter, to reactor: Int) {
        letters[reactor].append(letter)
        isEmpty = false
    }

    /// Posts the letters added since the last call.
    mutating func send() {
        guard !isEmpty else { return }
        isEmpty = true
        for reactor in letters.indices { mailboxes[reactor].post(contentsOf: &letters[reactor]) }
    }
}
