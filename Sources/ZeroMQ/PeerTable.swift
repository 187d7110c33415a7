// The connections of a socket that binds, derived from its monitor.
//
//     accepted --> handshake succeeded                        up
//             \--> 1 s: a greeting, and no event              up: ZMTP 2.0 or older, with no handshake event
//             \--> 30 s: no greeting                          cut
//
// libzmq does not report which connection's handshake succeeded: we assume the one that has waited longest and has sent
// enough bytes. If that was wrong, the second look corrects it. The clock is ours because libzmq's own
// (ZMQ_HANDSHAKE_IVL) never stops for a peer of ZMTP 2.0, see PeerClock.

import Basics

/// Who is connected to a socket that binds.
public struct PeerTable: Sendable {
    /// A change of one connection.
    public enum Change: Sendable, Equatable {
        /// The peer is up.
        case up(Connection)
        /// The connection is gone; it had been up.
        case lost(Connection)
    }

    private struct Entry {
        let connection: Connection
        let acceptedAt: UInt64
        var isUp = false
        var hasShaken = false
    }

    /// After this time a connection without a greeting is cut.
    static let handshakeTime: UInt64 = 30_000_000_000
    /// The length of a ZMTP 3 greeting (RFC 23).
    private static let longGreetingBytes = 64
    /// Maximum number of connections inspected or cut by one `look`, and inspected for one handshake.
    private static let looks = 256
    private static let looksForHandshake = 64

    /// A connection to be inspected later; another may have its number by then.
    private struct Place {
        let descriptor: Int32
        let acceptedAt: UInt64
    }

    private var entries: [Int32: Entry] = [:]
    /// In the order of their coming: those that were not looked at yet, and those that had not greeted by then.
    private var fresh = FIFO<Place>()
    private var stale = FIFO<Place>()
    private let received: @Sendable (Connection) -> Int?

    /// Peers that are up.
    public private(set) var count = 0

    /// - Parameter received: the bytes received on a connection so far; nil if unknown.
    public init(received: @escaping @Sendable (Connection) -> Int? = { $0.bytesReceived }) { self.received = received }

    /// Whether a connection with that number is open.
    public func contains(_ descriptor: Int32) -> Bool { entries[descriptor] != nil }

    /// Whether libzmq reported its handshake, as far as known.
    public func hasShaken(_ descriptor: Int32) -> Bool { entries[descriptor]?.hasShaken ?? false }

    /// Takes an event.
    public mutating func observe(_ event: MonitorEvent, at now: UInt64) -> Change? {
        switch event {
        case .accepted(_, let descriptor):
            entries[descriptor] = Entry(connection: Connection(descriptor), acceptedAt: now)
            fresh.append(Place(descriptor: descriptor, acceptedAt: now))
            return nil
        case .handshakeSucceeded: return shaken()
        case .disconnected(_, let descriptor):
            guard let entry = entries.removeValue(forKey: descriptor) else { return nil }
            guard entry.isUp else { return nil }
            count -= 1
            return .lost(entry.connection)
        default: return nil
        }
    }

    /// Checks the time limits; call it a few times per second.
    /// - Returns: the peers that turned out to be up.
    public mutating func look(at now: UInt64) -> [Change] {
        var changes: [Change] = []
        for _ in 0..<Self.looks {
            guard let place = fresh.first, now - place.acceptedAt >= PeerClock.patience else { break }
            _ = fresh.popFirst()
            guard let entry = waiting(place) else { continue }
            if hasGreeted(entry) { changes.append(raise(place.descriptor, hasShaken: false)) } else {
                stale.append(place)
            }
        }
        for _ in 0..<Self.looks {
            guard let place = stale.first, now - place.acceptedAt >= Self.handshakeTime else { break }
            _ = stale.popFirst()
            guard let entry = waiting(place) else { continue }
            if hasGreeted(entry) { changes.append(raise(place.descriptor, hasShaken: false)) } else {
                entry.connection.cut()
            }
        }
        return changes
    }

    private func hasGreeted(_ entry: Entry) -> Bool { received(entry.connection) ?? 0 >= PeerClock.greetingBytes }

    /// The connection at a place; nil if it is gone or up already.
    private func waiting(_ place: Place) -> Entry? {
        let entry = entries[place.descriptor]
        return entry?.acceptedAt == place.acceptedAt && entry?.isUp == false ? entry : nil
    }

    private mutating func shaken() -> Change? {
        while let place = fresh.first, waiting(place) == nil { _ = fresh.popFirst() }
        var first: Int32?
        for place in Array(fresh.prefix(Self.looksForHandshake)) + stale.suffix(Self.looksForHandshake) {
            guard let entry = waiting(place) else { continue }
            first = first ?? place.descriptor
            guard received(entry.connection) ?? .max >= Self.longGreetingBytes else { continue }
            return raise(place.descriptor, hasShaken: true)
        }
        return first.map { raise($0, hasShaken: true) }
    }

    private mutating func raise(_ descriptor: Int32, hasShaken: Bool) -> Change {
        guard var entry = entries[descriptor] else { preconditionFailure("a connection that is not there") }
        (entry.isUp, entry.hasShaken) = (true, hasShaken)
        entries[descriptor] = entry
        count += 1
        return .up(entry.connection)
    }
}
