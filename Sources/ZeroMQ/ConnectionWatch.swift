// Whether the one connection of a socket is there, from what its monitor tells: no socket, no time, events in and a
// state out.
//
//                     handshakeSucceeded                    disconnected
//      connecting  ------------------------>  ready  ------------------------>  connecting
//          |  ^ connectRetried, or any failure that libzmq tries again
//          |
//          +-- the peer speaks, but not with us -->  rejected      libzmq is done with it: disconnect and connect again
//
// libzmq 4.3 tells of a socket type mismatch by silence: connected, disconnected, and no word of the handshake between
// them. For any other end of a handshake it has a word, but for a peer of ZMTP 2.0 or older: that is connected, and no
// more is said (PeerClock.swift).

/// Follows a socket that connects to one endpoint. Feed it every event of a monitor that was made before `connect`.
public struct ConnectionWatch: Sendable {
    public enum State: Sendable, Equatable {
        /// No connection; libzmq is at it.
        case connecting
        /// The handshake is complete: what is sent goes out.
        case ready
        /// The peer is there and will not have us. libzmq does not try again.
        case rejected(Rejection)
    }

    public enum Rejection: Sendable, Equatable {
        /// A DEALER connected to a PUB, say.
        case socketTypeMismatch
        /// ZMQ_PROTOCOL_ERROR_*: another security mechanism, a wrong key, no ZMTP.
        case protocolError(code: Int32)
        /// The status of the peer's ZAP handler: 300, 400 or 500.
        case authentication(status: Int32)
    }

    public private(set) var state = State.connecting
    /// A connection that was ready is lost, and libzmq has not said that it tries again. If it never does, it closed
    /// the connection itself over a frame it does not take (session_base.cpp, `protocol_error`): disconnect and
    /// connect.
    public private(set) var awaitsRetry = false
    /// The descriptor of a connection whose handshake is under way.
    public private(set) var shakingHands: Int32?

    public init() {}

    /// Takes an event in; true when it changed the state.
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

    /// The peer has sent its greeting and libzmq says nothing: there is no handshake to wait for.
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
    /// libzmq is connecting, or has connected.
    fileprivate var showsRetry: Bool {
        switch self {
        case .connected, .connectDelayed, .connectRetried, .handshakeSucceeded: true
        default: false
        }
    }
}
