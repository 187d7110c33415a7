// Why a connection ended: the peer left, or libzmq closed it while the peer was still sending, because of a frame above
// ZMQ_MAXMSGSIZE (or bytes that are not ZMTP).
//
// libzmq 4.3 reports both alike: DISCONNECTED, with the number of a descriptor that it closes a moment later. So we
// keep a duplicate of each descriptor once the peer is up. When the connection ends, unread bytes in the duplicate show
// that libzmq stopped reading. (It reads everything before it notices that a peer has left.) With neither a byte nor an
// end of stream, the peer is still there and the rest of its frame may be on its way: look again.
//
// A duplicate costs a descriptor, so each socket keeps a limited number; other losses count as a peer that left.

import Glibc

/// How a connection ended.
public enum DisconnectReason: Sendable, Equatable {
    /// The peer or the network closed it, or the reason is unknown.
    case left
    /// libzmq closed it while the peer was sending: a frame above ZMQ_MAXMSGSIZE.
    case rejected
}

/// How each connection of one socket ended. Feed it every event of the socket's monitor, at once.
public final class DisconnectReasons {
    /// Maximum number of duplicates.
    private static let most = 32

    private var duplicates: [Int32: Int32] = [:]

    public init() {}

    deinit { forget() }

    /// Drops all duplicates: all connections were closed at once (zmq_unbind(3)), which no event reports.
    public func forget() {
        for duplicate in duplicates.values { _ = close(duplicate) }
        duplicates = [:]
    }

    /// Takes an event.
    public func observe(_ event: MonitorEvent) {
        if case .connected(_, let descriptor) = event { keep(descriptor) }
    }

    /// A peer that connected to us is up (PeerTable). An earlier connection is not worth a descriptor.
    public func isUp(_ descriptor: Int32) { keep(descriptor) }

    /// How the connection with `descriptor` ended; call it after DISCONNECTED.
    /// - Parameter isLast: false if you will ask again.
    /// - Returns: the reason; nil while it is undecided and `isLast` is false.
    public func disconnectReason(of descriptor: Int32, isLast: Bool) -> DisconnectReason? {
        guard let duplicate = duplicates[descriptor] else { return .left }
        var byte: UInt8 = 0
        // SAFETY: one byte of room; the descriptor is ours.
        let count = unsafe recv(duplicate, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        if count < 0 && errno == EAGAIN && !isLast { return nil }
        _ = close(duplicate)
        duplicates[descriptor] = nil
        return count > 0 ? .rejected : .left
    }

    /// The number may belong to another file by now. If so, the event that says so is already queued, and the duplicate
    /// is closed once that event is read.
    private func keep(_ descriptor: Int32) {
        if let former = duplicates.removeValue(forKey: descriptor) { _ = close(former) }
        guard duplicates.count < Self.most else { return }
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        if duplicate >= 0 { duplicates[descriptor] = duplicate }
    }
}

@available(*, unavailable)
extension DisconnectReasons: Sendable {}
