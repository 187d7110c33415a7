// Resolves host names, getaddrinfo(3). The call blocks as long as the name server takes, so each look-up has a thread
// of its own.

import Glibc

/// Resolves host names.
public enum NameLookup {
    /// Resolves `host` and calls `answer` on another thread, once, with the first address in numbers; with nil if the
    /// name has no address now, or no thread could be started.
    /// - Parameter ipv6: true for an IPv6 address, or else an IPv4 one as `::ffff:192.0.2.1`; false for IPv4 only.
    public static func start(_ host: String, ipv6: Bool, _ answer: @escaping @Sendable (String?) -> Void) {
        let thread = Threads.attempt(name: "resolver") { answer(address(of: host, ipv6: ipv6)) }
        if thread == nil { answer(nil) }
    }

    /// Blocks until the name is resolved.
    static func address(of host: String, ipv6: Bool) -> String? {
        // SAFETY: a plain structure; what is not set stays zero or nil.
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = ipv6 ? AF_INET6 : AF_INET
        unsafe hints.ai_flags = ipv6 ? AI_V4MAPPED : 0
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // SAFETY: getaddrinfo fills the list or leaves it; freed below.
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0, let first = unsafe list else { return nil }
        // SAFETY: getaddrinfo(3) made the list; it is read before it is freed here, once.
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
