// What workers say to a broker, and what becomes of those that break the protocol (MajordomoSeat).

import Bridge
import ZeroMQ

extension MajordomoService {
    func understandWorker(_ message: inout Message, _ version: MajordomoVersion, _ index: Int) {
        guard index < message.count, message.bytes(index).count == 1,
            let command = MajordomoCommand(message.bytes(index)[0], version)
        else { return malformed(message) }
        guard let seat = seat(of: &message, version) else { return metrics.dropped(.late) }
        guard let worker = seat.worker, let pool = seat.pool else {
            seat.version = version
            return command == .ready ? welcome(seat, message, index) : hearStranger(seat, command)
        }
        switch command {
        case .heartbeat: pool.heard(worker.id)
        case .partial, .final: replied(&message, seat, command, index)
        case .ready, .request: dismiss(seat)
        case .disconnect:
            if !worker.requests.isEmpty { seat.offend(at: core.now) }
            pool.lost(worker.id)
        }
    }

    /// Where the message's sender sits; nil when it is gone already.
    private func seat(of message: inout Message, _ version: MajordomoVersion) -> MajordomoSeat? {
        if let seat = seats.find(message.bytes(0)) {
            if seat.origin == message.origin { return seat }
            leave(seat)
            port.release(seat.peer, on: seat.connection)
        }
        let seat = MajordomoSeat(&message, version)
        guard port.admit(seat.peer, on: seat.connection) else { return nil }
        seats.insert(seat, as: seat.peer)
        return seat
    }

    /// Who has not said that it is ready, and says something else, is told to begin anew, once.
    private func hearStranger(_ seat: MajordomoSeat, _ command: MajordomoCommand) {
        if command == .partial || command == .final {
            metrics.dropped(.late)
            _ = seat.repays(isLast: command == .final)
        }
        if command == .disconnect { seat.returnsAt = nil } else if seat.returnsAt == nil { sendAway(seat) }
    }

    /// A worker is ready.
    private func welcome(_ seat: MajordomoSeat, _ message: borrowing Message, _ index: Int) {
        guard index + 1 < message.count else { return malformed(message) }
        if let name = seat.name, !message.bytes(index + 1).equals(name) {
            metrics.counts.violations += 1
            return sendAway(seat)
        }
        switch names.pool(message.bytes(index + 1), byWorker: true) {
        case .there(let pool):
            seat.name = pool.nameBytes
            seat.wasToldToGo = false
            let time = seat.mayReturn(pausing: heartbeat)
            if time > core.now { seat.returnsAt = time } else { take(seat, into: pool) }
        case let refusal:
            // Not told to go, nor for its heartbeats: it would be back at once. Without ours it tries again later.
            seat.wasToldToGo = true
            refuse(String(copying: message.bytes(index + 1)), refusal)
        }
    }

    private func take(_ seat: MajordomoSeat, into pool: Pool) {
        let id = pool.register(
            seat.peer, connection: seat.connection, origin: seat.origin, anchor: seat.anchor,
            spelling: seat.version.rawValue)
        if let worker = pool.crew[id] { seat.sit(pool, worker) }
        names.offer(pool)
        pool.ready(id)
    }

    /// Those whose pause is over get work again.
    func seatReturning(_ seat: MajordomoSeat) {
        guard let time = seat.returnsAt, time <= core.now, let name = seat.name else { return }
        seat.returnsAt = nil
        if case .there(let pool) = names.pool(name.span, byWorker: true) { take(seat, into: pool) }
    }

    private func replied(
        _ message: inout Message, _ seat: MajordomoSeat, _ command: MajordomoCommand, _ index: Int
    ) {
        guard let worker = seat.worker, let pool = seat.pool else { return }
        guard index + 2 < message.count, message.isEmpty(index + 2) else { return malformed(message) }
        guard let ticket = core.codec.read(message.bytes(index + 1)) else {
            metrics.dropped(.unknown)
            metrics.log.dropping()?("dropped a reply that names no request, \(Excerpt.text(message))")
            return dismiss(seat)
        }
        let (body, end) = (index + 3, message.count)
        let fault: ReplyShape.Fault? = body < end ? (body + 1 < end ? .tooLong : nil) : .tooShort
        let note = ReplyNote(
            fault: fault, last: command == .final ? .data : nil, more: message.surplus(from: body + 1))
        var frame = body < end ? message.take(body) : Frame()
        // Who names what it was not given breaks the protocol.
        if !pool.replied(&frame, ticket, of: worker.id, note), !seat.repays(isLast: command == .final) { dismiss(seat) }
    }

    /// It broke the protocol.
    private func dismiss(_ seat: MajordomoSeat) {
        metrics.counts.violations += 1
        seat.offend(at: core.now)
        sendAway(seat)
        if let worker = seat.worker { seat.pool?.lost(worker.id) }
    }

    /// Tells it to go, if it has not heard that since it said READY.
    private func sendAway(_ seat: MajordomoSeat) {
        guard !seat.wasToldToGo else { return }
        seat.wasToldToGo = port.send(seat.version.command(seat.version.disconnect), to: seat.peer) == .sent
    }

    /// The connection is gone, or its identity has another one.
    func leave(_ seat: MajordomoSeat, because reason: EndReason = .workerLost) {
        if let worker = seat.worker { seat.pool?.lost(worker.id, because: reason) }
        seats.remove(seat.peer)
    }

    func removed(_ worker: Worker) {
        let name = worker.name
        guard let seat = seats.find(name.span), seat.worker === worker, let pool = seat.pool else { return }
        seat.rise()
        // Nobody would tell when such a connection is gone.
        if seat.connection == nil { seats.remove(name) }
        names.offer(pool)
    }
}
