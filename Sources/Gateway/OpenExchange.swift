// One exchange, from the time its request is complete: Bridge's state machine, and what it moves.
//
//     service --received--> OpenExchange --delivered--> RESTExchange, or SessionExchange
//                             |  state machine, one timer
//     finish --------------->-+--concluded--> service (cancel, identity), metrics, the client's part (end)
//
// What differs from transport to transport is in the kinds of it: where replies go, and what is said at the end. It is
// in its core's ticket table from `opened` to the end, and confined to that core. The life of an exchange, on one
// screen: `received`, `timerFired`, `finish`, `conclude`.

import Bridge
import Reactors
import ZeroMQ

/// An exchange with one service.
class OpenExchange: Correspondent, TimerHandler {
    final let core: Core
    /// Begins when it is opened.
    final private(set) var exchange: Exchange
    /// The core has opened it, and it is not concluded yet.
    final private(set) var isOpen = false
    /// How the request fared before its first reply, where its service tells.
    final private(set) var handling: Handling?
    private final var timer: TimerID?
    private final var wake = Instant.distantFuture

    init(_ core: Core, _ service: any Service, rules: EndRules) {
        self.core = core
        exchange = Exchange(rules: rules, openedAt: core.now)
        super.init(service)
        isOneWay = rules.count == 0
    }

    // MARK: What its kind says

    /// When it wants to look after its client's connection next, while it is open.
    var nextLook: Instant { .distantFuture }
    /// That time has come.
    func look() {}
    /// Its replies are envelopes.
    var takesEnvelopes: Bool { plan.configuration.reply == .envelope }
    /// A reply to deliver. `body` is valid during the call only.
    func delivered(_ body: Span<UInt8>, _ inspection: Inspection) {}
    /// It is over. `reply` is what ended it where it is not delivered: a worker's error, or something unusable.
    func concluded(_ end: End, _ reply: Span<UInt8>, _ fault: String?) {}

    // MARK: Its life

    /// Its request goes to the service now: the time of its rules begins.
    final func begin() {
        exchange = Exchange(rules: exchange.rules, openedAt: core.now)
        isOpen = true
    }

    /// The table has taken it in under `ticket`; its clocks run.
    final func opened(as ticket: Ticket) {
        self.ticket = ticket
        armTimer()
    }

    final override func wasHanded() {
        if isOpen, let end = exchange.sent() { conclude(end) }
    }

    final override func handled(_ handling: Handling) { self.handling = handling }

    final override func received(_ body: Span<UInt8>, _ note: ReplyNote) {
        if let handling = note.handling { self.handling = handling }
        if case .marker = note.last { return finish(because: .final) }
        var inspection = plan.inspector.inspect(body)
        if let fault = note.fault {
            inspection.facts.isValid = false
            inspection.fault = String(describing: fault.sentence)
        }
        // An error need not be an envelope: it is reported, not delivered.
        if takesEnvelopes, inspection.facts.isValid, !inspection.facts.isError, !inspection.facts.isKeepalive,
            let fault = ReplyEnvelope.fault(of: body) {
            inspection.facts.isValid = false
            inspection.fault = fault
        }
        if note.last != nil { inspection.facts.isFinal = true }
        core.metrics.services[plan.index].counts.bytesReceived += UInt64(body.count)
        take(body, inspection)
    }

    final override func published(_ publication: Publication) {
        take(publication.text.span, Inspection(facts: ReplyFacts(byteCount: publication.text.count)))
    }

    private final func take(_ body: Span<UInt8>, _ inspection: Inspection) {
        let metrics = core.metrics.services[plan.index]
        switch exchange.replied(inspection.facts, at: core.now) {
        case .ignore: break
        case .drop: metrics.dropped(.late)
        case .deliver:
            metrics.counts.replies += 1
            delivered(body, inspection)
            if exchange.nextWake < wake { wakeEarlier() }
        case .deliverThenEnd(let end):
            metrics.counts.replies += 1
            delivered(body, inspection)
            conclude(end)
        case .end(let end):
            if end.reason == .badReply { tellOfBadReply(body, inspection.fault) }
            conclude(end, body, inspection.fault)
        }
    }

    private final func tellOfBadReply(_ body: Span<UInt8>, _ fault: String?) {
        core.metrics.services[plan.index].log.dropping()?(
            "a reply cannot be used: \(fault ?? "it is not what the service declares"); it begins with "
                + Excerpt.text(body))
    }

    final override func finish(because reason: EndReason) {
        finish(because: reason, saying: reason == .limit ? plan.frameTooLarge : nil)
    }

    /// - Parameter words: for the problem, in place of what is usual for the reason.
    final func finish(because reason: EndReason, saying words: String?) {
        if isOpen, let end = exchange.finish(because: reason) { conclude(end, Span(), words) }
    }

    /// The client's buffer is full: idle stands still, and the worker's replies are left where they are, if they can
    /// be.
    final func pause() {
        guard isOpen else { return }
        exchange.pause(at: core.now)
        service.pause(self)
    }

    final func resume() {
        guard isOpen else { return }
        exchange.resume(at: core.now)
        if exchange.nextWake < wake { wakeEarlier() }
        service.resume(self)
    }

    /// A clock may have run out. Replies that have arrived come first: one of them may have been in time.
    final func timerFired(_ key: UInt64) {
        timer = nil
        core.drainNow(service)
        if let end = exchange.reached(core.now) { return conclude(end) }
        if exchange.end == nil && core.now >= nextLook { look() }
        if exchange.end == nil { armTimer() }
    }

    /// Waits for the earliest clock, its own and its client's. Later replies move `idle` without touching the timer: it
    /// fires, sees, and waits again.
    private final func armTimer() {
        wake = min(exchange.nextWake, nextLook)
        timer = nil
        guard wake < .distantFuture else { return }
        timer = core.reactor.schedule(at: wake.nanoseconds, self, key: 0)
    }

    /// The first reply has begun `idle`, or it goes on after a pause.
    private final func wakeEarlier() {
        if let timer { core.reactor.cancel(timer) }
        armTimer()
    }

    private final func conclude(_ end: End, _ reply: Span<UInt8> = Span(), _ fault: String? = nil) {
        isOpen = false
        if let timer { core.reactor.cancel(timer) }
        timer = nil
        unsent = []
        core.closed(self)
        service.ended(self, end)
        core.metrics.services[plan.index].ended(exchange, at: core.now)
        concluded(end, reply, fault)
    }
}
