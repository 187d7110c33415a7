// A connection of a bound socket, identified by the descriptor that its monitor reports. libzmq neither limits such
// connections nor has a call that closes one. shutdown(2) makes libzmq notice their end.
//
// By now the number may belong to another connection, or not to a socket at all. So it is duplicated first, and the
// duplicate cannot change any more: it is shut down only if it is connected to the expected endpoint.

internal import CZeroMQ
import Glibc

/// Inspects and ends connections of a bound socket.
public enum PeerDescriptor {
    /// Bytes received on a TCP connection so far; nil for any other descriptor (tcp(7), TCP_INFO).
    public static func bytesReceived(_ descriptor: Int32) -> UInt64? {
        // The start of the kernel's struct tcp_info (linux/tcp.h): the counter is its 17th word.
        var words = [UInt64](repeating: 0, count: 30)
        var size = socklen_t(words.count * 8)
        // SAFETY: the kernel writes at most `size` bytes into the array.
        guard unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &words, &size) == 0, size >= 136 else {
            return nil
        }
        return words[16]
    }

    /// Ends the connection with that number if its local end is `endpoint`, as resolved: `tcp://127.0.0.1:5570`.
    /// - Returns: whether it was ended.
    @discardableResult
    public static func end(_ descriptor: Int32, at endpoint: String) -> Bool {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { return false }
        defer { _ = close(duplicate) }
        guard isConnected(duplicate), isLocal(duplicate, endpoint) else { return false }
        return shutdown(duplicate, Int32(SHUT_RDWR)) == 0
    }

    private static func isConnected(_ descriptor: Int32) -> Bool {
        var address = sockaddr_storage()
        return name(&address, descriptor, ofPeer: true)
    }

    private static func isLocal(_ descriptor: Int32, _ endpoint: String) -> Bool {
        var address = sockaddr_storage()
        guard name(&address, descriptor, ofPeer: false) else { return false }
        // SAFETY: the kernel has filled the address; sockaddr_in and sockaddr_in6 have the port at offset 2,
        // sockaddr_un its path, which ends with a zero (ip(7), ipv6(7), unix(7)).
        return unsafe withUnsafeBytes(of: &address) { bytes in
            switch unsafe Int32(family(bytes)) {
            case AF_INET, AF_INET6:
                let port = unsafe UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
                return endpoint.hasPrefix("tcp://") && endpoint.hasSuffix(":\(port)")
            case AF_UNIX:
                let path = unsafe String(decoding: bytes.dropFirst(2).prefix { $0 != 0 }, as: UTF8.self)
                return !path.isEmpty && endpoint == "ipc://\(path)"
            default: return false
            }
        }
    }

    private static func family(_ bytes: UnsafeRawBufferPointer) -> sa_family_t {
        // SAFETY: the family is the first field of every address.
        unsafe bytes.loadUnaligned(as: sa_family_t.self)
    }

    private static func name(_ address: inout sockaddr_storage, _ descriptor: Int32, ofPeer: Bool) -> Bool {
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // SAFETY: sockaddr_storage is large enough for every family and may be written as a sockaddr.
        return unsafe withUnsafeMutablePointer(to: &address) { storage in
            let generic = unsafe UnsafeMutableRawPointer(storage).assumingMemoryBound(to: sockaddr.self)
            let result =
                ofPeer
                ? unsafe getpeername(descriptor, generic, &size) : unsafe getsockname(descriptor, generic, &size)
            return result == 0
        }
    }
}
