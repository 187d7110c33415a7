// The tickets of one reactor: which requester each of them names, and which are stale.

package import Bridge

/// The requesters on one reactor. Exchanges also count against the bounds of the process.
package final class RequesterTable {
    @usableFromInline var table: TicketTable<any Requester>
    private let openExchanges: OpenExchangeCounts

    /// - Parameter most: the most requesters at a time, 1 to 2^24 - 1.
    package init(reactor: UInt8, most: Int, _ openExchanges: OpenExchangeCounts) {
        table = TicketTable(reactor: reactor, capacity: most)
        self.openExchanges = openExchanges
    }

    package var count: Int { table.count }
    package var all: [any Requester] { table.values }

    /// Gives an exchange its ticket. - Returns: false if the limit of open exchanges is reached.
    package func admit(_ exchange: Exchange) -> Bool {
        guard openExchanges.enter(exchange.plan.index) else { return false }
        if insert(exchange) { return true }
        openExchanges.leave(exchange.plan.index)
        return false
    }

    /// An exchange is over: its ticket is stale from now on. Does nothing for one that was not admitted.
    package func closed(_ exchange: Exchange) {
        guard exchange.ticket != .none else { return }
        remove(exchange)
        openExchanges.leave(exchange.plan.index)
    }

    /// Gives a session or a native client its ticket. - Returns: false if there is none left.
    package func insert(_ requester: any Requester) -> Bool {
        guard let ticket = table.insert(requester) else { return false }
        requester.ticket = ticket
        return true
    }

    /// Removes a requester. Its ticket is stale from now on.
    package func remove(_ requester: any Requester) { table.remove(requester.ticket) }

    /// The requester that a ticket names, if it is still there.
    package subscript(ticket: Ticket) -> (any Requester)? {
        if case .live(let requester) = table.find(ticket) { requester } else { nil }
    }

    @inlinable
    package func find(_ ticket: Ticket) -> TicketTable<any Requester>.Lookup { table.find(ticket) }
}
