// `peer: majordomo` with `bind`: a Majordomo broker. Workers register services by name; web clients and native ones ask
// for them by name; each name has a pool of its own.
//
//     worker  READY echo      --> pool "echo" --> offered to the web as /v1/services/echo, on every reactor
//     web     POST .../echo   --> pool "echo" --> REQUEST to the worker that has been ready longest
//     client  MDPC01 echo     --> pool "echo"      (MajordomoRequest brings its replies back)
//     client  MDPC01 mmi.service --> answered here (RFC 8)
//
// Who breaks the protocol is told to go (DISCONNECT), and its requests are as those of a worker that died.

import Bridge
import Configuration
import Reactors
import ZeroMQ

/// The home of a broker.
final class MajordomoService: Service, PoolDialect, TimerHandler {
    private static let turnBudget = 512
    /// Names at a time, those that only clients asked for among them.
    private static let mostNames = 10_000
    /// How long a name without workers is remembered, so that its clients hear "no worker" and not "no such service".
    private static let memory: Nanoseconds = 60_000_000_000

    /// Where a worker sits.
    private final class Seat {
        let pool: Pool
        let worker: Worker

        init(_ pool: Pool, _ worker: Worker) {
            self.pool = pool
            self.worker = worker
        }
    }

    let plan: ServicePlan
    unowned let core: Core
    let port: RouterPort
    let metrics: ServiceMetrics
    let refusals: NativeRefusals
    private let places: NativePlaces
    private let retries: Int
    private(set) var pools = NameTable<Pool>()
    private var seats = NameTable<Seat>()
    private var offered: [String: Offer] = [:]
    /// What messages are received into; taken out for the time, for what one leads to may come back here.
    private var inbox: MessageBox?
    private let heartbeat: Nanoseconds
    private var refused: String?

    init(_ core: Core, _ plan: ServicePlan) throws(ZMQError) {
        self.core = core
        self.plan = plan
        metrics = core.metrics.services[plan.index]
        refusals = NativeRefusals(core, plan)
        places = NativePlaces(core, plan)
        retries = plan.configuration.pool.retries
        heartbeat = plan.configuration.pool.heartbeatInterval?.inNanoseconds ?? 2_500_000_000
        var options = SocketOptions(plan.configuration.socket)
        options.routerHandover = plan.configuration.pool.handover
        port = try RouterPort(core, plan.configuration.bind ?? "", options)
        core.log.info("broker \(plan.name) is bound to \(port.endpoint)")
        port.onLost = { [unowned self] name in if let seat = seats.find(name.span) { seat.pool.lost(seat.worker.id) } }
    }

    var state: ServiceState {
        var state = ServiceState()
        state.pools = pools.values.sorted { $0.name < $1.name }.map { PoolState($0, at: core.now) }
        state.workers = pools.values.reduce(0) { $0 + $1.crew.count }
        state.waiting = pools.values.reduce(0) { $0 + $1.queue.count }
        state.isReady = state.workers > 0
        state.trouble = refused ?? port.trouble ?? refusals.trouble
        return state
    }

    func isReady(for subject: String?) -> Bool? { subject.map { (find($0)?.crew.count ?? 0) > 0 } }

    func start() {
        port.start(self)
        _ = core.reactor.schedule(at: core.reactor.now + heartbeat, self, key: 0)
    }

    func stop() {
        port.stop()
        pools = NameTable()
        seats = NameTable()
    }

    // MARK: Requests

    func send(_ request: inout Frame, for exchange: Correspondent) -> Handover {
        submit(&request, [], exchange.submission)
    }

    func submit(_ request: inout Frame, _ more: [FrameBox], _ submission: Submission) -> Handover {
        guard let name = submission.subject, let pool = find(name) else { return .refused(.noWorker) }
        return pool.submit(&request, more, submission)
    }

    func ended(_ exchange: Correspondent, _ end: End) {
        if let name = exchange.subject { find(name)?.withdraw(exchange.ticket) }
    }

    func withdraw(_ submission: Submission) {
        if let name = submission.subject { find(name)?.withdraw(submission.owner) }
    }

    func setDraining(_ isDraining: Bool, worker: String, _ pool: String) {
        find(pool)?.setDraining(isDraining, worker)
        core.touch(self)
    }

    /// A shared socket reads everybody's replies: a slow client is held to its buffer's bound instead.
    func pause(_ exchange: Correspondent) {}
    func resume(_ exchange: Correspondent) {}

    // MARK: The turn

    func drain() -> Bool {
        let inbox = inbox ?? MessageBox()
        self.inbox = nil
        defer { self.inbox = inbox }
        for _ in 0..<Self.turnBudget {
            guard port.receive(&inbox.message) else { return false }
            switch MajordomoSpeaker(inbox.message) {
            case .worker(let version, let index): understandWorker(&inbox.message, version, index)
            case .client(let version, let index): understandClient(&inbox.message, version, index)
            case nil: malformed()
            }
        }
        port.stopsReading()
        return true
    }

    func tick() {
        port.tick()
        refusals.tick()
        let silence = heartbeat * UInt64(plan.configuration.pool.lives)
        for pool in pools.values {
            pool.tick(silence: silence)
            guard pool.isIdle, core.now.since(pool.usedAt) > Self.memory else { continue }
            pools.remove(pool.nameBytes)
            offered[pool.name] = nil
            core.tell(nil, of: pool.name, by: plan)
        }
        core.touch(self)
    }

    /// It is time for a sign of life.
    func timerFired(_ key: UInt64) {
        for seat in seats.values {
            let version = MajordomoVersion(rawValue: seat.worker.spelling) ?? .one
            _ = port.send(version.command(version.heartbeat), to: seat.worker.name)
        }
        core.touch(self)
        _ = core.reactor.schedule(at: core.reactor.now + heartbeat, self, key: 0)
    }

    // MARK: What workers say

    private func understandWorker(_ message: inout Message, _ version: MajordomoVersion, _ index: Int) {
        guard index < message.count, message.bytes(index).count == 1,
            let command = MajordomoCommand(message.bytes(index)[0], version)
        else { return malformed() }
        var seat = seats.find(message.bytes(0))
        if let known = seat, known.worker.origin != message.origin {
            known.pool.lost(known.worker.id)
            seat = nil
        }
        guard let seat else { return meet(&message, command, version, index) }
        switch command {
        case .heartbeat: seat.pool.heard(seat.worker.id)
        case .disconnect: seat.pool.lost(seat.worker.id)
        case .partial, .final: replied(&message, seat, version, command, index)
        case .ready, .request: dismiss(seat, version)
        }
    }

    /// A worker that is not known may say only that it is ready; the others are told to begin anew.
    private func meet(
        _ message: inout Message, _ command: MajordomoCommand, _ version: MajordomoVersion, _ index: Int
    ) {
        let (name, connection) = ([UInt8](copying: message.bytes(0)), message.sourceDescriptor)
        port.heard(connection)
        switch command {
        case .disconnect: return
        case .ready: break
        case .request, .partial, .final, .heartbeat:
            _ = port.send(version.command(version.disconnect), to: name)
            return
        }
        guard index + 1 < message.count else { return malformed() }
        guard let pool = pool(message.bytes(index + 1)) else {
            let service = String(copying: message.bytes(index + 1))
            // Not told to go: it would be back at once. Without our heartbeats it tries again in its own time.
            let trouble = "a worker offers \"\(service.prefix(64))\": `allow` does not have it, or it is no name"
            if refused != trouble { core.log.warning("broker \(plan.name): \(trouble)") }
            refused = trouble
            return
        }
        guard port.admit(name, on: connection) else { return }
        let id = pool.register(&message, spelling: version.rawValue)
        if let worker = pool.crew[id] { seats.insert(Seat(pool, worker), as: name) }
        offer(pool)
        pool.ready(id)
    }

    private func replied(
        _ message: inout Message, _ seat: Seat, _ version: MajordomoVersion, _ command: MajordomoCommand, _ index: Int
    ) {
        guard index + 2 < message.count, message.isEmpty(index + 2) else { return malformed() }
        guard let ticket = core.codec.read(message.bytes(index + 1)) else {
            metrics.dropped(.unknown)
            return dismiss(seat, version)
        }
        let (body, end) = (index + 3, message.count)
        let fault: ReplyShape.Fault? = body < end ? (body + 1 < end ? .tooLong : nil) : .tooShort
        let note = ReplyNote(
            fault: fault, last: command == .final ? .data : nil, more: message.surplus(from: body + 1))
        var frame = body < end ? message.take(body) : Frame()
        // Who names what it was not given breaks the protocol.
        if !seat.pool.replied(&frame, ticket, of: seat.worker.id, note) { dismiss(seat, version) }
    }

    /// It broke the protocol.
    private func dismiss(_ seat: Seat, _ version: MajordomoVersion) {
        _ = port.send(version.command(version.disconnect), to: seat.worker.name)
        seat.pool.lost(seat.worker.id)
    }

    func removed(_ worker: Worker) {
        let name = worker.name
        guard let seat = seats.find(name.span), seat.worker === worker else { return }
        seats.remove(name)
        port.release(worker.name, on: worker.connection)
        offer(seat.pool)
    }

    func malformed() { metrics.dropped(.malformed) }

    // MARK: What workers are told

    func give(_ job: Job, to worker: Worker) -> SendOutcome {
        port.willSend()
        let name = worker.name
        var address = Frame(copying: name.span)
        let outcome = port.socket.send(&address, more: true)
        guard outcome == .sent else { return outcome }
        port.socket.begin((MajordomoVersion(rawValue: worker.spelling) ?? .one).requestHead)
        var ticket = core.codec.frame(of: job.ticket)
        _ = port.socket.send(&ticket, more: true)
        var delimiter = Frame()
        _ = port.socket.send(&delimiter, more: true)
        port.sendBody(of: job, keeps: retries > 0)
        return .sent
    }

    // MARK: Names

    private func find(_ name: String) -> Pool? { pools.find(name.utf8.span) }

    /// The pool of that name, made where it is allowed and there is room.
    func pool(_ bytes: Span<UInt8>) -> Pool? {
        if let pool = pools.find(bytes) { return pool }
        let name = String(copying: bytes)
        let isName =
            !name.isEmpty && name.utf8.count <= 255 && !name.hasPrefix("mmi.")
            && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }
        guard isName, plan.configuration.pool.allows(name), pools.count < Self.mostNames else { return nil }
        let pool = Pool(core, plan, self, places, name: name)
        pools.insert(pool, as: pool.nameBytes)
        return pool
    }

    /// Tells every reactor what the web may ask for, when that has changed.
    private func offer(_ pool: Pool) {
        let versions = pool.crew.workers.compactMap { MajordomoVersion(rawValue: $0.spelling) }
        // A name whose workers have gone is remembered as it was.
        if versions.isEmpty && offered[pool.name] != nil { return }
        let offer = Offer(name: pool.name, streams: versions.contains(where: \.isTwo))
        guard offered[pool.name] != offer else { return }
        offered[pool.name] = offer
        core.tell(offer, of: pool.name, by: plan)
    }
}
