// Between a request's header and any work for it stand ordered steps. A step lets the request go on, rejects it, or
// makes it wait for an answer from elsewhere.
//
//     header complete --> HostStep --> PageStep --> ... --> route, page, session
//                            \----- rejected: a problem

import Bridge

/// What a step says of a request.
enum AdmissionDecision {
    /// It goes on to the next step.
    case proceed
    /// It is answered with this problem.
    case reject(Problem)
    /// It is held, unread, until `Letter.admission` comes with the ticket that the closure is given. The closure is
    /// called once, and must not wait itself.
    case wait((Ticket) -> Void)
}

/// What a letter says of a request that waits.
enum AdmissionVerdict: Sendable {
    case proceed
    case reject(ProblemCode, detail: String)
}

/// One of the steps that every request passes, whatever it asks for. Confined to its reactor.
protocol AdmissionStep: AnyObject {
    func decide(_ response: Response) -> AdmissionDecision
}

/// The host must be one that the gateway has. Most requests carry that of the one before, and pass at a comparison.
final class HostStep: AdmissionStep {
    private let rules: CallerRules
    private var admitted: [UInt8] = []

    init(_ rules: CallerRules) { self.rules = rules }

    func decide(_ response: Response) -> AdmissionDecision {
        let request = response.request
        if let host = request.value(of: .host), host.equals(admitted) { return .proceed }
        let host = request.text(of: .host) ?? ""
        guard let problem = rules.hostProblem(host) else {
            admitted = Array(host.utf8)
            return .proceed
        }
        // Probes call by whatever address they know. A page that came by a rebound name is rejected if it shows.
        guard !request.isOfAPage, request.isProbe else { return .reject(problem) }
        response.isOfForeignHost = true
        return .proceed
    }
}

/// A page must be the gateway's own, or of a configured origin.
final class PageStep: AdmissionStep {
    private let rules: CallerRules

    init(_ rules: CallerRules) { self.rules = rules }

    func decide(_ response: Response) -> AdmissionDecision {
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
