// A service that is bound on another reactor, its home. This object forwards requests to it by letter.
//
// Only the home knows whether there is a worker. A rejection comes back as a letter, some microseconds later.

import Bridge
import ZeroMQ

/// The local end of a service whose socket lives on another reactor.
final class RemoteService: Service {
    let plan: ServicePlan
    private let home: Int
    private unowned let host: any ServiceHost

    init(_ host: any ServiceHost, _ plan: ServicePlan, home: Int) {
        self.host = host
        self.plan = plan
        self.home = home
    }

    /// The home reports the state for all reactors.
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
        // A request that the home rejects cannot be held back: its client's messages have moved on.
        var metadata = exchange.metadata
        metadata.canBeHeldBack = false
        host.postRequest(metadata, FrameBox(frame), of: plan, to: home)
        return .accepted
    }

    func ended(_ exchange: any Requester, _ end: End) {
        // For other reasons the home has ended the request itself, or has nothing left of it.
        guard end.cancelsWorker || end.reason == .idle, plan.cancel != nil || plan.traits.reportsPools else { return }
        host.postWithdrawal(exchange.metadata, of: plan, to: home)
    }
}
