// The byte stream of an upgraded connection, non-blocking in both directions.
//
// The library hands over a descriptor and the bytes after the handshake. We duplicate the descriptor, copy the bytes,
// and let the library drop the connection at once: otherwise its memory, 12 KiB, would stay as long as the connection.
// The duplicate is made before the 101 is sent, so that a client still gets an error if no descriptor is left. Confined
// to the listener's thread; the places it counts against belong to any thread.

internal import CMicroHTTPD
import Glibc

/// The result of moving bytes.
public enum Transfer: Sendable, Equatable {
    case moved(Int)
    /// Nothing can be moved now; the descriptor becomes ready when something can.
    case wouldBlock
    /// The peer is gone: `errno` is the reason, or 0 if it closed.
    case ended(errno: Int32)
}

/// Takes the stream over once the kernel has the 101.
public protocol UpgradeReceiver: AnyObject {
    /// Called from inside Listener.run. The request's `closed` follows.
    func upgraded(_ stream: UpgradedStream, of request: Request)
}

/// The byte stream of an upgraded connection. Closes in deinit, or earlier.
public final class UpgradedStream {
    /// Non-blocking, for watching. -1 once it is closed.
    public var descriptor: Int32 { socket }
    private var socket: Int32
    private var early: [UInt8]
    /// The client's address: `192.0.2.1`, `[2001:db8::1]`, or `unix`.
    public let remoteAddress: String
    /// The number that the connection is counted under, like `Request.clientKey`.
    public let clientKey: UInt64

    private let places: (any ConnectionPlaces)?

    /// Takes over a place. Nil if no descriptor is left; the place is then returned.
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
        // SAFETY: setsockopt reads an int. It fails on a unix socket, which does no harm. tcp(7)
        _ = unsafe setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close() }

    func keep(_ bytes: [UInt8]) { early = bytes }

    /// The bytes received after the handshake, the first of the stream; empty the second time.
    public func takeEarly() -> [UInt8] {
        let bytes = early
        early = []
        return bytes
    }

    /// Receives into the front of `buffer`, which keeps its size. recv(2)
    public func receive(into buffer: inout [UInt8]) -> Transfer {
        // SAFETY: the kernel writes no more than the buffer holds.
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
        if count > 0 { return .moved(count) }
        return count == 0 ? .ended(errno: 0) : failure()
    }

    /// Sends as many of the bytes as possible. send(2)
    public func send(_ bytes: Span<UInt8>) -> Transfer {
        // SAFETY: the kernel reads the bytes during the call only.
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        return count >= 0 ? .moved(count) : failure()
    }

    /// Shuts down sending; receiving continues. shutdown(2)
    public func finishSending() { _ = shutdown(socket, Int32(SHUT_WR)) }

    /// Closes the descriptor. Unwatch it first.
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
