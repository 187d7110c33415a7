// Readers for the addresses that clients use: listening addresses, additional Host names, additional Origins.

extension ScalarReader where Value == ListenAddress {
    /// `host:port`, `[v6]:port` or `unix:/path`.
    static var listenAddress: ScalarReader {
        ScalarReader("an address such as 127.0.0.1:8080") { (scalar) throws(InvalidValue) in
            try ListenAddress(reading: scalar.text)
        }
    }
}

extension ListenAddress {
    /// Reads the text form of the configuration; nil for anything else.
    public init?(_ text: String) {
        guard let address = try? ListenAddress(reading: text) else { return nil }
        self = address
    }

    init(reading text: String) throws(InvalidValue) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty else {
                throw InvalidValue("\"unix:\" has no path; write it like unix:/run/gateway.sock")
            }
            guard path.utf8.count <= 107, !path.utf8.contains(0) else {
                throw InvalidValue(
                    "a path of \(path.utf8.count) bytes is too long for a socket; write at most 107 bytes")
            }
            self = .unix(path: path)
            return
        }
        if text.contains("://") {
            throw InvalidValue("\(Units.quoted(text)) is a URL; write host and port only, like 127.0.0.1:8080")
        }
        let (host, port) = try HostAndPort.split(text, example: "127.0.0.1:8080")
        if host == "*" {
            throw InvalidValue("\(Units.quoted(text)): write 0.0.0.0:\(port) or \"[::]:\(port)\" for all addresses")
        }
        try HostAndPort.check(host, in: text)
        guard let number = HostAndPort.port(port, 0...65_535) else {
            throw InvalidValue("\(Units.quoted(text)) has no port from 0 to 65535; write it like 127.0.0.1:8080")
        }
        self = .tcp(host: HostAndPort.bare(host), port: UInt16(number))
    }
}

extension ScalarReader where Value == String {
    /// A name allowed in `Host`; converted to lower case.
    static var hostName: ScalarReader {
        ScalarReader("a host name such as gateway.example.org") { (scalar) throws(InvalidValue) in
            let name = scalar.text.lowercased()
            if name.contains("://") || name.contains("/") {
                throw InvalidValue("\(Units.quoted(scalar.text)) is a URL; write the host name alone")
            }
            if !name.hasPrefix("["), let colon = name.lastIndex(of: ":") {
                throw InvalidValue(
                    "\(Units.quoted(scalar.text)) has a port; write \(name[..<colon]) alone, any port is allowed")
            }
            try HostAndPort.check(name, in: scalar.text)
            return name
        }
    }

    /// A value allowed in `Origin` (RFC 6454, section 6.2); converted to lower case.
    static var origin: ScalarReader {
        ScalarReader("an origin such as https://app.example.org") { (scalar) throws(InvalidValue) in
            let text = scalar.text.lowercased()
            let quoted = Units.quoted(scalar.text)
            if text == "*" || text == "null" {
                throw InvalidValue("\(quoted) would allow every page; write each origin as scheme://host[:port]")
            }
            guard let scheme = ["http://", "https://"].first(where: text.hasPrefix) else {
                throw InvalidValue(
                    "\(quoted) is not an origin; write scheme://host[:port], like https://app.example.org")
            }
            let authority = text.dropFirst(scheme.count)
            if let slash = authority.firstIndex(of: "/") {
                throw InvalidValue("\(quoted) has a path; write \(scheme)\(authority[..<slash])")
            }
            let (host, port) = HostAndPort.parts(String(authority))
            try HostAndPort.check(host, in: scalar.text)
            guard let port else { return text }
            guard HostAndPort.port(port, 1...65_535) != nil else {
                throw InvalidValue("\(quoted) has no port from 1 to 65535; write it like https://app.example.org:8443")
            }
            if port == (scheme == "http://" ? "80" : "443") {
                throw InvalidValue("\(quoted) has the default port, which browsers leave out; write \(scheme)\(host)")
            }
            return text
        }
    }
}

/// The two halves of `host:port` and `[v6]:port`.
public enum HostAndPort {
    /// Splits at the last colon outside of brackets; no port where there is none. The host keeps its brackets.
    public static func parts(_ text: String) -> (host: String, port: String?) {
        let tail = text.hasPrefix("[") ? text.lastIndex(of: "]") ?? text.startIndex : text.startIndex
        guard let colon = text[tail...].lastIndex(of: ":") else { return (text, nil) }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }

    /// Splits, or throws what is missing.
    static func split(_ text: String, example: String) throws(InvalidValue) -> (host: String, port: String) {
        let (host, port) = parts(text)
        guard let port else {
            let isPort = Self.port(text, 0...65_535) != nil
            let advice = isPort ? "has no host; write 127.0.0.1:\(text)" : "has no port; write it like \(example)"
            throw InvalidValue("\(Units.quoted(text)) \(advice)")
        }
        guard !host.isEmpty else { throw InvalidValue("\(Units.quoted(text)) has no host; write 127.0.0.1:\(port)") }
        return (host, port)
    }

    /// A name (letters, digits, `.`, `-`, `_`) or an IPv6 address in brackets.
    static func check(_ host: String, in text: String) throws(InvalidValue) {
        if host.hasPrefix("["), host.hasSuffix("]"), host.count > 3 {
            // An address with an optional zone: fe80::1%eth0 (RFC 4007, section 11).
            let parts = host.dropFirst().dropLast().split(separator: "%", maxSplits: 1)
            guard let address = parts.first, address.contains(":"),
                address.allSatisfy({ $0.isASCII && ($0.isHexDigit || $0 == ":" || $0 == ".") })
            else { throw InvalidValue("\(Units.quoted(text)): \(host) is not an IPv6 address") }
            return
        }
        if host.contains(":") {
            throw InvalidValue("\(Units.quoted(text)): write an IPv6 address in brackets, like \"[::1]:8080\"")
        }
        let isName = host.utf8.allSatisfy {
            (97...122).contains($0 | 0x20) || (48...57).contains($0) || $0 == 46 || $0 == 45 || $0 == 95
        }
        guard isName, !host.isEmpty, host.utf8.count <= 253, !host.hasPrefix("."), !host.hasPrefix("-") else {
            throw InvalidValue("\(Units.quoted(text)): \(Units.quoted(host)) is not a host name or address")
        }
    }

    /// A decimal port number.
    static func port(_ text: String, _ bounds: ClosedRange<Int>) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text) else {
            return nil
        }
        return bounds.contains(number) ? number : nil
    }

    /// The host without brackets.
    static func bare(_ host: String) -> String {
        host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    }
}
