// The one connection of a socket that connects, with a time limit for its handshake: ConnectionWatch, plus what libzmq
// does not report.
//
//     connected --> handshake succeeded                             ready
//              \--> 1 s: a greeting, and no event                   ready: ZMTP 2.0 or older, which has no handshake
//              \--> 10 s: no greeting                               hung: frozen, or not ZeroMQ; to be reconnected
//
// libzmq 4.3.4 never stops the timer of ZMQ_HANDSHAKE_IVL for a peer of ZMTP 2.0 and drops it again and again. So that
// option is off, and this clock replaces it. ZMTP 2.0 has no heartbeats either. Some ZMTP 3.0 peers do not answer
// pings: their connections last exactly as long as a ping may stay unanswered. Two such ends without a longer
// connection between them prove it. A connection that ended sooner was not waiting for an answer and proves nothing.

/// Follows a socket that connects to one endpoint, over time.
public struct PeerClock: Sendable {
    /// The result of a look.
    public enum Finding: Sendable, Equatable {
        case nothing
        /// The peer is ready: it speaks an old ZMTP.
        case ready
        /// The peer sends nothing at all.
        case hung
        /// The peer does not answer pings, as two connections have shown. Reported once.
        case answersNoPings
    }

    /// After this time a peer that has sent its greeting counts as one without a handshake. Nanoseconds, like all times
    /// here.
    static let patience: UInt64 = 1_000_000_000
    /// After this time a peer that sends nothing counts as hung.
    static let handshakeTime: UInt64 = 10_000_000_000
    /// The shortest greeting: signature, revision, and one more byte (ZMTP 2.0, RFC 15).
    static let greetingBytes = 12
    private static let tolerance: UInt64 = 300_000_000

    public private(set) var watch = ConnectionWatch()
    /// How long a ping may stay unanswered, plus the time until it is sent; nil without heartbeats.
    private var pingTime: UInt64?
    private var connectedAt: UInt64 = 0
    private var readyAt: UInt64?
    private var silentEnds = 0

    public init(_ options: SocketOptions) {
        pingTime = options.heartbeatInterval.map { interval in
            (interval + (options.heartbeatTimeout ?? interval)).wholeNanoseconds
        }
    }

    /// Call it when the socket reconnects.
    public mutating func restart() { (watch, readyAt) = (ConnectionWatch(), nil) }

    /// Takes an event.
    /// - Returns: whether it changed the state.
    public mutating func observe(_ event: MonitorEvent, at now: UInt64) -> Bool {
        guard watch.observe(event) || watch.shakingHands != nil else { return false }
        if case .connected = event { connectedAt = now }
        if watch.state == .ready { readyAt = now } else { ended(at: now) }
        return true
    }

    /// Checks the time limits; call it a few times per second.
    /// - Parameter received: the bytes received on a descriptor so far; nil if unknown.
    public mutating func look(
        at now: UInt64, received: (Int32) -> Int? = { Connection($0).bytesReceived }
    ) -> Finding {
        if silentEnds >= 2 {
            (silentEnds, pingTime) = (0, nil)
            return .answersNoPings
        }
        guard let descriptor = watch.shakingHands, now - connectedAt >= Self.patience else { return .nothing }
        if let count = received(descriptor), count >= Self.greetingBytes {
            watch.greetedOnly()
            return .ready
        }
        return now - connectedAt >= Self.handshakeTime ? .hung : .nothing
    }

    private mutating func ended(at now: UInt64) {
        guard let since = readyAt, let pingTime else { return }
        readyAt = nil
        let (lasted, tolerance) = (now - since, Self.tolerance)
        guard silentEnds < 2, lasted + tolerance >= pingTime else { return }
        silentEnds = lasted < pingTime + tolerance ? silentEnds + 1 : 0
    }
}
