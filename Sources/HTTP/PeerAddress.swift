// A socket address as a person writes it.

import Glibc

enum PeerAddress {
    /// `127.0.0.1`, `[::1]` and the port; `unix` and 0 for anything else. An IPv4 address inside of IPv6 is written as
    /// IPv4.
    static func text(of address: UnsafePointer<sockaddr>) -> (address: String, port: UInt16) {
        let raw = unsafe UnsafeRawPointer(address)
        // SAFETY: the family says which structure lies there, and it is the only part that a nameless unix peer has.
        // sockaddr_in has its address at offset 4, sockaddr_in6 at 8, both have the port at 2 (ip(7), ipv6(7)).
        var port: UInt16 { unsafe UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET:
            return unsafe (presentation(AF_INET, raw + 4), port)
        case AF_INET6:
            let written = unsafe presentation(AF_INET6, raw + 8)
            return (written.hasPrefix("::ffff:") ? String(written.dropFirst(7)) : "[\(written)]", port)
        default:
            return ("unix", 0)
        }
    }

    private static func presentation(_ family: Int32, _ address: UnsafeRawPointer) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
            // SAFETY: inet_ntop ends what it writes with a zero, within the room it is told.
            let size = socklen_t(room.count)
            guard let text = unsafe inet_ntop(family, address, room.baseAddress, size) else { return "?" }
            return unsafe String(cString: text)
        }
    }
}
