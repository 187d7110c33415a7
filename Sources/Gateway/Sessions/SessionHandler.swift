// From the request that asks for a WebSocket to the session that speaks over it.
//
//     Host and Origin were looked at -> limits -> handshake (RFC 6455, section 4.2) -> 101 -> session

import Bridge
import Configuration
import HTTP
import WebSocket

/// Opens sessions, on one reactor.
final class SessionHandler {
    private unowned let handler: RESTHandler
    private let core: Core

    init(_ handler: RESTHandler) {
        self.handler = handler
        core = handler.core
    }

    /// Upgrades the request, or refuses it. - Parameter route: the service of a raw session; nil for a multiplexed one.
    func open(_ answer: Answer, _ route: ServiceRoute?) {
        let request = answer.request
        var offer = HandshakeOffer()
        offer.compresses = core.configuration.sessions.compress
        if route == nil {
            offer.subprotocols = [MultiplexedSession.subprotocol]
            offer.needsSubprotocol = true
        }
        do {
            let acceptance = try Handshake.answer(HandshakeRequest(request), offer)
            if !core.drainState.acceptsRequests {
                return handler.refuse(answer, Problem(.shutdown, "the gateway is shutting down"))
            }
            if let problem = core.sessions.problem(for: request.remoteAddress) {
                return handler.refuse(answer, problem)
            }
            if let problem = publisherProblem(request, route) { return handler.refuse(answer, problem) }
            if let route, !route.plan.isPublisher, !core.services[route.plan.index].state.isReady, core.services[route.plan.index].state.isHere {
                let place = route.plan.whereWorkersGo
                return handler.refuse(answer, Problem(.noWorker, "no worker is connected; start one \(place)"))
            }
            request.consumer = UpgradeVisit(handler, answer, route, acceptance)
        } catch {
            refuse(answer, error)
        }
    }

    /// A session with a publisher says itself what it wants to hear, and ends with its connection.
    private func publisherProblem(_ request: Request, _ route: ServiceRoute?) -> Problem? {
        guard let route, route.plan.isPublisher, !request.query.isEmpty else { return nil }
        return Problem(.badParameter, "a session with a publisher has no parameters; send {\"op\":\"subscribe\",...}")
    }

    private func refuse(_ answer: Answer, _ rejection: Rejection) {
        let code: ProblemCode =
            switch rejection.status {
            case 426: .upgradeRequired
            case 405: .methodNotAllowed
            default: .malformedRequest
            }
        handler.refuse(answer, Problem(code, rejection.detail))
    }

    /// The 101 is with the kernel.
    func begin(_ stream: UpgradedStream, _ route: ServiceRoute?, _ acceptance: Acceptance, resumable: Bool) {
        var limits = CodecLimits()
        limits.maxMessageBytes = core.configuration.sessions.maxMessageBytes
        // Small fragments are allowed; a flood of empty ones ends.
        limits.maxFragments = 1024 + limits.maxMessageBytes / 16
        let wire = SessionWire(core, stream, Codec(limits, deflate: acceptance.deflate))
        guard core.sessions.makeSession(route?.plan.index, wire, resumable: resumable) != nil else {
            return wire.abort()
        }
        wire.start()
    }
}

/// The consumer of a request that becomes a session.
private final class UpgradeVisit: RequestConsumer, UpgradeReceiver {
    private let handler: RESTHandler
    private let answer: Answer
    private let route: ServiceRoute?
    private let acceptance: Acceptance
    private let since: Instant

    init(_ handler: RESTHandler, _ answer: Answer, _ route: ServiceRoute?, _ acceptance: Acceptance) {
        self.handler = handler
        self.answer = answer
        self.route = route
        self.acceptance = acceptance
        since = handler.core.now
    }

    func body(_ bytes: Span<UInt8>, of request: Request) {}

    func bodyEnded(of request: Request) {
        if request.hasBody {
            return answer.send(Problem(.malformedRequest, "a request for a WebSocket has no body"))
        }
        var headers = ResponseHeaders(["Upgrade": "websocket"])
        headers.add("Sec-WebSocket-Accept", acceptance.key)
        if let subprotocol = acceptance.subprotocol { headers.add("Sec-WebSocket-Protocol", subprotocol) }
        if let extensions = acceptance.extensions { headers.add("Sec-WebSocket-Extensions", extensions) }
        headers.add("X-Request-Id", answer.requestID.text)
        request.upgrade(headers, to: self)
    }

    func upgraded(_ stream: UpgradedStream, of request: Request) {
        var parameters = RequestParameters()
        let isReadable = parameters.readQuery(request.query, isForGateway: false) == nil
        let resumable = isReadable && parameters.query.contains { $0.name == "resume" && $0.value == "1" }
        handler.sessions.begin(stream, route, acceptance, resumable: resumable)
    }

    func closed(_ request: Request, _ reason: RequestEnd) { handler.closed(answer, since: since, reason, nil) }
}

extension HandshakeRequest {
    fileprivate init(_ request: Request) {
        self.init()
        isGet = request.method == .get
        minorVersion = request.minorVersion
        upgrade = request.text(of: .upgrade)
        connection = request.text(of: .connection)
        key = request.text(of: .secWebSocketKey)
        version = request.text(of: .secWebSocketVersion)
        subprotocols = request.text(of: .secWebSocketProtocol)
        extensions = request.text(of: .secWebSocketExtensions)
    }
}
