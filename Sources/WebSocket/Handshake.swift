// The opening handshake, server side (RFC 6455, section 4.2). It checks the fields of an HTTP request and computes
// those of the response. Pure.

internal import CGnuTLS

/// The parts of an HTTP request that the handshake checks.
public struct HandshakeRequest: Sendable {
    public var isGet = true
    /// HTTP/1.x
    public var minorVersion: UInt8 = 1
    public var upgrade: String?
    public var connection: String?
    public var key: String?
    public var version: String?
    public var subprotocols: String?
    public var extensions: String?

    public init() {}

    /// Whether the client requests an upgrade to a WebSocket, correctly or not.
    public var asksForWebSocket: Bool { Self.tokens(upgrade).contains("websocket") }

    fileprivate static func tokens(_ field: String?) -> [String] {
        (field ?? "").lowercased().split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }
    }
}

/// What the server accepts.
public struct HandshakeOffer: Sendable {
    /// Subprotocols in order of preference; empty for none.
    public var subprotocols: [String] = []
    /// The client must request one of them.
    public var needsSubprotocol = false
    public var compresses = true
    /// Keep compressors between messages: better compression, some 60 KiB per session.
    public var keepsContext = false

    public init() {}
}

/// The fields of a successful response.
public struct Acceptance: Sendable, Equatable {
    /// Sec-WebSocket-Accept
    public let key: String
    /// Sec-WebSocket-Protocol
    public let subprotocol: String?
    /// Sec-WebSocket-Extensions
    public var extensions: String? { deflate?.text }
    public let deflate: DeflateParameters?
}

/// Why the handshake failed.
public struct Rejection: Error, Sendable, Equatable {
    /// 400, 405 or 426. A 426 response must have `Upgrade: websocket` and `Sec-WebSocket-Version: 13`.
    public let status: Int
    public let detail: String
}

public enum Handshake {
    /// The only supported version (section 4.4).
    public static let version = "13"

    /// Checks the requirements of section 4.2.1, in their order.
    public static func answer(_ request: HandshakeRequest, _ offer: HandshakeOffer) throws(Rejection) -> Acceptance {
        guard request.isGet else { throw Rejection(status: 405, detail: "a WebSocket must be opened with GET") }
        guard request.minorVersion >= 1 else {
            throw Rejection(status: 400, detail: "a WebSocket needs HTTP/1.1")
        }
        guard request.asksForWebSocket else {
            throw Rejection(status: 426, detail: "this path is a WebSocket; send Upgrade: websocket")
        }
        guard HandshakeRequest.tokens(request.connection).contains("upgrade") else {
            throw Rejection(status: 400, detail: "Connection must contain Upgrade")
        }
        guard let key = request.key, isKey(key) else {
            throw Rejection(status: 400, detail: "Sec-WebSocket-Key must be 16 bytes in base64")
        }
        guard request.version == version else {
            throw Rejection(status: 426, detail: "Sec-WebSocket-Version must be \(version)")
        }
        let wanted = (request.subprotocols ?? "").split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }
        let subprotocol = offer.subprotocols.first(where: wanted.contains)
        if offer.needsSubprotocol && subprotocol == nil {
            let names = offer.subprotocols.joined(separator: ", ")
            throw Rejection(status: 400, detail: "Sec-WebSocket-Protocol must contain one of: \(names)")
        }
        let deflate = offer.compresses
            ? request.extensions.flatMap { DeflateParameters.negotiate($0, keepsContext: offer.keepsContext) } : nil
        return Acceptance(key: acceptKey(key), subprotocol: subprotocol, deflate: deflate)
    }

    /// Base64 of 16 bytes: 22 characters and two padding characters.
    private static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard bytes.count == 24, bytes[22] == UInt8(ascii: "="), bytes[23] == UInt8(ascii: "=") else { return false }
        return bytes.prefix(22).allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"): true
            default: false
            }
        }
    }

    /// base64(SHA-1(key + the GUID of section 1.3))
    static func acceptKey(_ key: String) -> String {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var result = [UInt8](repeating: 0, count: 28)
        // SAFETY: the function reads the text and writes 28 bytes.
        let status = unsafe text.withUnsafeBytes { text in
            unsafe result.withUnsafeMutableBytes { room in
                let place = unsafe room.baseAddress?.assumingMemoryBound(to: CChar.self)
                return unsafe gnutls_sha1_base64(text.baseAddress, text.count, place)
            }
        }
        precondition(status == 0, "GnuTLS has no SHA-1")
        return String(decoding: result, as: UTF8.self)
    }
}
