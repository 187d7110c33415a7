// Checks a complete header in one pass, before any other code sees it. libmicrohttpd 0.9.75 accepts requests that a
// proxy in front may read differently, which is request smuggling. Every ambiguous or malformed request is rejected
// here, with its reason.
//
// Up to 0.9.77 the library leaves the header where it was received, with colons and line ends overwritten by zeros:
//
//     method 0 target 0 version 0 0  name 0 SP value 0 0  name 0 SP value 0 0 ...  0 0
//
// A bare LF, a fold or a NUL, which the library swallows, therefore shows as a gap between the end of one field and the
// start of the next. Later versions move the text, and reject these themselves.

internal import CMicroHTTPD
import Glibc

/// The limits of a header.
struct HeaderLimits {
    let bytes: Int
    let fields: Int
    /// The library's memory for the connection.
    let pool: Int

    /// What the library keeps for a field or a cookie, besides its bytes (0.9.75).
    static let recordBytes = 64
    /// The header of any response of ours.
    static let responseBytes = 1_024
}

struct RequestValidator {
    /// Whether the library leaves the header where it was received, as drawn above.
    static let layoutIsKnown: Bool = {
        // SAFETY: a C string that lives for ever.
        guard let version = unsafe MHD_get_version() else { return false }
        let text = unsafe String(cString: version)
        return text.hasPrefix("0.9.7") && text < "0.9.78"
    }()

    /// Checks the header of a request whose target has been copied.
    /// - Returns: what is wrong; nil if nothing is.
    static func rejection(
        _ request: Request, _ connection: OpaquePointer, _ method: UnsafePointer<CChar>,
        _ version: UnsafePointer<CChar>, _ limits: HeaderLimits
    ) -> Rejection? {
        let headerBytes = unsafe cmhd_header_bytes(connection)
        if request.target.count > limits.bytes - 64 { return Rejection(.targetTooLong, "the target is too long") }
        if headerBytes > limits.bytes {
            return Rejection(.headerTooLarge, "the header is larger than \(limits.bytes) bytes")
        }
        unsafe readMethodAndVersion(request, method, version)
        if let rejection = unsafe checkRequestLine(request) ?? collect(request, connection, limits) { return rejection }
        if let rejection = checkRoom(request, headerBytes, limits) { return rejection }
        if layoutIsKnown, let rejection = unsafe checkLayout(request, method, version, headerBytes) { return rejection }
        return checkFields(request) ?? checkHost(request) ?? checkFraming(request) ?? checkExpectation(request)
    }

    private static func readMethodAndVersion(
        _ request: Request, _ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>
    ) {
        let start = unsafe UnsafeRawPointer(method).assumingMemoryBound(to: UInt8.self)
        // SAFETY: both are C strings of the library; a version that reached us is "HTTP/1.x".
        unsafe request.methodStart = start
        request.methodCount = unsafe strlen(method)
        request.verb = Method(unsafe Span(_unsafeStart: start, count: request.methodCount))
        request.minor = unsafe strlen(version) == 8 && version[7] == 48 ? 0 : 1
    }

    // MARK: the request line (RFC 9112, section 3)

    private static func checkRequestLine(_ request: Request) -> Rejection? {
        let method = request.methodName
        guard CharacterClass.isToken(method) else {
            return Rejection(.requestLine, "the method is not a token")
        }
        let text = request.rawTarget
        if let i = CharacterClass.firstOutsideTarget(text) {
            return Rejection(.target, "the target has a character that must be percent-encoded, at offset \(i)")
        }
        guard text.count > 0 else { return Rejection(.target, "there is no target") }
        if text[0] == 47 {
            splitTarget(request, pathStart: 0)
        } else if text.count == 1, text[0] == 42, request.method == .options {
            request.target.pathEnd = 1
            request.target.queryStart = 1
        } else if let authorityStart = absoluteForm(text) {
            var slash = authorityStart
            while slash < text.count, text[slash] != 47, text[slash] != 63 { slash += 1 }
            guard slash > authorityStart, slash < text.count, text[slash] == 47 else {
                return Rejection(.target, "an absolute target needs a host and a path")
            }
            splitTarget(request, pathStart: slash)
        } else {
            return Rejection(.target, "the target must begin with a slash")
        }
        return nil
    }

    /// The offset of the authority in `http://host/path`; nil for another form.
    private static func absoluteForm(_ text: Span<UInt8>) -> Int? {
        if text.count > 7, text.extracting(0..<7).equalsIgnoringCase("http://") { return 7 }
        if text.count > 8, text.extracting(0..<8).equalsIgnoringCase("https://") { return 8 }
        return nil
    }

    private static func splitTarget(_ request: Request, pathStart: Int) {
        let text = request.rawTarget
        let count = text.count
        var mark = pathStart
        while mark < count, text[mark] != 63 { mark += 1 }
        request.target.pathStart = pathStart
        request.target.pathEnd = mark
        request.target.queryStart = min(mark + 1, count)
    }

    // MARK: the fields (RFC 9112, section 5)

    private static func collect(_ request: Request, _ connection: OpaquePointer, _ limits: HeaderLimits) -> Rejection? {
        // SAFETY: the library fills at most `capacity` fields; called again if they did not all fit.
        var list = unsafe cmhd_fields(first: request.fields, capacity: request.fieldCapacity, count: 0)
        unsafe cmhd_collect(connection, &list)
        let count = unsafe list.count
        if count > limits.fields {
            return Rejection(.headerTooLarge, "there are more than \(limits.fields) header fields")
        }
        if count > request.fieldCapacity {
            request.growFields(to: limits.fields)
            unsafe list = unsafe cmhd_fields(first: request.fields, capacity: request.fieldCapacity, count: 0)
            unsafe cmhd_collect(connection, &list)
        }
        request.fieldCount = count
        return nil
    }

    /// The library builds the response's header in the memory that holds the request's; without room for it, it closes
    /// the connection silently.
    private static func checkRoom(_ request: Request, _ headerBytes: Int, _ limits: HeaderLimits) -> Rejection? {
        // The extra record ends the receive buffer.
        var records = request.fieldCount + 1
        var bytes = headerBytes
        for i in 0..<request.fieldCount where request.fieldName(i).equalsIgnoringCase("cookie") {
            let cookies = request.fieldValue(i)
            bytes += cookies.count + 1
            records += 1 + cookies.count(of: UInt8(ascii: ";"))
        }
        request.headerRoom = limits.pool - bytes - records * HeaderLimits.recordBytes - HeaderLimits.responseBytes
        guard request.headerRoom < 0 else { return nil }
        return Rejection(
            .headerTooLarge, "the header is too large: \(headerBytes) bytes in \(records) fields and cookies")
    }

    /// Whether the library has accounted for every byte of the header.
    private static func checkLayout(
        _ request: Request, _ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>, _ headerBytes: Int
    ) -> Rejection? {
        let wrong = Rejection(.lineEnds, "a line ends without CR LF, is folded, or has a NUL or a stray space")
        let start = UInt(bitPattern: method)
        var expected = UInt(bitPattern: version)
        guard expected == start + UInt(request.methodCount + 1 + request.target.count + 1) else { return wrong }
        expected += 8 + 2
        for i in 0..<request.fieldCount {
            // SAFETY: i is below the count of fields that the library filled in.
            let field = unsafe request.fields[i]
            let name = unsafe UInt(bitPattern: field.name), value = unsafe UInt(bitPattern: field.value)
            guard name == expected, unsafe value >= name + UInt(field.name_bytes) + 1 else { return wrong }
            expected = unsafe value + UInt(field.value_bytes) + 2
            if expected - 2 == request.lengthLine.start { expected += request.lengthLine.count }
        }
        return expected + 2 == start + UInt(headerBytes) ? nil : wrong
    }

    private static func checkFields(_ request: Request) -> Rejection? {
        request.known = [48 of UInt8](repeating: 0)
        request.repeated = 0
        for i in 0..<request.fieldCount {
            let name = request.fieldName(i)
            let header = KnownHeader.named(name)
            if header == nil && !CharacterClass.isToken(name) {
                return Rejection(.headerName, "the name of header field \(i + 1) is not a token")
            }
            trim(request, i)
            let value = request.fieldValue(i)
            guard CharacterClass.areFieldValue(value) else {
                return Rejection(.headerValue, "header field \(i + 1) has a control character in its value")
            }
            guard let header else { continue }
            if request.known[Int(header.rawValue)] == 0 {
                request.known[Int(header.rawValue)] = UInt8(clamping: i + 1)
            } else {
                request.repeated |= 1 << UInt64(header.rawValue)
            }
        }
        return nil
    }

    /// Cuts off trailing white space of a value; the library has cut off the leading part.
    private static func trim(_ request: Request, _ index: Int) {
        // SAFETY: the index is below the count, and the value has value_bytes bytes.
        let field = unsafe request.fields + index
        while unsafe field.pointee.value_bytes > 0 {
            let last = unsafe field.pointee.value[Int(field.pointee.value_bytes) - 1]
            guard last == 32 || last == 9 else { return }
            unsafe field.pointee.value_bytes -= 1
        }
    }

    // MARK: what must be there once

    /// RFC 9112, section 3.2.
    private static func checkHost(_ request: Request) -> Rejection? {
        guard let host = request.value(of: .host) else {
            return request.minorVersion == 0 ? nil : Rejection(.hostMissing, "there is no Host")
        }
        if request.isRepeated(.host) { return Rejection(.hostInvalid, "there is more than one Host") }
        if host.isEmpty { return Rejection(.hostInvalid, "Host is empty") }
        for i in host.indices where !CharacterClass.isHost(host[i]) {
            return Rejection(.hostInvalid, "Host has an invalid character")
        }
        let text = request.rawTarget
        if text[0] != 47, let authority = absoluteForm(text),
            !text.extracting(authority..<request.target.pathStart).equalsIgnoringCase(host)
        {
            return Rejection(.hostInvalid, "Host and the absolute target name different hosts")
        }
        return nil
    }

    /// RFC 9112, section 6.
    private static func checkFraming(_ request: Request) -> Rejection? {
        request.bodyLength = nil
        request.hasChunks = false
        if let coding = request.value(of: .transferEncoding) {
            if request.value(of: .contentLength) != nil {
                return Rejection(.lengthConflict, "Content-Length and Transfer-Encoding are both present")
            }
            if request.isRepeated(.transferEncoding) || request.minorVersion == 0 {
                return Rejection(.lengthConflict, "Transfer-Encoding is repeated, or in an HTTP/1.0 request")
            }
            guard coding.equalsIgnoringCase("chunked") else {
                return Rejection(.transferCodingUnknown, "the only supported transfer coding is chunked")
            }
            request.hasChunks = true
        } else if let length = request.value(of: .contentLength) {
            if request.isRepeated(.contentLength) { return Rejection(.lengthConflict, "Content-Length is repeated") }
            guard let number = decimal(length) else {
                return Rejection(.contentLengthInvalid, "Content-Length is not a number of up to 18 digits")
            }
            request.bodyLength = number
        }
        return nil
    }

    /// Why the library is about to reject a request whose header is complete: its length, or lack of memory.
    static func reasonOfLibrary(_ request: Request, _ connection: OpaquePointer, _ limits: HeaderLimits) -> Rejection {
        // SAFETY: the library has all fields of a complete header.
        if let rejection = unsafe collect(request, connection, limits) ?? checkFields(request) ?? checkFraming(request)
        {
            return rejection
        }
        // Collecting again restores the trailing white space of values.
        if unsafe collect(request, connection, limits) == nil, let length = request.value(of: .contentLength),
            length.count > 0, [9, 32].contains(length[length.count - 1])
        {
            // The library does not accept white space there, and the line arrived too late for LengthLine.
            return Rejection(.contentLengthInvalid, "there is white space after the number of Content-Length")
        }
        return Rejection(.headerTooLarge, "the header, including its cookies, is too large")
    }

    private static func decimal(_ text: Span<UInt8>) -> UInt64? {
        guard text.count >= 1, text.count <= 18 else { return nil }
        var number: UInt64 = 0
        for i in text.indices {
            guard text[i] >= 48, text[i] <= 57 else { return nil }
            number = number * 10 + UInt64(text[i] - 48)
        }
        return number
    }

    /// RFC 9110, section 10.1.1.
    private static func checkExpectation(_ request: Request) -> Rejection? {
        request.expectsContinue = false
        guard request.minorVersion > 0, let expectation = request.value(of: .expect) else { return nil }
        guard !request.isRepeated(.expect), expectation.equalsIgnoringCase("100-continue") else {
            return Rejection(.expectationUnknown, "the only supported expectation is 100-continue")
        }
        request.expectsContinue = true
        return nil
    }
}
