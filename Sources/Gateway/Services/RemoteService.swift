// A service that is bound on another reactor: this one forwards requests by letter.
//
// Whether a worker is there only the home knows; its rejection comes back as a letter, some microseconds later.

import Bridge
import ZeroMQ

/// The near end of a service whose socket lives elsewhere.
final class RemoteService: Service {
    let plan: ServicePlan
    private let home: Int
    private unowned let host: any ServiceHost

    init(_ host: any ServiceHost, _ plan: ServicePlan, home: Int) {
        self.host = host
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

    func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult {
        var frame = Frame()
        swap(&frame, &request)
        // What the home rejects has left here already.
        var metadata = exchange.metadata
        metadata.canBeHeldBack = false
        host.postRequest(metadata, FrameBox(frame), of: plan, to: home)
        return .accepted
    }

    func ended(_ exchange: any Requester, _ end: End) {
        // What ended for other reasons the home has ended itself, or has nothing left of.
        guard end.cancelsWorker || end.reason == .idle, plan.cancel != nil || plan.traits.reportsPools else { return }
        host.postWithdrawal(exchange.metadata, of: plan, to: home)
    }
}
