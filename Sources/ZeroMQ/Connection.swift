// A connection of libzmq's, by the descriptor that a monitor tells of. libzmq owns it and may close it at any time, and
// the number is used again at once; a cookie of the kernel's tells whether it is still the same one.

internal import CZeroMQ
import Glibc

/// One connection of a socket. It is looked at, and may be ended; it is never read or written.
public struct Connection: Sendable, Hashable {
    public let descriptor: Int32
    /// Who is at the other end: `127.0.0.1:4711`, `[::1]:4711` or `process 4711`; empty if it is gone already.
    public let peer: String
    private let cookie: UInt64

    public init(_ descriptor: Int32) {
        self.descriptor = descriptor
        cookie = zeromq_cookie(descriptor)
        // SAFETY: at most `count` bytes are written, and the length that would have been is returned.
        peer = unsafe String(unsafeUninitializedCapacity: 64) { buffer in
            let length = unsafe zeromq_peer(descriptor, buffer.baseAddress, buffer.count)
            return max(0, min(Int(length), buffer.count - 1))
        }
    }

    /// Bytes that the peer has sent so far; nil if that cannot be told: over ipc, or if it is gone.
    public var bytesReceived: Int? {
        let count = zeromq_bytes_received(descriptor)
        return count >= 0 && isStillThere ? Int(count) : nil
    }

    /// Makes libzmq find the end of the connection, shutdown(2).
    public func cut() {
        if isStillThere { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private var isStillThere: Bool { cookie != 0 && zeromq_cookie(descriptor) == cookie }
}
