// Raw sessions whose worker's queue is full, in lines: each waits for the same room as those before it.
//
//     a service and an endpoint     s1 s2 s3 s4 ...     the first is tried once a turn; while it waits, all do
//     another one                   s9                  others behind it, and nobody asks for them
//
// With thousands of sessions a queue is full all the time, and most of them wait: what a turn does here must not grow
// with their number. Who comes while there is a line goes to its end, untried: nobody overtakes.

/// The lines of one reactor.
final class Backlog {
    /// What sessions wait for together.
    struct Place: Hashable {
        let service: ObjectIdentifier
        /// Of several endpoints, or identities, which one; nil: any.
        let slot: Int?
        let subject: String?
    }

    fileprivate final class Line {
        let place: Place
        var sessions: [RawSession] = []
        var head = 0
        /// Sessions in it that are over.
        var left = 0

        init(_ place: Place) { self.place = place }

        func popFirst() -> RawSession? {
            guard head < sessions.count else { return nil }
            head += 1
            return sessions[head - 1]
        }

        /// It was tried, and is the next again. What is behind goes once it is the larger part.
        func putBack(_ session: RawSession) {
            if head == 0 { return sessions.insert(session, at: 0) }
            head -= 1
            guard head > 64, head * 2 > sessions.count else { return }
            sessions.removeFirst(head)
            head = 0
        }
    }

    /// Where a session stands.
    struct Position { fileprivate let line: Line }

    private var lines: [Place: Line] = [:]

    private(set) var isEmpty = true

    /// Whether others wait for the same already.
    func hasLine(for session: RawSession) -> Bool { !isEmpty && lines[session.place] != nil }

    func append(_ session: RawSession) {
        let place = session.place
        let line = lines[place] ?? Line(place)
        lines[place] = line
        isEmpty = false
        line.sessions.append(session)
        session.position = Position(line: line)
    }

    /// A session that waited is over. It is passed over, and forgotten once half of a line is like it: a worker that
    /// takes nothing more must not hold those that have left.
    func left(_ position: Position) {
        let line = position.line
        line.left += 1
        guard line.left * 2 > line.sessions.count - line.head else { return }
        line.sessions = line.sessions[line.head...].filter { !$0.connection.isOver }
        (line.head, line.left) = (0, 0)
    }

    /// Hands over what the services take now.
    func retry() {
        for line in Array(lines.values) {
            advance(line)
            if line.head == line.sessions.count { lines[line.place] = nil }
        }
        isEmpty = lines.isEmpty
    }

    private func advance(_ line: Line) {
        while let session = line.popFirst() {
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
            return line.putBack(session)
        }
    }
}
