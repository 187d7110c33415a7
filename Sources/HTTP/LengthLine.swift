// Trailing white space of a Content-Length is legal (RFC 9112, section 5), but libmicrohttpd 0.9.75 rejects it before
// it shows the request to the handler. While the library parses the request line, the rest of the header is usually in
// its receive buffer already. We overwrite the white space there with zeros, which end the value for the library:
//
//     Content-Length: 5 CR LF   ->   Content-Length: 5 0 CR LF
//
// After the received bytes the buffer holds older data. A zero written there is overwritten by what arrives next; and
// once the header is complete, RequestValidator checks that the line ends where it seemed to end here.

internal import CMicroHTTPD
import Glibc

/// White space that was overwritten with zeros.
struct LengthLine {
    /// The address of the first zero; 0 if nothing was changed.
    var start: UInt = 0
    var count: UInt = 0

    private static let name: StaticString = "content-length:"

    /// Checks the lines after a request target, up to the empty line or the end of what has arrived.
    /// - Parameter target: the zero after the target in the library's buffer.
    static func tidy(behind target: UnsafePointer<CChar>, _ connection: OpaquePointer) -> LengthLine {
        // SAFETY: after the target come a version of eight characters and two zeros that were CR LF; if one of these is
        // missing, the && stops. From there on every string ends before the record that cmhd_end_buffer has put after
        // the buffer.
        let version = unsafe target + 1
        guard unsafe strncmp(version, "HTTP/1.", 7) == 0, unsafe version[7] != 0, unsafe version[8] == 0,
            unsafe version[9] == 0, unsafe cmhd_end_buffer(connection) != 0
        else { return LengthLine() }
        var line = unsafe UnsafeMutablePointer(mutating: version + 10)
        while let end = unsafe strchr(line, 10), unsafe end > line + 1 {
            if unsafe end[-1] == 13, unsafe isSpace(end[-2]), let number = unsafe endOfNumber(line, end - 1) {
                let count = unsafe end - 1 - number
                unsafe memset(number, 0, count)
                return LengthLine(start: UInt(bitPattern: number), count: UInt(count))
            }
            // SAFETY: after a line of the same string.
            unsafe line = end + 1
        }
        return LengthLine()
    }

    /// Where the number of a Content-Length ends; nil for another field or value.
    private static func endOfNumber(
        _ line: UnsafeMutablePointer<CChar>, _ end: UnsafeMutablePointer<CChar>
    ) -> UnsafeMutablePointer<CChar>? {
        // SAFETY: the loops stop at the colon at the latest, which comes before the white space that they start at.
        let length = name.utf8CodeUnitCount
        let word = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        guard unsafe end - line > length, unsafe strncasecmp(line, word, length) == 0 else { return nil }
        var number = unsafe end
        while unsafe isSpace(number[-1]) { unsafe number -= 1 }
        var start = unsafe number
        while unsafe start[-1] >= 48 && start[-1] <= 57 { unsafe start -= 1 }
        guard unsafe start < number, unsafe start[-1] == 58 || isSpace(start[-1]) else { return nil }
        return unsafe number
    }

    private static func isSpace(_ character: CChar) -> Bool { character == 32 || character == 9 }
}
