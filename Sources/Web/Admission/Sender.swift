// Where a request comes from: which page, through which proxy, from which machine.
//
//   a page        Origin, Sec-Fetch-*, Referer           CallerRules decides
//   a proxy       Forwarded, X-Forwarded-*, Via ...      its address says nothing about the client
//   the operator  this machine, no proxy, no other page  may give orders to workers, and sees endpoints

import Contract
package import HTTP
import JSON

extension Request {
    /// Whether a browser says that a page sent the request.
    var isOfAPage: Bool { value(of: .origin) != nil || value(of: .secFetchSite) != nil }

    /// What the request says about the page that sent it.
    var sender: CallerRules.Sender {
        CallerRules.Sender(
            origin: text(of: .origin), site: text(of: .secFetchSite), mode: text(of: .secFetchMode),
            destination: text(of: .secFetchDest), referrer: text(of: .referer))
    }

    /// Whether the request is one that health probes send.
    package var isProbe: Bool {
        guard method == .get || method == .head else { return false }
        return Self.probePaths.contains { path.equals($0) }
    }

    private static let probePaths = ["/healthz", "/readyz", "/metrics"].map { Array($0.utf8) }

    /// Whether a proxy says that it forwarded the request (RFC 7239; RFC 9110, section 7.6.3).
    var isForwarded: Bool { Self.forwardingFields.contains { values(named: $0.span) != nil } }

    private static let forwardingFields =
        ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"]
        .map { Array($0.utf8) }

    /// Whether the request comes from this machine.
    package var isLocal: Bool {
        let address = remoteAddress
        return address.hasPrefix("127.") || address == "[::1]" || address == "unix"
    }
}

extension Response {
    /// Whether the operator sent it: from this machine, not through a proxy, and to a name of the gateway.
    var isForOperator: Bool { request.isLocal && !isOfForeignHost && !request.isForwarded }
}

extension ServiceState {
    /// The state as clients see it, without endpoints in `trouble`.
    var withoutEndpoints: ServiceState {
        var state = self
        state.trouble = trouble.map(Self.withoutEndpoints)
        return state
    }

    /// The text with "an endpoint" in place of each `transport://address`.
    static func withoutEndpoints(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            guard word.contains("://") else { return String(word) }
            let end = word.reversed().prefix { ":;,.)".contains($0) }
            return "an endpoint" + String(end.reversed())
        }.joined(separator: " ")
    }
}
