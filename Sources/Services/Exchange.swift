// One request and its replies, from the moment the request is complete: Bridge's state machine and what it drives.
//
//     open --> service --> worker
//     service --receivedFromWorker--> Exchange --deliver--> ReplySink
//                             |  state machine, one timer
//     finish --------------->-+--end--> service (cancel, identity), metrics, ReplySink
//
// Transports differ in the sink only: where replies go, and how the end is reported. The life of an exchange is
// `open`, `take`, `timerFired`, `finish`, `conclude`. Confined to its reactor.

package import Bridge
package import Contract
import Operations
import Reactors
package import ZeroMQ

/// An exchange with one service.
package final class Exchange: RequesterState, Requester, TimerHandler {
    /// The state of its clocks and replies. Begins anew when the exchange is opened.
    package private(set) var state: ExchangeState
    /// The exchange was opened and is not over yet.
    package private(set) var isOpen = false
    /// What happened to the request before its first reply, if the service reports it.
    package private(set) var queueTiming: QueueTiming?
    package let fairnessKey: UInt64
    private let host: any ServiceHost
    private let metrics: ServiceMetrics
    /// Set until the exchange is over.
    private var sink: (any ReplySink)?
    private let takesEnvelopes: Bool
    private var timer: TimerID?
    private var wake = Instant.distantFuture

    /// - Parameters:
    ///   - fairnessKey: the client whose turn the exchange takes in queues.
    ///   - takesEnvelopes: its replies are reply envelopes.
    package init(
        _ host: any ServiceHost, _ service: any Service, _ rules: EndRules, fairnessKey: UInt64, takesEnvelopes: Bool
    ) {
        self.host = host
        metrics = host.metrics.services[service.plan.index]
        self.fairnessKey = fairnessKey
        self.takesEnvelopes = takesEnvelopes
        state = ExchangeState(rules: rules, openedAt: host.now)
        super.init(service)
        isOneWay = rules.count == 0
    }

    package var memoryKey: UInt64 { sink?.memoryKey ?? MemoryLedger.noClient }
    package var isNative: Bool { false }
    package var canBeHeldBack: Bool { false }

    // MARK: Its life

    /// Sends the request to the service and starts the clocks. In every case `sink` receives the end, once.
    package func open(_ request: inout Frame, _ sink: any ReplySink) {
        self.sink = sink
        state = ExchangeState(rules: state.rules, openedAt: host.now)
        isOpen = true
        metrics.counts.open += 1
        guard host.requesters.admit(self) else { return finish(because: .overloaded) }
        armTimer()
        if case .rejected(let reason) = service.sendToWorker(&request, for: self) { finish(because: reason) }
    }

    /// Replaces the sink, which receives nothing more. If it was full, the exchange continues with the new one.
    func replaceSink(_ sink: any ReplySink) {
        guard isOpen else { return }
        self.sink = sink
        resume()
        if sink.nextLook < wake { wakeEarlier() }
    }

    package func requestWasTaken() {
        if isOpen, let end = state.sent() { conclude(end) }
    }

    package func noteQueueTiming(_ queueTiming: QueueTiming) { self.queueTiming = queueTiming }
    package func unsentWasSent() { sink?.requestWasSent() }

    package func receivedFromWorker(_ body: inout Frame, _ note: ReplyMetadata) {
        if let queueTiming = note.queueTiming { self.queueTiming = queueTiming }
        if case .marker = note.last { return finish(because: .final) }
        let bytes = body.bytes
        var inspection = plan.inspector.inspect(bytes)
        if let fault = note.fault {
            inspection.facts.isValid = false
            inspection.fault = String(describing: fault.sentence)
        }
        // An error reply need not be an envelope, because it is reported, not delivered.
        if takesEnvelopes, inspection.facts.isValid, !inspection.facts.isError, !inspection.facts.isKeepalive,
            let fault = ReplyEnvelope.fault(of: bytes) {
            inspection.facts.isValid = false
            inspection.fault = fault
        }
        if note.last != nil { inspection.facts.isFinal = true }
        metrics.counts.bytesReceived += UInt64(bytes.count)
        take(bytes, inspection)
    }

    package func receivedFromPublisher(_ publication: Publication) {
        take(publication.text.span, Inspection(facts: ReplyFacts(byteCount: publication.text.count)))
    }

    private func take(_ body: Span<UInt8>, _ inspection: Inspection) {
        switch state.replied(inspection.facts, at: host.now) {
        case .ignore: break
        case .drop: metrics.dropped(.late)
        case .deliver:
            metrics.counts.replies += 1
            sink?.deliver(body, inspection)
            if state.nextWake < wake { wakeEarlier() }
        case .deliverThenEnd(let end):
            metrics.counts.replies += 1
            sink?.deliver(body, inspection)
            conclude(end)
        case .end(let end):
            if end.reason == .badReply { logBadReply(body, inspection.fault) }
            conclude(end, body, inspection.fault)
        }
    }

    private func logBadReply(_ body: Span<UInt8>, _ fault: String?) {
        metrics.log.dropping()?(
            "a reply cannot be used: \(fault ?? "it is not what the service declares"); it begins with "
                + Excerpt.text(body))
    }

    package func finish(because reason: EndReason) {
        finish(because: reason, saying: reason == .limit ? plan.frameTooLarge : nil)
    }

    /// Ends the exchange for its sink. Ignored if the sink was replaced.
    /// - Parameter words: the problem's detail, in place of the reason's usual one.
    package func finish(because reason: EndReason, saying words: String? = nil, by sink: any ReplySink) {
        if self.sink === sink { finish(because: reason, saying: words) }
    }

    private func finish(because reason: EndReason, saying words: String?) {
        if isOpen, let end = state.finish(because: reason) { conclude(end, Span(), words) }
    }

    /// The sink is full: stops the `idle` clock, and leaves the worker's replies unread if possible.
    package func pause(by sink: any ReplySink) {
        guard isOpen, self.sink === sink else { return }
        state.pause(at: host.now)
        service.pause(self)
    }

    package func resume(by sink: any ReplySink) {
        if self.sink === sink { resume() }
    }

    private func resume() {
        guard isOpen else { return }
        state.resume(at: host.now)
        if state.nextWake < wake { wakeEarlier() }
        service.resume(self)
    }

    /// A deadline may have passed. Replies that have arrived are read first: one of them may have been in time.
    package func timerFired(_ key: UInt64) {
        timer = nil
        host.drainNow(service)
        if let end = state.reached(host.now) { return conclude(end) }
        if state.end == nil, let sink, host.now >= sink.nextLook { sink.look() }
        if state.end == nil { armTimer() }
    }

    /// Waits for the earliest of its own clocks and the sink's. Later replies move `idle` without touching the timer:
    /// when it fires too early, it is set again.
    private func armTimer() {
        wake = min(state.nextWake, sink?.nextLook ?? .distantFuture)
        timer = nil
        guard wake < .distantFuture else { return }
        timer = host.reactor.schedule(at: wake.nanoseconds, self, key: 0)
    }

    /// The timer has to fire earlier: the first reply started `idle`, a pause is over, or there is a new sink.
    private func wakeEarlier() {
        if let timer { host.reactor.cancel(timer) }
        armTimer()
    }

    private func conclude(_ end: End, _ reply: Span<UInt8> = Span(), _ fault: String? = nil) {
        isOpen = false
        if let timer { host.reactor.cancel(timer) }
        timer = nil
        unsent = []
        host.requesters.closed(self)
        service.ended(self, end)
        metrics.ended(state, at: host.now)
        let last = sink
        sink = nil
        last?.ended(end, reply, fault)
    }
}
