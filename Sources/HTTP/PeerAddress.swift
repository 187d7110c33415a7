// A socket address as text.

import Glibc

enum PeerAddress {
    /// `127.0.0.1` or `[::1]`, and the port; `unix` and 0 for anything else. An IPv4-mapped IPv6 address is written as
    /// IPv4.
    static func text(of address: UnsafePointer<sockaddr>) -> (address: String, port: UInt16) {
        let raw = unsafe UnsafeRawPointer(address)
        // SAFETY: the family tells which structure it is, and a nameless unix peer has no more than the family.
        // sockaddr_in has its address at offset 4, sockaddr_in6 at 8; both have the port at 2 (ip(7), ipv6(7)).
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
            // SAFETY: inet_ntop ends its text with a zero, within the size that it gets.
            let size = socklen_t(room.count)
            guard let text = unsafe inet_ntop(family, address, room.baseAddress, size) else { return "?" }
            return unsafe String(cString: text)
        }
    }
}
