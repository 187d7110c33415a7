// A service that is bound on another reactor, its home. This object forwards requests to it by letter.
//
// Only the home knows whether there is a worker. A rejection comes back as a letter, some microseconds later.

package import Bridge
package import Contract
package import ZeroMQ

/// The local end of a service whose socket lives on another reactor.
package final class RemoteService: Service {
    package let plan: ServicePlan
    private let home: Int
    private unowned let host: any ServiceHost

    package init(_ host: any ServiceHost, _ plan: ServicePlan, home: Int) {
        self.host = host
        self.plan = plan
        self.home = home
    }

    /// The home reports the state for all reactors.
    package var state: ServiceState { ServiceState(isHere: false) }

    package func start() {}
    package func tick() {}
    package func stop() {}
    package func drain() -> Bool { false }
    package func pause(_ exchange: any Requester) {}
    package func resume(_ exchange: any Requester) {}

    package func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult {
        var frame = Frame()
        swap(&frame, &request)
        // A request that the home rejects cannot be held back: its client's messages have moved on.
        var metadata = exchange.metadata
        metadata.canBeHeldBack = false
        host.postRequest(metadata, FrameBox(frame), of: plan, to: home)
        return .accepted
    }

    package func ended(_ exchange: any Requester, _ end: End) {
        // For other reasons the home has ended the request itself, or has nothing left of it.
        guard end.cancelsWorker || end.reason == .idle, plan.cancel != nil || plan.traits.reportsPools else { return }
        host.postWithdrawal(exchange.metadata, of: plan, to: home)
    }
}
