// Raw sessions that wait because their worker's queue is full. Each waits in the line of its place.
//
//     a service and an endpoint     s1 s2 s3 s4 ...     the first is tried once a turn; while it waits, so do
//     another one                   s9                  those behind it, without a try of their own
//
// With thousands of sessions a queue is full all the time and most sessions wait, so the work of a turn must not grow
// with their number. A newcomer to a line goes to its end untried: no session overtakes another.

import Basics

/// The lines of one reactor.
package final class Backlog {
    /// The place that sessions wait for together.
    package struct Place: Hashable {
        package let service: ObjectIdentifier
        /// The endpoint or identity, if there are several; nil for any.
        package let slot: Int?
        package let subject: String?

        package init(service: ObjectIdentifier, slot: Int?, subject: String?) {
            self.service = service
            self.slot = slot
            self.subject = subject
        }
    }

    fileprivate final class Line {
        let place: Place
        var sessions = FIFO<RawSession>()
        /// Sessions in the line that are over.
        var left = 0

        init(_ place: Place) { self.place = place }
    }

    /// The position of a session in the backlog.
    package struct Position { fileprivate let line: Line }

    private var lines: [Place: Line] = [:]

    package private(set) var isEmpty = true

    package init() {}

    /// Whether other sessions already wait for the same place.
    func hasLine(for session: RawSession) -> Bool { !isEmpty && lines[session.place] != nil }

    package func append(_ session: RawSession) {
        let place = session.place
        let line = lines[place] ?? Line(place)
        lines[place] = line
        isEmpty = false
        line.sessions.append(session)
        session.position = Position(line: line)
    }

    /// A waiting session is over. It is skipped, and removed once half of its line is over: a worker that accepts
    /// nothing must not keep sessions that have ended in memory.
    package func left(_ position: Position) {
        let line = position.line
        line.left += 1
        guard line.left * 2 > line.sessions.count else { return }
        line.sessions.removeAll(where: \.connection.isOver)
        line.left = 0
    }

    /// Sends what the services accept now.
    package func retry() {
        for line in Array(lines.values) {
            advance(line)
            if line.sessions.isEmpty { lines[line.place] = nil }
        }
        isEmpty = lines.isEmpty
    }

    private func advance(_ line: Line) {
        while let session = line.sessions.popFirst() {
            if session.connection.isOver {
                line.left -= 1
                continue
            }
            session.position = nil
            if session.retry() { continue }
            guard session.place == line.place else {
                append(session)
                continue
            }
            session.position = Position(line: line)
            // It was tried, and is the next again.
            return line.sessions.prepend(session)
        }
    }
}
