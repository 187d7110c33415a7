// The one connection of a socket that connects, with the time its handshake takes: ConnectionWatch, and what libzmq
// does not say.
//
//     connected --> handshake succeeded                             ready
//              \--> a second: the greeting is there, no more said   ready: ZMTP 2.0 or older, which has no handshake
//              \--> ten seconds: nothing came                       hung: frozen, or no ZeroMQ; to be connected anew
//
// libzmq 4.3.4 never stops the clock of ZMQ_HANDSHAKE_IVL for a peer of ZMTP 2.0 and drops it again and again. So that
// option is off, and the clock is this one. It has no heartbeats either. Of ZMTP 3.0 there are peers that answer no
// pings: their connections last just as long as a ping may stay unanswered. Two such ends, and between them none of a
// longer connection, are the proof. One that ended sooner was not waiting for an answer and says nothing.

/// Follows a socket that connects to one endpoint, in time.
public struct PeerClock: Sendable {
    /// What a look at the clock may find.
    public enum Finding: Sendable, Equatable {
        case nothing
        /// The peer is ready: it speaks an old ZMTP.
        case ready
        /// The peer says nothing at all.
        case hung
        /// It answers no pings, as two connections have shown. Found once.
        case answersNoPings
    }

    /// When a peer that has sent its greeting counts as one that has no handshake. Nanoseconds, as all times here.
    static let patience: UInt64 = 1_000_000_000
    /// When a peer that sends nothing is given up.
    static let handshakeTime: UInt64 = 10_000_000_000
    /// What any greeting is at least: signature, revision, and a byte more (ZMTP 2.0, RFC 15).
    static let greetingBytes = 12
    private static let tolerance: UInt64 = 300_000_000

    public private(set) var watch = ConnectionWatch()
    /// How long a ping may stay unanswered, with the time until it is sent; nil without heartbeats.
    private var pingTime: UInt64?
    private var connectedAt: UInt64 = 0
    private var readyAt: UInt64?
    private var silentEnds = 0

    public init(_ options: SocketOptions) {
        pingTime = options.heartbeatInterval.map { interval in
            (interval + (options.heartbeatTimeout ?? interval)).wholeNanoseconds
        }
    }

    /// The socket is connected anew.
    public mutating func restart() { (watch, readyAt) = (ConnectionWatch(), nil) }

    /// Takes an event in; true when it changed the state.
    public mutating func observe(_ event: MonitorEvent, at now: UInt64) -> Bool {
        guard watch.observe(event) || watch.shakingHands != nil else { return false }
        if case .connected = event { connectedAt = now }
        if watch.state == .ready { readyAt = now } else { ended(at: now) }
        return true
    }

    /// Some times a second. - Parameter received: the bytes that have come by a descriptor; nil if nothing tells.
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
