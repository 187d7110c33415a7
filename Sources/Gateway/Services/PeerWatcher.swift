// Who is at the other end of a socket, as its monitor tells (zmq_socket_monitor(3)).
//
// libzmq connects again after a loss, but not after a failed handshake (a wrong socket type, a refused key): the socket
// stays deaf while sends succeed. Such an event is kept as `trouble` and told to the operator.

import Reactors
import ZeroMQ

/// Counts the peers of one socket and remembers what went wrong.
final class PeerWatcher: ReadinessHandler {
    private let monitor: Monitor
    private var registration: Registration?
    /// Peers whose handshake is done.
    private(set) var peers = 0
    /// Handshakes that failed and whose connections are still to be told as disconnected.
    private var failures = 0
    /// The last thing that went wrong, until a handshake succeeds.
    private(set) var trouble: String?
    /// Called after a peer came or went.
    var onChange: () -> Void = {}

    init(_ monitor: consuming Monitor) { self.monitor = monitor }

    func start(_ core: Core) {
        registration = core.watch(monitor.descriptor, [.readable, .edgeTriggered], self)
        poll()
    }

    func stop(_ core: Core) {
        if let registration { core.reactor.unwatch(registration) }
        registration = nil
    }

    func ready(_ readiness: Readiness) { poll() }

    /// Reads all events that are there.
    func poll() {
        while let event = monitor.next() {
            switch event {
            case .handshakeSucceeded:
                peers += 1
                trouble = nil
                onChange()
            case .disconnected:
                guard failures == 0 else {
                    failures -= 1
                    break
                }
                guard peers > 0 else { break }
                peers -= 1
                onChange()
            case .handshakeFailedNoDetail: failed("the connection closed during the handshake")
            case .handshakeFailedProtocol(_, let code):
                failed("the other side is no ZeroMQ socket of a matching type (protocol error \(code))")
            case .handshakeFailedAuth(_, let status): failed("the other side refused our credentials (\(status))")
            case .bindFailed(let endpoint, let code): trouble = "\(endpoint) cannot be bound (errno \(code))"
            default: break
            }
        }
    }

    /// libzmq tells of the same connection once more, as disconnected.
    private func failed(_ reason: String) {
        failures += 1
        trouble = reason
    }
}
