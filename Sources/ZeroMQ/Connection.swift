// A connection of libzmq, identified by the descriptor that a monitor reports. libzmq owns the descriptor and may close
// it at any time, and the number is reused at once; the kernel's socket cookie tells whether it is still the same
// connection.

internal import CZeroMQ
import Glibc

/// One connection of a socket. It can be inspected and ended, never read or written.
public struct Connection: Sendable, Hashable {
    public let descriptor: Int32
    /// The peer: `127.0.0.1:4711`, `[::1]:4711` or `process 4711`; empty if it is gone already.
    public let peer: String
    private let cookie: UInt64

    public init(_ descriptor: Int32) {
        self.descriptor = descriptor
        cookie = zeromq_cookie(descriptor)
        // SAFETY: at most `count` bytes are written; the full length is returned.
        peer = unsafe String(unsafeUninitializedCapacity: 64) { buffer in
            let length = unsafe zeromq_peer(descriptor, buffer.baseAddress, buffer.count)
            return max(0, min(Int(length), buffer.count - 1))
        }
    }

    /// Bytes received from the peer so far; nil if unknown: over ipc, or if the connection is gone.
    public var bytesReceived: Int? {
        let count = zeromq_bytes_received(descriptor)
        return count >= 0 && isStillThere ? Int(count) : nil
    }

    /// Makes libzmq notice the end of the connection, shutdown(2).
    public func cut() {
        if isStillThere { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private var isStillThere: Bool { cookie != 0 && zeromq_cookie(descriptor) == cookie }
}
