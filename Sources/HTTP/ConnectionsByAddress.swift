// Connections per client address, updated when one opens or closes; and requests in progress per address, for options
// that limit them below the number of connections.

internal import CMicroHTTPD
import Glibc

/// The key that a connection is counted under: an IPv4 address, or the /64 network of an IPv6 address, because one
/// client owns all of that network.
struct PeerKey: Hashable {
    let high: UInt64

    /// nil for anything that is not an IP address (a unix socket).
    init?(_ address: UnsafePointer<sockaddr>?) {
        guard let address = unsafe address else { return nil }
        // SAFETY: the family tells which structure it is; the library and the kernel have filled all of it.
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET:
            let raw = unsafe UnsafeRawPointer(address)
            let host = unsafe UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
            high = 0xffff_0000_0000 | UInt64(host)
        case AF_INET6:
            let raw = unsafe UnsafeRawPointer(address)
            let network = unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            let host = unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
            // ::ffff:a.b.c.d stands for the IPv4 address in it.
            high = network == 0 && host >> 32 == 0xffff ? 0xffff_0000_0000 | (host & 0xffff_ffff) : network
        default:
            return nil
        }
    }
}

struct ConnectionsByAddress {
    private var counts: [PeerKey: Int] = [:]
    private var requests: [PeerKey: Int] = [:]

    func count(_ key: PeerKey) -> Int { counts[key, default: 0] }

    /// Counts a connection.
    /// - Returns: the address's connections, including this one.
    mutating func open(_ key: PeerKey) -> Int {
        let count = counts[key, default: 0] + 1
        counts[key] = count
        return count
    }

    mutating func close(_ key: PeerKey) { Self.decrement(&counts, key) }

    /// Counts a request, unless the address already has `limit` in progress.
    /// - Returns: whether it was counted.
    mutating func enter(_ key: PeerKey, limit: Int) -> Bool {
        let count = requests[key, default: 0]
        guard count < limit else { return false }
        requests[key] = count + 1
        return true
    }

    mutating func leave(_ key: PeerKey) { Self.decrement(&requests, key) }

    private static func decrement(_ counts: inout [PeerKey: Int], _ key: PeerKey) {
        let count = counts[key, default: 0]
        counts[key] = count > 1 ? count - 1 : nil
    }
}
