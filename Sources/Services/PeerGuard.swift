// Bounds the ZeroMQ connections to a bound port. libzmq accepts without limit. When no descriptor is left, it retries
// at full speed and sends its monitor an event each time.
//
//     over the bound           closes the connection that has been silent longest, or else the newcomer
//     accepts fail (EMFILE)    closes silent ones; if that does not help, closes the port for a second
//
// It receives every event of the socket's monitor, and each tick.

import Bridge
import Reactors
package import ZeroMQ

/// The bound on the connections of one port.
package final class PeerGuard {
    /// Bytes of a greeting (ZMTP 3.1, section "Greeting"). A peer that has sent fewer counts as silent.
    private static let greetingBytes: UInt64 = 64
    /// How long all accepts may fail before the port is closed: when libzmq spins, hundreds fail in a millisecond.
    private static let failsFor: Nanoseconds = 100_000_000
    /// Failures between two checks of the clock.
    private static let failuresPerLook = 256
    private static let closedFor: Nanoseconds = 1_000_000_000
    private static let breath: Nanoseconds = 100_000_000
    /// How long `trouble` is reported after the last time.
    private static let memory: Nanoseconds = 10_000_000_000

    /// What is wrong, as a sentence.
    package var trouble: String? {
        if openAt != nil { return "\(endpoint) is closed for a moment: \(Self.noDescriptor)" }
        guard let troubledAt, host.now.since(troubledAt) < Self.memory else { return nil }
        return sentence
    }

    private unowned let host: any ServiceHost
    private let endpoint: String
    private let resolved: String
    private let isLocal: Bool
    private let unbind: () throws -> Void
    private let bind: () throws -> Void
    private var line = PeerLine()
    private var failures = 0
    private var failingSince: Instant?
    private var openAt: Instant?
    private var troubledAt: Instant?
    private var sentence = ""
    private var limit = RateLimit()

    private static let noDescriptor =
        "no file descriptor is left for a connection; raise the limit (ulimit -n)"

    /// - Parameters:
    ///   - endpoint: its name for people.
    ///   - resolved: its name in libzmq.
    ///   - unbind: stops listening, which closes all of its connections.
    init(
        _ host: any ServiceHost, _ endpoint: String, at resolved: String, unbind: @escaping () throws -> Void,
        bind: @escaping () throws -> Void
    ) {
        self.host = host
        self.endpoint = endpoint
        self.resolved = resolved
        self.unbind = unbind
        self.bind = bind
        isLocal = !resolved.hasPrefix("tcp://")
    }

    package func observe(_ event: MonitorEvent) {
        switch event {
        case .accepted(_, let descriptor):
            line.accepted(descriptor)
            failingSince = nil
            host.metrics.snapshot.peers += 1
            if line.count > host.bounds.peersPerPort { makeRoom(for: descriptor) }
        case .disconnected(_, let descriptor):
            let before = line.count
            line.gone(descriptor)
            host.metrics.snapshot.peers -= before - line.count
        case .acceptFailed: acceptFailed()
        default: break
        }
    }

    /// Reopens a closed port.
    package func tick() {
        if failures == 0 { failingSince = nil }
        failures = 0
        guard let openAt, host.now >= openAt else { return }
        do {
            try bind()
            self.openAt = nil
            host.log.notice("\(endpoint) is open again")
        } catch {
            self.openAt = host.now + Self.closedFor
        }
    }

    private func makeRoom(for newcomer: Int32) {
        host.metrics.snapshot.peersRejected += 1
        report(
            "\(endpoint): more than \(host.bounds.peersPerPort) connections (limits.max_peers, ulimit -n): closing "
                + "those that have sent nothing, or else the newest")
        guard !endSilent() else { return }
        line.gone(newcomer)
        end(newcomer)
    }

    private func endSilent() -> Bool {
        // The bytes of a local connection are unknown. File permissions decide who may connect.
        guard !isLocal, let descriptor = line.takeSilent(Self.isSilent) else { return false }
        end(descriptor)
        return true
    }

    private static func isSilent(_ descriptor: Int32) -> Bool {
        (PeerDescriptor.bytesReceived(descriptor) ?? 0) < greetingBytes
    }

    private func end(_ descriptor: Int32) {
        host.metrics.snapshot.peers -= 1
        PeerDescriptor.end(descriptor, at: resolved)
    }

    private func acceptFailed() {
        failures += 1
        host.metrics.snapshot.acceptsFailed += 1
        report("\(endpoint): \(Self.noDescriptor)")
        // Failures may come faster than they are read.
        if failures % Self.failuresPerLook == 0 { host.reactor.refresh() }
        let since = failingSince ?? host.now
        failingSince = since
        if endSilent() { return }
        guard openAt == nil, host.now.since(since) > Self.failsFor, (try? unbind()) != nil else { return }
        host.metrics.snapshot.peers -= line.count
        line = PeerLine()
        openAt = host.now + Self.closedFor
        host.log.error("\(endpoint) is closed for a moment: \(Self.noDescriptor)")
    }

    private func report(_ text: @autoclosure () -> String) {
        // A flood of failures is reported often enough.
        if let troubledAt, host.now.since(troubledAt) < Self.breath { return }
        let text = text()
        if let line = limit.admit(text, at: host.now) { host.log.warning("\(line)") }
        sentence = text
        troubledAt = host.now
    }
}
