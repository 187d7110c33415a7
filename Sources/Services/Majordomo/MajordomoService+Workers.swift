// Messages of workers to a broker, and what happens to workers that break the protocol (MajordomoConnection).

package import Bridge
import JSON
import Operations
import ZeroMQ

extension MajordomoService {
    func understandWorker(_ message: inout Message, _ version: MajordomoVersion, _ index: Int) {
        guard index < message.count, message.bytes(index).count == 1,
            let command = MajordomoCommand(message.bytes(index)[0], version)
        else { return malformed(message) }
        guard let connection = connection(of: &message, version) else { return metrics.dropped(.late) }
        guard let worker = connection.worker, let pool = connection.pool else {
            connection.version = version
            return command == .ready ? welcome(connection, message, index) : hearStranger(connection, command)
        }
        switch command {
        case .heartbeat: pool.heard(worker.id)
        case .partial, .final: replied(&message, connection, command, index)
        case .ready, .request: dismiss(connection)
        case .disconnect:
            if !worker.requests.isEmpty { connection.offend(at: host.now) }
            pool.lost(worker.id)
        }
    }

    /// The record of the connection that sent the message; nil if it is already gone.
    private func connection(of message: inout Message, _ version: MajordomoVersion) -> MajordomoConnection? {
        if let connection = connections.find(message.bytes(0)) {
            if connection.origin == message.origin { return connection }
            leave(connection)
            router.release(connection.peer, on: connection.connection)
        }
        let connection = MajordomoConnection(&message, version)
        guard router.admit(connection.peer, on: connection.connection) else { return nil }
        connections.insert(connection, as: connection.peer)
        return connection
    }

    /// A peer that is not ready sent something other than READY: it gets one DISCONNECT, to start over.
    private func hearStranger(_ connection: MajordomoConnection, _ command: MajordomoCommand) {
        if command == .partial || command == .final {
            metrics.dropped(.late)
            _ = connection.repays(isLast: command == .final)
        }
        if command == .disconnect {
            connection.returnsAt = nil
        } else if connection.returnsAt == nil {
            sendAway(connection)
        }
    }

    /// A worker is ready.
    private func welcome(_ connection: MajordomoConnection, _ message: borrowing Message, _ index: Int) {
        guard index + 1 < message.count else { return malformed(message) }
        if let name = connection.name, !message.bytes(index + 1).equals(name) {
            metrics.counts.violations += 1
            return sendAway(connection)
        }
        switch names.pool(message.bytes(index + 1), byWorker: true) {
        case .there(let pool):
            connection.name = pool.nameBytes
            connection.wasToldToGo = false
            let time = connection.mayReturn(pausing: heartbeat)
            if time > host.now { connection.returnsAt = time } else { take(connection, into: pool) }
        case let rejection:
            // It gets no DISCONNECT, also not for its heartbeats: it would be back at once. Without our heartbeats it
            // retries later.
            connection.wasToldToGo = true
            reject(String(copying: message.bytes(index + 1)), rejection)
        }
    }

    private func take(_ connection: MajordomoConnection, into pool: Pool) {
        let id = pool.register(
            connection.peer, connection: connection.connection, origin: connection.origin, anchor: connection.anchor,
            spelling: connection.version.rawValue)
        if let worker = pool.workers[id] { connection.sit(pool, worker) }
        names.registered(pool)
        pool.ready(id)
    }

    /// Gives work again to a worker whose pause is over.
    func seatReturning(_ connection: MajordomoConnection) {
        guard let time = connection.returnsAt, time <= host.now, let name = connection.name else { return }
        connection.returnsAt = nil
        if case .there(let pool) = names.pool(name.span, byWorker: true) { take(connection, into: pool) }
    }

    private func replied(
        _ message: inout Message, _ connection: MajordomoConnection, _ command: MajordomoCommand, _ index: Int
    ) {
        guard let worker = connection.worker, let pool = connection.pool else { return }
        guard index + 2 < message.count, message.isEmpty(index + 2) else { return malformed(message) }
        guard let ticket = host.codec.read(message.bytes(index + 1)) else {
            metrics.dropped(.unknown)
            metrics.log.dropping()?("dropped a reply that names no request, \(Excerpt.text(message))")
            return dismiss(connection)
        }
        let (body, end) = (index + 3, message.count)
        let fault: ReplyShape.Mismatch? = body < end ? (body + 1 < end ? .tooLong : nil) : .tooShort
        let note = ReplyMetadata(
            fault: fault, last: command == .final ? .data : nil, more: message.surplus(from: body + 1))
        var frame = body < end ? message.take(body) : Frame()
        // A worker that names a request it was not given breaks the protocol.
        if !pool.replied(&frame, ticket, of: worker.id, note), !connection.repays(isLast: command == .final) {
            dismiss(connection)
        }
    }

    /// Disconnects a worker that broke the protocol.
    private func dismiss(_ connection: MajordomoConnection) {
        metrics.counts.violations += 1
        connection.offend(at: host.now)
        sendAway(connection)
        if let worker = connection.worker { connection.pool?.lost(worker.id) }
    }

    /// Sends DISCONNECT, unless it was already sent since the last READY.
    private func sendAway(_ connection: MajordomoConnection) {
        guard !connection.wasToldToGo else { return }
        connection.wasToldToGo =
            router.send(connection.version.command(connection.version.disconnect), to: connection.peer) == .sent
    }

    /// The connection is gone, or another one has taken its identity.
    package func leave(_ connection: MajordomoConnection, because reason: EndReason = .workerLost) {
        if let worker = connection.worker { connection.pool?.lost(worker.id, because: reason) }
        connections.remove(connection.peer)
    }

    package func removed(_ worker: Worker) {
        let name = worker.name
        guard let connection = connections.find(name.span), connection.worker === worker, let pool = connection.pool
        else { return }
        connection.rise()
        // No event would report that such a connection is gone.
        if connection.connection == nil { connections.remove(name) }
        names.registered(pool)
    }
}
