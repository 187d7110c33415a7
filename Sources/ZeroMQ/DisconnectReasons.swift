// Why a connection ended: its peer left, or libzmq closed it on a peer that was still sending, because of a frame above
// ZMQ_MAXMSGSIZE (or one that is no ZMTP).
//
// libzmq 4.3 reports both alike: DISCONNECTED, with the number of a descriptor that it closes a moment later. So we
// keep a duplicate of each descriptor once the peer is there. When the connection is gone, bytes left unread in it
// show that libzmq stopped reading. (It reads everything before it notices that a peer has left.) If there is
// neither a byte nor an end, the peer is still there, and the rest of its frame may be on its way: look again.
//
// A duplicate costs a descriptor, so a socket keeps a limited number; other losses count as a peer that left.

import Glibc

/// How a connection ended.
public enum DisconnectReason: Sendable, Equatable {
    /// The peer closed it, or the network did, or nobody can tell.
    case left
    /// libzmq closed it while the peer was sending: a frame above ZMQ_MAXMSGSIZE.
    case rejected
}

/// The connections of one socket, and how each of them ended. Feed it every event of the socket's monitor, at once.
public final class DisconnectReasons {
    /// Duplicates kept at a time.
    private static let most = 32

    private var duplicates: [Int32: Int32] = [:]

    public init() {}

    deinit { forget() }

    /// All connections were closed at once (zmq_unbind(3)), which no event tells.
    public func forget() {
        for duplicate in duplicates.values { _ = close(duplicate) }
        duplicates = [:]
    }

    /// Takes in an event of a connection that begins.
    public func observe(_ event: MonitorEvent) {
        if case .connected(_, let descriptor) = event { keep(descriptor) }
    }

    /// A peer that connected to us can be talked to (PeerTable). Before that its connection is worth no descriptor.
    public func isUp(_ descriptor: Int32) { keep(descriptor) }

    /// How the connection of `descriptor` ended, after DISCONNECTED.
    /// - Parameter isLast: false where you will ask again: then the answer is nil while it is undecided.
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

    /// The number may belong to another file by now. Then the event that says so is in the queue already, and the
    /// duplicate is closed as soon as that is read.
    private func keep(_ descriptor: Int32) {
        if let former = duplicates.removeValue(forKey: descriptor) { _ = close(former) }
        guard duplicates.count < Self.most else { return }
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        if duplicate >= 0 { duplicates[descriptor] = duplicate }
    }
}

@available(*, unavailable)
extension DisconnectReasons: Sendable {}
