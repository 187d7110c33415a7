// The name of one request.

import Bridge

/// What a request is called in headers, records and logs: the client's own name for it, or a ticket of ours, which most
/// requests need as text in one place only.
enum RequestID {
    case given(String)
    case minted(Ticket, TicketCodec)

    var text: String {
        switch self {
        case .given(let text): text
        case .minted(let ticket, let codec): String(decoding: codec.bytes(of: ticket), as: UTF8.self)
        }
    }

    /// Lends the text's bytes, without making a String of a ticket.
    func withBytes(_ body: (Span<UInt8>) -> Void) {
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
