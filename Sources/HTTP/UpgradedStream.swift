// A connection that speaks HTTP no longer: its bytes, both ways, without waiting.
//
// The library hands over a descriptor and the bytes that came behind the handshake. We duplicate the first, copy the
// second, and let the library forget the connection at once: otherwise its memory, 12 KiB, would stay for as long as
// the connection does. The duplicate is made before the 101 is given: where no descriptor is left, the client hears it.
// Confined to the listener's thread; the places it counts among are any thread's.

internal import CMicroHTTPD
import Glibc

/// What became of an attempt to move bytes.
public enum Transfer: Sendable, Equatable {
    case moved(Int)
    /// Nothing can be moved now; the descriptor becomes ready when something can.
    case wouldBlock
    /// The other side is gone, for the reason in `errno`, or 0 where it closed.
    case ended(errno: Int32)
}

/// Takes the stream over once the 101 was given to the kernel.
public protocol UpgradeReceiver: AnyObject {
    /// From inside Listener.run. `closed` of the request follows.
    func upgraded(_ stream: UpgradedStream, of request: Request)
}

/// The byte stream of a connection that was upgraded. Closes at the end of its life, or earlier.
public final class UpgradedStream {
    /// Non-blocking; to watch. -1 once it is closed.
    public var descriptor: Int32 { socket }
    private var socket: Int32
    private var early: [UInt8]
    /// The client's address: `192.0.2.1`, `[2001:db8::1]`, or `unix`.
    public let remoteAddress: String
    /// A number for whom the connection counts for, as `Request.clientKey`.
    public let clientKey: UInt64

    private let places: (any ConnectionPlaces)?

    /// Takes a place over; gives it back, and is nil, where no descriptor is left.
    init?(of connection: Int32, _ remoteAddress: String, _ clientKey: UInt64, _ places: (any ConnectionPlaces)?) {
        self.places = places
        self.remoteAddress = remoteAddress
        self.clientKey = clientKey
        early = []
        let descriptor = fcntl(connection, F_DUPFD_CLOEXEC, 0)
        socket = descriptor
        guard descriptor >= 0 else {
            places?.give()
            return nil
        }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var isOn: Int32 = 1
        // SAFETY: setsockopt reads an int. A unix socket rejects, which does no harm. tcp(7)
        _ = unsafe setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close() }

    func keep(_ bytes: [UInt8]) { early = bytes }

    /// What came behind the handshake: the first bytes of the stream; empty the second time.
    public func takeEarly() -> [UInt8] {
        let bytes = early
        early = []
        return bytes
    }

    /// recv(2) into the front of `buffer`, which keeps its size.
    public func receive(into buffer: inout [UInt8]) -> Transfer {
        // SAFETY: the kernel writes no more than the buffer holds.
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
        if count > 0 { return .moved(count) }
        return count == 0 ? .ended(errno: 0) : failure()
    }

    /// send(2); some of the bytes may be left.
    public func send(_ bytes: Span<UInt8>) -> Transfer {
        // SAFETY: the kernel reads the bytes during the call only.
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        return count >= 0 ? .moved(count) : failure()
    }

    /// Tells the other side that nothing more comes, and goes on receiving. shutdown(2)
    public func finishSending() { _ = shutdown(socket, Int32(SHUT_WR)) }

    /// Unwatch it before.
    public func close() {
        guard socket >= 0 else { return }
        _ = Glibc.close(socket)
        socket = -1
        places?.give()
    }

    private func failure() -> Transfer {
        switch errno {
        case EAGAIN, EINTR: .wouldBlock
        default: .ended(errno: errno)
        }
    }
}

@available(*, unavailable)
extension UpgradedStream: Sendable {}
