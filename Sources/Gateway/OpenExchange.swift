// One exchange while it is open: Bridge's state machine, and what it moves.
//
//     service --received--> OpenExchange --delivered--> client (REST)
//                             |  state machine, one timer
//     client ----finish----->+--concluded--> service (cancel, identity), client (end), metrics
//
// Owned by its core's ticket table from `Core.open` to the end; confined to that core. The life of an exchange, on one
// screen: `received`, `timerFired`, `finish`, `conclude`.

import Bridge
import Reactors
import ZeroMQ

/// Who gets the replies of an exchange: a REST request, or a multiplexed session for one of its requests.
protocol ExchangeClient: AnyObject {
    /// Whom it counts for where clients take turns.
    var fairnessKey: UInt64 { get }
    /// When it wants to look after its connection next, while the exchange is open.
    var nextLook: Instant { get }
    /// That time has come.
    func look()
    /// A reply to deliver. `body` is valid during the call only.
    func delivered(_ body: Span<UInt8>, _ inspection: Inspection)
    /// The exchange is over. `reply` is what ended it where it is not delivered: a worker's error, or something
    /// unusable.
    func concluded(_ end: End, _ reply: Span<UInt8>, _ fault: String?, _ exchange: Exchange)
}

/// An exchange between accept and end.
final class OpenExchange: Correspondent, TimerHandler {
    private(set) var exchange: Exchange
    /// How the request fared before its first reply, where its service tells.
    private(set) var handling: Handling?
    override var client: UInt64 { listener.fairnessKey }

    private let core: Core
    private let listener: any ExchangeClient
    private var timer: TimerID?
    private var wake = Instant.distantFuture

    init(_ core: Core, _ service: any Service, rules: EndRules, client: any ExchangeClient) {
        self.core = core
        listener = client
        exchange = Exchange(rules: rules, openedAt: core.now)
        super.init(service)
    }

    /// The table has taken it in under `ticket`; its clocks run.
    func opened(as ticket: Ticket) {
        self.ticket = ticket
        armTimer()
    }

    override func handled(_ handling: Handling) { self.handling = handling }

    override func received(_ body: Span<UInt8>, _ note: ReplyNote) {
        if let handling = note.handling { self.handling = handling }
        if case .marker = note.last { return finish(because: .final) }
        var inspection = plan.inspector.inspect(body)
        if let fault = note.fault {
            inspection.facts.isValid = false
            inspection.fault = String(describing: fault.sentence)
        }
        if note.last != nil { inspection.facts.isFinal = true }
        core.metrics.services[plan.index].counts.bytesReceived += UInt64(body.count)
        take(body, inspection)
    }

    override func published(_ publication: Publication) {
        take(publication.text.span, Inspection(facts: ReplyFacts(byteCount: publication.text.count)))
    }

    private func take(_ body: Span<UInt8>, _ inspection: Inspection) {
        let metrics = core.metrics.services[plan.index]
        switch exchange.replied(inspection.facts, at: core.now) {
        case .ignore: break
        case .drop: metrics.dropped(.late)
        case .deliver:
            metrics.counts.replies += 1
            listener.delivered(body, inspection)
            if exchange.nextWake < wake { wakeEarlier() }
        case .deliverThenEnd(let end):
            metrics.counts.replies += 1
            listener.delivered(body, inspection)
            conclude(end)
        case .end(let end): conclude(end, body, inspection.fault)
        }
    }

    override func finish(because reason: EndReason) {
        if let end = exchange.finish(because: reason) { conclude(end) }
    }

    /// The client's buffer is full: idle stands still, and the worker's replies are left where they are, if they can
    /// be.
    func pause() {
        exchange.pause(at: core.now)
        service.pause(self)
    }

    func resume() {
        exchange.resume(at: core.now)
        if exchange.nextWake < wake { wakeEarlier() }
        service.resume(self)
    }

    /// A clock may have run out. Replies that have arrived come first: one of them may have been in time.
    func timerFired(_ key: UInt64) {
        timer = nil
        core.drainNow(service)
        if let end = exchange.reached(core.now) { return conclude(end) }
        if exchange.end == nil && core.now >= listener.nextLook { listener.look() }
        if exchange.end == nil { armTimer() }
    }

    /// Waits for the earliest clock, its own and its client's. Later replies move `idle` without touching the timer: it
    /// fires, sees, and waits again.
    private func armTimer() {
        wake = min(exchange.nextWake, listener.nextLook)
        timer = nil
        guard wake < .distantFuture else { return }
        timer = core.reactor.schedule(at: wake.nanoseconds, self, key: 0)
    }

    /// The first reply has begun `idle`, or it goes on after a pause.
    private func wakeEarlier() {
        if let timer { core.reactor.cancel(timer) }
        armTimer()
    }

    private func conclude(_ end: End, _ reply: Span<UInt8> = Span(), _ fault: String? = nil) {
        if let timer { core.reactor.cancel(timer) }
        timer = nil
        unsent = []
        core.closed(self)
        service.ended(self, end)
        core.metrics.services[plan.index].ended(exchange, at: core.now)
        listener.concluded(end, reply, fault, exchange)
    }
}
