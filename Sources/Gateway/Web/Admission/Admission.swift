// Takes each request through the steps, in their order, and holds those that wait.
//
//     begin --> step, step, ... --> handler.admitted        at once, for most
//                 \--wait--> held --letter--> the step behind
//                              |--10 s------> refused: 503
//                              \--client left, shutdown--> gone

import Bridge
import HTTP
import Reactors

/// The admission of one reactor.
final class Admission {
    /// How long a request may wait at one step.
    var patience: Nanoseconds = 10_000_000_000
    /// In the order in which requests pass them.
    var steps: [any AdmissionStep]
    private unowned let handler: RESTHandler
    private var waiting: TicketTable<HeldRequest>

    init(_ handler: RESTHandler) {
        self.handler = handler
        let core = handler.core
        let rules = core.site.callerRules
        steps = [HostStep(rules), PageStep(rules)]
        waiting = TicketTable(reactor: UInt8(core.index), capacity: max(1, core.site.connectionsPerReactor))
    }

    /// Requests that wait.
    var waitingCount: Int { waiting.count }

    /// A request's header is complete.
    @inline(__always)
    func begin(_ answer: Answer) { pass(answer, from: 0, nil) }

    /// The steps from `first` on. - Parameter held: the request, if it waited before.
    private func pass(_ answer: Answer, from first: Int, _ held: HeldRequest?) {
        for index in first..<steps.count {
            switch steps[index].decide(answer) {
            case .proceed: continue
            case .refuse(let problem): return handler.refuse(answer, problem)
            case .wait(let begin): return wait(answer, at: index, held, begin)
            }
        }
        handler.admitted(answer)
    }

    private func wait(_ answer: Answer, at step: Int, _ known: HeldRequest?, _ begin: (Ticket) -> Void) {
        let held = known ?? HeldRequest(answer, handler)
        guard let ticket = waiting.insert(held) else {
            handler.refuse(answer, Problem(.overloaded, "too many requests wait to be let in; try again in a moment"))
            return answer.request.release()
        }
        held.wait(at: step, ticket)
        begin(ticket)
    }

    /// A letter has come, or time is up. A stale ticket is of a request that is gone.
    func decided(_ ticket: Ticket, _ verdict: AdmissionVerdict) {
        guard case .live(let held) = waiting.find(ticket) else { return }
        forget(held)
        switch verdict {
        case .proceed: pass(held.answer, from: held.step + 1, held)
        case .refuse(let code, let detail): handler.refuse(held.answer, Problem(code, detail))
        }
        if held.ticket == .none { held.answer.request.release() }
    }

    /// The gateway stops, and waits for no verdict.
    func refuseAll() {
        for held in waiting.values {
            decided(held.ticket, .refuse(.shutdown, detail: "the gateway shut down before the request was let in"))
        }
    }

    /// It does not wait any more.
    func forget(_ held: HeldRequest) {
        waiting.remove(held.ticket)
        held.leave()
    }
}

/// A request that waits at a step. Nothing of it is read meanwhile, so its client is watched for here.
final class HeldRequest: RequestConsumer, TimerHandler, ReadinessHandler {
    let answer: Answer
    /// The step that it waits at.
    private(set) var step = 0
    private(set) var ticket = Ticket.none
    private let handler: RESTHandler
    private let since: Instant
    private var timer: TimerID?
    private var watch: Registration?

    init(_ answer: Answer, _ handler: RESTHandler) {
        self.answer = answer
        self.handler = handler
        since = handler.core.now
        answer.request.consumer = self
        answer.request.hold()
    }

    func wait(at step: Int, _ ticket: Ticket) {
        let core = handler.core
        (self.step, self.ticket) = (step, ticket)
        timer = core.reactor.schedule(at: (core.now + handler.admission.patience).nanoseconds, self, key: 0)
        watch = core.watch(answer.request.descriptor, .peerClosed, self)
    }

    func leave() {
        let reactor = handler.core.reactor
        if let timer { reactor.cancel(timer) }
        if let watch { reactor.unwatch(watch) }
        (timer, watch, ticket) = (nil, nil, .none)
    }

    func timerFired(_ key: UInt64) {
        timer = nil
        handler.admission.decided(
            ticket, .refuse(.overloaded, detail: "it took too long to learn whether the request may pass; try again"))
    }

    /// The client closed its end.
    func ready(_ readiness: Readiness) {
        handler.admission.forget(self)
        answer.request.abort()
    }

    func body(_ bytes: Span<UInt8>, of request: Request) {}
    func bodyEnded(of request: Request) {}

    func closed(_ request: Request, _ reason: RequestEnd) {
        if ticket != .none { handler.admission.forget(self) }
        handler.closed(answer, since: since, reason, nil)
    }
}
