// Takes each request through the admission steps in order, and holds the requests that wait at one.
//
//     begin --> step, step, ... --> handler.admitted        at once, for most
//                 \--wait--> held --letter--> the next step
//                              |--10 s------> rejected: 503
//                              \--client left, shutdown--> gone

package import Bridge
import Contract
package import HTTP
package import Reactors

/// The admission of one reactor.
package final class Admission {
    /// The longest that a request may wait at one step.
    package var patience: Nanoseconds = 10_000_000_000
    /// In the order in which requests pass them.
    var steps: [any AdmissionStep]
    private unowned let handler: RESTHandler
    private var waiting: TicketTable<HeldRequest>

    init(_ handler: RESTHandler) {
        self.handler = handler
        let host = handler.host
        let rules = host.site.callerRules
        steps = [HostStep(rules), PageStep(rules), RouteStep(host)]
        waiting = TicketTable(reactor: UInt8(host.index), capacity: max(1, host.site.connectionsPerReactor))
    }

    /// The number of requests that wait.
    package var waitingCount: Int { waiting.count }

    /// A request's header is complete.
    @inline(__always)
    package func begin(_ response: Response) { pass(response, from: 0, nil) }

    /// Runs the steps from `first` on. - Parameter held: the request, if it has waited before.
    private func pass(_ response: Response, from first: Int, _ held: HeldRequest?) {
        for index in first..<steps.count {
            switch steps[index].decide(response) {
            case .proceed: continue
            case .reject(let problem): return handler.reject(response, problem)
            case .wait(let begin): return wait(response, at: index, held, begin)
            }
        }
        handler.admitted(response)
    }

    private func wait(_ response: Response, at step: Int, _ known: HeldRequest?, _ begin: (Ticket) -> Void) {
        let held = known ?? HeldRequest(response, handler)
        guard let ticket = waiting.insert(held) else {
            handler.reject(
                response, Problem(.overloaded, "too many requests are waiting for admission; try again in a moment"))
            return response.request.release()
        }
        held.wait(at: step, ticket)
        begin(ticket)
    }

    /// A verdict has arrived, or the time is up. A stale ticket belongs to a request that is gone.
    package func decided(_ ticket: Ticket, _ verdict: AdmissionVerdict) {
        guard case .live(let held) = waiting.find(ticket) else { return }
        forget(held)
        switch verdict {
        case .proceed: pass(held.response, from: held.step + 1, held)
        case .reject(let code, let detail): handler.reject(held.response, Problem(code, detail))
        }
        if held.ticket == .none { held.response.request.release() }
    }

    /// Rejects the waiting requests, because the gateway stops.
    package func rejectAll() {
        for held in waiting.values {
            decided(held.ticket, .reject(.shutdown, detail: "the gateway shut down before it admitted the request"))
        }
    }

    /// Removes a request that no longer waits.
    package func forget(_ held: HeldRequest) {
        waiting.remove(held.ticket)
        held.leave()
    }
}

/// A request that waits at a step. Nothing of it is read meanwhile, so this watches whether its client disconnects.
package final class HeldRequest: RequestConsumer, TimerHandler, ReadinessHandler {
    package let response: Response
    /// The index of the step that it waits at.
    private(set) var step = 0
    package private(set) var ticket = Ticket.none
    private let handler: RESTHandler
    private let since: Instant
    private var timer: TimerID?
    private var watch: Registration?

    init(_ response: Response, _ handler: RESTHandler) {
        self.response = response
        self.handler = handler
        since = handler.host.now
        response.request.consumer = self
        response.request.hold()
    }

    package func wait(at step: Int, _ ticket: Ticket) {
        let host = handler.host
        (self.step, self.ticket) = (step, ticket)
        timer = host.reactor.schedule(at: (host.now + handler.admission.patience).nanoseconds, self, key: 0)
        watch = host.watch(response.request.descriptor, .peerClosed, self)
    }

    package func leave() {
        let reactor = handler.host.reactor
        if let timer { reactor.cancel(timer) }
        if let watch { reactor.unwatch(watch) }
        (timer, watch, ticket) = (nil, nil, .none)
    }

    package func timerFired(_ key: UInt64) {
        timer = nil
        handler.admission.decided(
            ticket, .reject(.overloaded, detail: "checking whether the request is allowed took too long; try again"))
    }

    /// The client closed its side of the connection.
    package func ready(_ readiness: Readiness) {
        handler.admission.forget(self)
        response.request.abort()
    }

    package func body(_ bytes: Span<UInt8>, of request: Request) {}
    package func bodyEnded(of request: Request) {}

    package func closed(_ request: Request, _ reason: RequestEnd) {
        if ticket != .none { handler.admission.forget(self) }
        handler.closed(response, since: since, reason, nil)
    }
}
