// `peer: majordomo` with `bind`: a Majordomo broker. Workers register services by name; web clients and native ones ask
// for them by name; each name has a pool of its own.
//
//     worker  READY echo      --> pool "echo" --> offered to the web as /v1/services/echo, on every reactor
//     web     POST .../echo   --> pool "echo" --> REQUEST to the worker that has been ready longest
//     client  MDPC01 echo     --> pool "echo"      (MajordomoRequest brings its replies back)
//     client  MDPC01 mmi.service --> answered here (RFC 8)
//
// Who breaks the protocol is told to go (DISCONNECT), and its requests are as those of a worker that died. The parts:
// MajordomoNames (pools), MajordomoSeat (connections of workers), +Workers and +Clients (what they say).

import Bridge
import Configuration
import Reactors
import ZeroMQ

/// The home of a broker.
final class MajordomoService: Service, PoolDialect, TimerHandler {
    private static let turnBudget = 512
    /// How long it is shown that a worker was refused, and the time between two lines of the log about that.
    private static let refusalMemory: Nanoseconds = 60_000_000_000
    private static let refusalPause: Nanoseconds = 10_000_000_000

    let plan: ServicePlan
    unowned let core: any ServiceHost
    let port: RouterPort
    let metrics: ServiceMetrics
    private let retries: Int
    private(set) lazy var names = MajordomoNames(core, plan, self)
    /// Connections of workers, by identity.
    var seats = NameTable<MajordomoSeat>()
    let refusals: NativeRefusals
    /// What messages are received into; taken out for the time, for what one leads to may come back here.
    private var inbox: MessageBox?
    let heartbeat: Nanoseconds
    private var refused: (text: String, at: Instant)?
    private var refusalToldAt: Instant?

    init(_ core: any ServiceHost, _ plan: ServicePlan) throws(ZMQError) {
        self.core = core
        self.plan = plan
        metrics = core.metrics.services[plan.index]
        refusals = NativeRefusals(core, plan)
        retries = plan.configuration.pool.retries
        heartbeat = plan.configuration.pool.heartbeatInterval?.inNanoseconds ?? 2_500_000_000
        var options = SocketOptions(plan.configuration.socket)
        options.routerHandover = plan.configuration.pool.handover
        port = try RouterPort(core, plan.configuration.bind ?? "", options)
        core.log.info("broker \(plan.name) is bound to \(port.endpoint)")
        port.onLost = { [unowned self] name, parting in
            if let seat = seats.find(name.span) { leave(seat, because: parting.reason) }
        }
    }

    var state: ServiceState {
        var state = ServiceState()
        let pools = names.pools
        state.pools = pools.values.sorted { $0.name < $1.name }.map { PoolState($0, at: core.now) }
        state.workers = pools.values.reduce(0) { $0 + $1.crew.count }
        state.waiting = pools.values.reduce(0) { $0 + $1.queue.count }
        state.isReady = state.workers > 0
        state.trouble = trouble
        return state
    }

    private var trouble: String? {
        if let refused, core.now.since(refused.at) < Self.refusalMemory { return refused.text }
        return port.trouble ?? refusals.trouble
    }

    func isReady(for subject: String?) -> Bool? { subject.map { (names.find($0)?.crew.count ?? 0) > 0 } }

    func start() {
        port.start(self)
        _ = core.reactor.schedule(at: core.reactor.now + heartbeat, self, key: 0)
    }

    func stop() {
        port.stop()
        names.stop()
        seats = NameTable()
    }

    // MARK: Requests

    func send(_ request: inout Frame, for exchange: any Requester) -> Handover {
        submit(&request, [], exchange.submission)
    }

    func submit(_ request: inout Frame, _ more: [FrameBox], _ submission: Submission) -> Handover {
        guard let name = submission.subject, let pool = names.find(name) else { return .refused(.noWorker) }
        return pool.submit(&request, more, submission)
    }

    func ended(_ exchange: any Requester, _ end: End) {
        if let name = exchange.subject { names.find(name)?.withdraw(exchange.ticket) }
    }

    func withdraw(_ submission: Submission) {
        if let name = submission.subject { names.find(name)?.withdraw(submission.owner) }
    }

    func setDraining(_ isDraining: Bool, worker: String, _ pool: String) {
        names.find(pool)?.setDraining(isDraining, worker)
        core.touch(self)
    }

    /// A shared socket reads everybody's replies: a slow client is held to its buffer's bound instead.
    func pause(_ exchange: any Requester) {}
    func resume(_ exchange: any Requester) {}

    // MARK: The turn

    func drain() -> Bool {
        let inbox = inbox ?? MessageBox()
        self.inbox = nil
        defer { self.inbox = inbox }
        for _ in 0..<Self.turnBudget {
            guard !core.memory.stopsReading else {
                port.stopsReading()
                return true
            }
            guard port.receive(&inbox.message) else { return false }
            switch MajordomoSpeaker(inbox.message) {
            case .worker(let version, let index): understandWorker(&inbox.message, version, index)
            case .client(let version, let index): understandClient(&inbox.message, version, index)
            case nil: malformed(inbox.message)
            }
        }
        port.stopsReading()
        return true
    }

    func tick() {
        port.tick()
        names.tick(silence: heartbeat * UInt64(plan.configuration.pool.liveness))
        refusals.tick()
        core.touch(self)
    }

    /// It is time for a sign of life.
    func timerFired(_ key: UInt64) {
        for seat in seats.values where seat.worker != nil || seat.returnsAt != nil {
            _ = port.send(seat.version.command(seat.version.heartbeat), to: seat.peer)
            seatReturning(seat)
        }
        core.touch(self)
        _ = core.reactor.schedule(at: core.reactor.now + heartbeat, self, key: 0)
    }

    // MARK: What is refused

    /// A worker offers a name that it cannot have.
    func refuse(_ name: String, _ lookup: MajordomoNames.Lookup) {
        let offer = "a worker offers \"\(name.prefix(64))\""
        let text: String
        switch lookup {
        case .there: return
        case .noName: text = "\(offer), which is no name: write 1 to 255 printable characters, no / and no mmi. first"
        case .notAllowed: text = "\(offer), which is not allowed: add it to `allow`, or stop that worker"
        case .full:
            text =
                "\(offer), and there is no room: \(MajordomoNames.most) names have workers, as many as a broker"
                + " serves; stop workers of other names, or start a second broker for some of them"
        }
        refused = (text, core.now)
        guard refusalToldAt.map({ core.now.since($0) >= Self.refusalPause }) ?? true else { return }
        refusalToldAt = core.now
        core.log.warning("broker \(plan.name): \(text)")
    }

    func malformed(_ message: borrowing Message) {
        metrics.dropped(.malformed)
        metrics.log.dropping()?("dropped a message that is not Majordomo's, \(Excerpt.text(message))")
    }

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
}
