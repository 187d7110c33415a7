// A connection to a socket that is bound, seen by its descriptor, which its monitor tells. libzmq has no bound on such
// connections and no call that closes one; the kernel has: shutdown(2) makes libzmq find the end of it.
//
// The number may be another connection's by the time it is used, or no socket's at all. So it is duplicated first, and
// what the duplicate is cannot change any more: it is ended only if it is connected to the endpoint in question.

internal import CZeroMQ
import Glibc

/// Questions and an order about a connection of a bound socket.
public enum PeerDescriptor {
    /// Bytes that came by a TCP connection so far; nil for any other (tcp(7), TCP_INFO).
    public static func bytesReceived(_ descriptor: Int32) -> UInt64? {
        // The head of the kernel's struct tcp_info (linux/tcp.h): the counter is its 17th word.
        var words = [UInt64](repeating: 0, count: 30)
        var size = socklen_t(words.count * 8)
        // SAFETY: the kernel writes at most `size` bytes into the array.
        guard unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &words, &size) == 0, size >= 136 else {
            return nil
        }
        return words[16]
    }

    /// Ends the connection with that number, if it is one to `endpoint`, as resolved: `tcp://127.0.0.1:5570`.
    /// - Returns: whether there was one.
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
