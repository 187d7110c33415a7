// The negotiation of permessage-deflate (RFC 7692, sections 5 and 7.1): several offers, tried in turn; one with a
// parameter that is unknown, twice there or out of bounds is passed over.

/// What both sides agreed on.
public struct DeflateParameters: Sendable, Equatable {
    /// Our compressor begins each message anew: 32 KiB less a session, and worse compression.
    public var serverResets = false
    /// The client's does.
    public var clientResets = false
    /// Our window, 9 to 15 bits.
    public var serverWindowBits = 15

    /// The answer in Sec-WebSocket-Extensions.
    var text: String {
        var text = "permessage-deflate"
        if serverResets { text += "; server_no_context_takeover" }
        if clientResets { text += "; client_no_context_takeover" }
        if serverWindowBits < 15 { text += "; server_max_window_bits=\(serverWindowBits)" }
        return text
    }

    /// The first acceptable one of the offers in a Sec-WebSocket-Extensions field.
    /// - Parameter keepsContext: false asks both sides to begin each message anew, for the memory.
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
                // We inflate whatever window the client takes, and need not answer.
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
