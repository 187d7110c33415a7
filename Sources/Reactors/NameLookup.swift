// Host names to addresses, by getaddrinfo(3). It blocks for as long as a name server takes, so each question has a
// thread of its own, which ends with the answer.

import Glibc

/// Looks host names up.
public enum NameLookup {
    /// Looks `host` up and calls `answer` on another thread, once: with the first address in numbers, or nil if the
    /// name has none now, or no thread could be started.
    /// - Parameter ipv6: an address of IPv6, else one of IPv4 as `::ffff:192.0.2.1`; otherwise one of IPv4 alone.
    public static func start(_ host: String, ipv6: Bool, _ answer: @escaping @Sendable (String?) -> Void) {
        let thread = Threads.attempt(name: "resolver") { answer(address(of: host, ipv6: ipv6)) }
        if thread == nil { answer(nil) }
    }

    /// Blocks until the answer is there.
    static func address(of host: String, ipv6: Bool) -> String? {
        // SAFETY: a plain structure; what is not set stays zero or nil.
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = ipv6 ? AF_INET6 : AF_INET
        unsafe hints.ai_flags = ipv6 ? AI_V4MAPPED : 0
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // SAFETY: getaddrinfo fills the list or leaves it; freed below.
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0, let first = unsafe list else { return nil }
        // SAFETY: getaddrinfo(3) gave the list, which is read before it is freed here, once.
        defer { unsafe freeaddrinfo(first) }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let size = socklen_t(text.count)
        // SAFETY: the entry holds an address and its length, the array `size` bytes; the text ends with a zero.
        let status = unsafe getnameinfo(
            first.pointee.ai_addr, first.pointee.ai_addrlen, &text, size, nil, 0, NI_NUMERICHOST)
        guard status == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
