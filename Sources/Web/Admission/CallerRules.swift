// Which callers are allowed: checks `Host` against DNS rebinding, `Origin` and `Sec-Fetch-Site` against foreign pages.
//
// A page of another site can make a browser send requests here, but it cannot choose these fields.
//
// Host: loopback names, the listening addresses and configured names are allowed. A gateway that listens on all
// addresses allows any literal address, because rebinding needs a name.
//
// Origin: our own (the scheme in use and exactly the `Host`) and configured ones are allowed. Requests without `Origin`
// (GET from `<img>`, a link, a no-cors fetch) are checked by `Sec-Fetch-Site`. Requests with neither do not come from a
// page, but from curl, a probe or a program.

import Configuration
package import Contract
import HTTP

/// `allowed_hosts` and `allowed_origins`, compiled.
package struct CallerRules: Sendable {
    private let allowedHosts: Set<String>
    private let allowedOrigins: Set<String>
    private let takesAnyAddress: Bool

    init(_ configuration: Configuration) {
        var allowedHosts: Set<String> = ["localhost", "127.0.0.1", "::1"]
        var takesAnyAddress = false
        for case .tcp(let host, _) in configuration.listen {
            allowedHosts.insert(host.lowercased())
            if host == "0.0.0.0" || host == "::" || host == "*" { takesAnyAddress = true }
        }
        allowedHosts.formUnion(configuration.allowedHosts)
        self.allowedHosts = allowedHosts
        self.takesAnyAddress = takesAnyAddress
        allowedOrigins = Set(configuration.allowedOrigins)
    }

    /// What is wrong with the request's `Host`, or nil.
    func hostProblem(_ field: String) -> Problem? {
        if let name = Self.hostName(field) {
            if allowedHosts.contains(name) || name.hasPrefix("127.") && Self.isAddress(name) { return nil }
            if takesAnyAddress && Self.isAddress(name) { return nil }
        }
        return Problem(
            .hostRejected,
            "Host \"\(field)\" is not served here; call the listening address, or add the name to `allowed_hosts`")
    }

    package enum OriginVerdict {
        /// Not from a page, or from our own.
        case own
        /// A link on a foreign page that the user follows. It may only lead to what has no effects.
        case navigation
        /// A configured origin: the response allows its page to read it.
        case configured(String)
        case rejected(Problem)
    }

    /// What a request says about the page that sent it (RFC 6454; Fetch Metadata Request Headers).
    package struct Sender {
        package var origin: String?
        package var site: String?
        package var mode: String?
        var destination: String?
        var referrer: String?
    }

    package func verdict(on sender: Sender, host: String) -> OriginVerdict {
        guard let field = sender.origin else { return verdict(withoutOrigin: sender) }
        let origin = field.lowercased()
        // Every listener speaks plain HTTP. Behind a TLS proxy the gateway's own origin has to be in `allowed_origins`.
        if origin == "http://\(host.lowercased())" { return .own }
        if allowedOrigins.contains(origin) { return .configured(field) }
        return .rejected(
            Problem(
                .originRejected,
                "pages of \(field) may not call this gateway; add the origin to `allowed_origins` to allow them"))
    }

    private func verdict(withoutOrigin sender: Sender) -> OriginVerdict {
        guard let site = sender.site, site != "same-origin", site != "none" else { return .own }
        // A page can omit its referrer, but it cannot forge it.
        let referrer = sender.referrer.map { Self.origin(of: $0.lowercased()) }
        if let referrer, allowedOrigins.contains(referrer) { return .own }
        if sender.mode == "navigate" && sender.destination == "document" { return .navigation }
        return .rejected(Self.foreignPage)
    }

    /// The problem of a foreign page, and of its links to anything that has effects.
    static let foreignPage = Problem(
        .originRejected,
        "pages of other sites may not call this gateway; add their origin to `allowed_origins` to allow them")

    /// The scheme and authority of a URL.
    private static func origin(of url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.count < 3 ? url : parts[..<3].joined(separator: "/")
    }

    /// The name in a `Host` field: without port and brackets, in lower case. Nil if the field is malformed.
    package static func hostName(_ field: String) -> String? {
        let text = field.lowercased()
        let isBracketed = text.hasPrefix("[")
        let name = isBracketed ? text.dropFirst().prefix { $0 != "]" } : text.prefix { $0 != ":" }
        var port = text[name.endIndex...]
        if isBracketed {
            guard port.hasPrefix("]") else { return nil }
            port = port.dropFirst()
        }
        guard port.isEmpty || port.hasPrefix(":") && port.dropFirst().utf8.allSatisfy(isDigit) else { return nil }
        return String(name)
    }

    private static func isAddress(_ name: String) -> Bool {
        if name.contains(":") { return name.utf8.allSatisfy { $0 == 0x3A || $0 == 0x2E || isHex($0) } }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { $0.utf8.allSatisfy(isDigit) && UInt8($0) != nil }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || byte >= 0x61 && byte <= 0x66 }
}
