// Which of a worker's header fields go into a response, and what happens to ours with the same name: one table.
//
//   rejected   frames the message or concerns the connection to the client: the reply is unusable (`bad_reply`)
//   ours       CORS, the request id, how the exchange ended, what keeps a browser safe: the worker's is dropped
//   appended   lists that both sides contribute to, and policies that a browser enforces together
//   replaces   everything else: the worker's replaces ours

/// What happens to a field that a worker sets.
package enum WorkerField {
    case rejected, ours, appended, replaces

    private static let rules: [String: WorkerField] = [
        // RFC 9110, section 7.6.1, and RFC 9112, section 6.
        "connection": .rejected, "keep-alive": .rejected, "proxy-connection": .rejected, "te": .rejected,
        "trailer": .rejected, "transfer-encoding": .rejected, "upgrade": .rejected, "content-length": .rejected,
        "date": .rejected, "proxy-authenticate": .rejected, "proxy-authorization": .rejected,
        "x-request-id": .ours, "x-exchange-end": .ours, "x-content-type-options": .ours,
        "strict-transport-security": .ours,
        "vary": .appended, "server-timing": .appended, "content-security-policy": .appended,
    ]

    /// Fields that a response has at most once (RFC 9110; RFC 6266, section 4).
    private static let single: Set<String> = [
        "age", "content-disposition", "content-location", "content-range", "content-type", "etag", "expires",
        "last-modified", "location", "retry-after",
    ]

    package static func rule(for name: String) -> WorkerField {
        let name = name.lowercased()
        return rules[name] ?? (name.hasPrefix("access-control-") ? .ours : .replaces)
    }

    /// Whether a browser shows the body as a page of its own and runs its scripts: HTML, XHTML, SVG or any other XML.
    /// Served from our origin, it could call us; hence `sandbox` (Content Security Policy Level 3, section 6.3.2).
    package static func makesDocument(_ fields: [(name: String, value: String)]) -> Bool {
        fields.contains { name, value in
            guard name.lowercased() == "content-type" else { return false }
            let type = value.lowercased().prefix { $0 != ";" }
            return type.contains("html") || type.contains("xml")
        }
    }

    static func comesOnce(_ name: String) -> Bool { single.contains(name.lowercased()) }

    /// Whether it is a token (RFC 9110, section 5.6.2).
    package static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                (97...122).contains($0 | 0x20) || (48...57).contains($0) || "!#$%&'*+-.^_`|~".utf8.contains($0)
            }
    }

    /// Whether it has no control character but tabs (RFC 9110, section 5.5).
    package static func isValue(_ value: String) -> Bool {
        value.utf8.allSatisfy { ($0 >= 32 && $0 != 127) || $0 == 9 }
    }
}
