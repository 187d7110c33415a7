// A response body that comes in pieces. The room pulls: it asks for bytes when the client can take some, so a slow
// client holds its own source and nothing else.

/// What a source has to say after it wrote what it had.
public enum BodyRead: Sendable, Equatable {
    /// There may be more: ask again as soon as the client can take it. Something must have been written.
    case more
    /// No more at the moment. The connection rests until `Request.sourceReady()`.
    case pending
    /// The body ends after what was written.
    case end
    /// The body ends after what was written, and is not whole: the last chunk is left out (RFC 9112, section 8), so
    /// that the client can tell. curl exits 18. An HTTP/1.0 client cannot tell.
    case abort
}

/// Bytes for `Request.respond(_:_:streaming:)`.
public protocol BodySource: AnyObject {
    /// Appends up to `output.freeCapacity` bytes (at least 128, about the listener's pool at most). Each call becomes
    /// one chunk. Called from inside Listener.run; may call `sourceReady()`, must not call anything else of the room.
    func read(into output: inout OutputSpan<UInt8>) -> BodyRead
}

/// Prebuilt immutable bytes that any number of responses send without a copy (public files).
@safe public final class SharedBody: Sendable {
    public let count: Int
    // SAFETY: written once in init, read-only ever after, freed in deinit.
    nonisolated(unsafe) let base: UnsafeMutableRawPointer

    public init(copying bytes: Span<UInt8>) {
        count = bytes.count
        // SAFETY: room for count bytes (one at least, so that there is an address), filled before anybody can read
        // them.
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
        unsafe bytes.withUnsafeBytes { source in
            if let from = source.baseAddress { unsafe base.copyMemory(from: from, byteCount: source.count) }
        }
    }

    deinit {
        // SAFETY: allocated in init; every response that shows it holds us.
        unsafe base.deallocate()
    }
}
