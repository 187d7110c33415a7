// Responses that the library cannot send: in the middle of a body, or on a connection that never sent a whole header.
// They are written straight to the socket, which is safe only while no response of the library is in progress there.
// The connection always closes afterwards.

internal import CMicroHTTPD
import Glibc

enum Reason {
    /// `Not Found` for 404.
    static func phrase(_ status: Int) -> String {
        // SAFETY: a C string that lives for ever.
        guard let phrase = unsafe MHD_get_reason_phrase_for(UInt32(status)) else { return "Unknown" }
        return unsafe String(cString: phrase)
    }
}

enum DirectReply {
    /// The whole response; nil for a streamed one.
    static func bytes(_ response: HeldResponse) -> [UInt8]? {
        switch response.body {
        case .copy(let body): bytes(response.status, response.headers, body.span)
        case .shared(let shared): bytes(response.status, response.headers, shared.bytes)
        case .stream: nil
        }
    }

    private static func bytes(_ status: Int, _ headers: ResponseHeaders, _ body: Span<UInt8>) -> [UInt8] {
        var text = Array("HTTP/1.1 \(status) \(Reason.phrase(status))\r\n".utf8)
        text.append(contentsOf: "Date: \(date())\r\nConnection: close\r\nContent-Length: \(body.count)\r\n".utf8)
        var isName = true
        for byte in headers.prebuilt.bytes {
            if byte != 0 {
                text.append(byte)
                continue
            }
            text.append(contentsOf: (isName ? ": " : "\r\n").utf8)
            isName.toggle()
        }
        text.append(contentsOf: "\r\n".utf8)
        for i in body.indices { text.append(body[i]) }
        return text
    }

    /// The Date header (RFC 9110, section 5.6.7).
    private static func date() -> String {
        var now = time(nil), parts = unsafe tm()
        // SAFETY: plain structures of the C library; strftime writes at most 40 bytes and returns their number.
        unsafe gmtime_r(&now, &parts)
        return unsafe String(unsafeUninitializedCapacity: 40) { room in
            unsafe room.withMemoryRebound(to: CChar.self) { room in
                unsafe strftime(room.baseAddress, room.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            }
        }
    }

    /// Sends in one try: a client whose socket cannot take a kilobyte is not reading.
    /// - Returns: whether the socket took all of it.
    static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        // SAFETY: the array outlives the call.
        let count = unsafe bytes.withUnsafeBytes { bytes in
            unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        return count == bytes.count
    }

    /// Reads and discards what has arrived, up to 64 KiB.
    static func discardUnread(_ descriptor: Int32) {
        var room = [UInt8](repeating: 0, count: 16_384)
        for _ in 0..<4 {
            // SAFETY: the array has as many bytes as it says.
            guard unsafe recv(descriptor, &room, room.count, Int32(MSG_DONTWAIT)) > 0 else { return }
        }
    }
}

extension SharedBody {
    /// The bytes; they live as long as this object.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self) get {
            // SAFETY: base holds count bytes until deinit.
            let span = unsafe Span(_unsafeStart: UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
