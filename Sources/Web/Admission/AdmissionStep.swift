// The ordered steps between a request's header and any work for it. A step lets the request proceed, rejects it, or
// makes it wait for a verdict from elsewhere.
//
//     header complete --> HostStep --> PageStep --> RouteStep --> ... --> exchange, page, session
//                            \----- rejected: a problem

package import Bridge
package import Contract
import JSON

/// A step's decision on a request.
package enum AdmissionDecision {
    /// The request proceeds to the next step.
    case proceed
    /// The request is answered with this problem.
    case reject(Problem)
    /// The request is held, unread, until `Letter.admission` brings a verdict for the ticket that the closure receives.
    /// The closure is called once and must not block.
    case wait((Ticket) -> Void)
}

/// The verdict on a waiting request, as a letter brings it.
package enum AdmissionVerdict: Sendable {
    case proceed
    case reject(ProblemCode, detail: String)
}

/// A step that every request passes, whatever it asks for. Confined to its reactor.
package protocol AdmissionStep: AnyObject {
    func decide(_ response: Response) -> AdmissionDecision
}

/// Admits the gateway's own hosts only. Most requests have the same Host as the one before and pass with one
/// comparison.
package final class HostStep: AdmissionStep {
    private let rules: CallerRules
    private var admitted: [UInt8] = []

    init(_ rules: CallerRules) { self.rules = rules }

    package func decide(_ response: Response) -> AdmissionDecision {
        let request = response.request
        if let host = request.value(of: .host), host.equals(admitted) { return .proceed }
        let host = request.text(of: .host) ?? ""
        guard let problem = rules.hostProblem(host) else {
            admitted = Array(host.utf8)
            return .proceed
        }
        // Probes may use any address of the machine. A page that uses a rebound name is still rejected if it identifies
        // itself.
        guard !request.isOfAPage, request.isProbe else { return .reject(problem) }
        response.isOfForeignHost = true
        return .proceed
    }
}

/// Admits pages of the gateway's own origin and of configured origins only.
package final class PageStep: AdmissionStep {
    private let rules: CallerRules

    init(_ rules: CallerRules) { self.rules = rules }

    package func decide(_ response: Response) -> AdmissionDecision {
        let request = response.request
        guard request.isOfAPage else { return .proceed }
        switch rules.verdict(on: request.sender, host: request.text(of: .host) ?? "") {
        case .own: break
        case .navigation: response.isForeignLink = true
        case .configured(let origin): response.origin = origin
        case .rejected(let problem): return .reject(problem)
        }
        return .proceed
    }
}
