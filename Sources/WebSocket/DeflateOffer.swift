// The negotiation of permessage-deflate (RFC 7692, sections 5 and 7.1): offers are tried in turn; one with an unknown,
// repeated or invalid parameter is skipped.

/// The negotiated parameters.
public struct DeflateParameters: Sendable, Equatable {
    /// Our compressor starts each message from scratch: 32 KiB less per session, and worse compression.
    public var serverResets = false
    /// The client's compressor starts each message from scratch.
    public var clientResets = false
    /// The window of our compressor, 9 to 15 bits.
    public var serverWindowBits = 15

    /// The value of Sec-WebSocket-Extensions in the response.
    var text: String {
        var text = "permessage-deflate"
        if serverResets { text += "; server_no_context_takeover" }
        if clientResets { text += "; client_no_context_takeover" }
        if serverWindowBits < 15 { text += "; server_max_window_bits=\(serverWindowBits)" }
        return text
    }

    /// The first acceptable offer in a Sec-WebSocket-Extensions field.
    /// - Parameter keepsContext: false makes both sides start each message from scratch, to save memory.
    static func negotiate(_ field: String, keepsContext: Bool) -> DeflateParameters? {
        for offer in field.split(separator: ",") {
            if let accepted = read(offer) {
                var accepted = accepted
                if !keepsContext { (accepted.serverResets, accepted.clientResets) = (true, true) }
                return accepted
            }
        }
        return nil
    }

    private static func read(_ offer: Substring) -> DeflateParameters? {
        let parts = offer.split(separator: ";", omittingEmptySubsequences: false).map(trim)
        guard parts.first == "permessage-deflate" else { return nil }
        var result = DeflateParameters()
        var seen: Set<String> = []
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(trim)
            guard let name = pair.first, seen.insert(name).inserted else { return nil }
            let value = pair.count > 1 ? unquote(pair[1]) : nil
            switch name {
            case "server_no_context_takeover" where value == nil: result.serverResets = true
            case "client_no_context_takeover" where value == nil: result.clientResets = true
            case "server_max_window_bits":
                // zlib has no raw stream with a window of 8 bits.
                guard let bits = bits(value), bits >= 9 else { return nil }
                result.serverWindowBits = bits
            case "client_max_window_bits":
                // We inflate any window that the client uses, and need not answer.
                if value != nil, bits(value) == nil { return nil }
            default: return nil
            }
        }
        return result
    }

    private static func bits(_ value: String?) -> Int? {
        guard let value, let bits = Int(value), (8...15).contains(bits), value == String(bits) else { return nil }
        return bits
    }

    private static func unquote(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
    }

    private static func trim(_ text: Substring) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
