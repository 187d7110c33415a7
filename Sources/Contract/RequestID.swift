// The id of one request.

package import Bridge

/// The id of a request in headers, records and logs: the client's own, or else the exchange's ticket. Most requests
/// need the ticket as text in one place only, so it is not kept as a String.
package enum RequestID {
    case given(String)
    case minted(Ticket, TicketCodec)

    package var text: String {
        switch self {
        case .given(let text): text
        case .minted(let ticket, let codec): String(decoding: codec.bytes(of: ticket), as: UTF8.self)
        }
    }

    /// Lends the text's bytes. A ticket is written to the stack, without a String.
    package func withBytes(_ body: (Span<UInt8>) -> Void) {
        switch self {
        case .given(let text): body(text.utf8.span)
        case .minted(let ticket, let codec):
            var bytes = [24 of UInt8](repeating: 0)
            var span = bytes.mutableSpan
            codec.write(ticket, into: &span)
            body(bytes.span)
        }
    }
}
