// The state of a socket's one connection, derived from its monitor. Pure: no socket, no clock.
//
//                       handshakeSucceeded                    disconnected
//        connecting  ------------------------>  ready  ------------------------>  connecting
//            |  ^ connectRetried, or any failure that libzmq retries
//            |
//            +-- the peer rejects us -->  rejected       libzmq gives up: disconnect and connect again
//
// libzmq 4.3 reports a socket-type mismatch only indirectly: connected, then disconnected, with no handshake event. It
// reports every other end of a handshake, except for a peer of ZMTP 2.0 or older: after connected, nothing follows
// (PeerClock.swift).

/// Follows a socket that connects to one endpoint. Feed it every event of a monitor that was created before `connect`.
public struct ConnectionWatch: Sendable {
    public enum State: Sendable, Equatable {
        /// No connection; libzmq is trying.
        case connecting
        /// The handshake is complete: messages go out.
        case ready
        /// The peer is up but rejects us. libzmq does not retry.
        case rejected(Rejection)
    }

    public enum Rejection: Sendable, Equatable {
        /// The socket types do not match, such as a DEALER connected to a PUB.
        case socketTypeMismatch
        /// ZMQ_PROTOCOL_ERROR_*: another security mechanism, a wrong key, or not ZMTP.
        case protocolError(code: Int32)
        /// The status of the peer's ZAP handler: 300, 400 or 500.
        case authentication(status: Int32)
    }

    public private(set) var state = State.connecting
    /// A ready connection was lost, and libzmq has not reported a retry. If no report follows, libzmq closed the
    /// connection itself because of a frame that it rejects (session_base.cpp, `protocol_error`): disconnect and
    /// connect.
    public private(set) var awaitsRetry = false
    /// The descriptor of a connection whose handshake is in progress.
    public private(set) var shakingHands: Int32?

    public init() {}

    /// Takes an event.
    /// - Returns: whether it changed the state.
    @discardableResult
    public mutating func observe(_ event: MonitorEvent) -> Bool {
        let before = state
        awaitsRetry = awaitsRetry && !event.showsRetry
        switch event {
        case .connected(_, let descriptor): (state, shakingHands) = (.connecting, descriptor)
        case .handshakeSucceeded: (state, shakingHands) = (.ready, nil)
        case .handshakeFailedNoDetail, .connectRetried, .connectDelayed: (state, shakingHands) = (.connecting, nil)
        case .handshakeFailedProtocol(_, let code): rejected(.protocolError(code: code))
        case .handshakeFailedAuth(_, let status): rejected(.authentication(status: status))
        case .disconnected: disconnected()
        default: break
        }
        return state != before
    }

    /// The peer has sent its greeting, and libzmq reports nothing more: there is no handshake to wait for.
    public mutating func greetedOnly() {
        if shakingHands != nil { (state, shakingHands) = (.ready, nil) }
    }

    private mutating func disconnected() {
        if shakingHands != nil { rejected(.socketTypeMismatch) }
        if state == .ready { (state, awaitsRetry) = (.connecting, true) }
    }

    private mutating func rejected(_ rejection: Rejection) {
        (state, shakingHands) = (.rejected(rejection), nil)
    }
}

extension MonitorEvent {
    /// Whether libzmq is connecting, or has connected.
    fileprivate var showsRetry: Bool {
        switch self {
        case .connected, .connectDelayed, .connectRetried, .handshakeSucceeded: true
        default: false
        }
    }
}
