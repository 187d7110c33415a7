// A service that is bound on another reactor: this one forwards requests by letter.
//
// Whether a worker is there only the home knows; its refusal comes back as a letter, some microseconds later.

import Bridge
import ZeroMQ

/// The near end of a service whose socket lives elsewhere.
final class RemoteService: Service {
    let plan: ServicePlan
    private let home: Int
    private unowned let core: any ServiceHost

    init(_ core: any ServiceHost, _ plan: ServicePlan, home: Int) {
        self.core = core
        self.plan = plan
        self.home = home
    }

    /// The home reports for all.
    var state: ServiceState { ServiceState(isHere: false) }

    func start() {}
    func tick() {}
    func stop() {}
    func drain() -> Bool { false }
    func pause(_ exchange: any Requester) {}
    func resume(_ exchange: any Requester) {}

    func send(_ request: inout Frame, for exchange: any Requester) -> Handover {
        var frame = Frame()
        swap(&frame, &request)
        // What the home refuses has left here already.
        var submission = exchange.submission
        submission.canBeHeldBack = false
        core.postRequest(submission, FrameBox(frame), of: plan, to: home)
        return .taken
    }

    func ended(_ exchange: any Requester, _ end: End) {
        // What ended for other reasons the home has ended itself, or has nothing left of.
        guard end.cancelsWorker || end.reason == .idle, plan.cancel != nil || plan.traits.reportsPools else { return }
        core.postWithdrawal(exchange.submission, of: plan, to: home)
    }
}
