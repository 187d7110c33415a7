// A response body that is produced piece by piece. The room pulls: it asks for bytes when the client can take more, so
// a slow client holds up only its own source.

/// What follows the bytes that `read` has just written.
public enum BodyRead: Sendable, Equatable {
    /// More may follow: ask again as soon as the client can take it. `read` must have written something.
    case more
    /// Nothing more at the moment. The connection is suspended until `Request.sourceReady()`.
    case pending
    /// The body is complete.
    case end
    /// The body ends incomplete: the last chunk is left out (RFC 9112, section 8), so that the client notices. curl
    /// exits with 18. An HTTP/1.0 client cannot notice.
    case abort
}

/// The source of a streamed body, for `Request.respond(_:_:streaming:)`.
public protocol BodySource: AnyObject {
    /// Appends up to `output.freeCapacity` bytes (at least 128, at most about the listener's pool). Each call becomes
    /// one chunk. Called from inside `Listener.run`; may call `sourceReady()`, must call nothing else in this room.
    func read(into output: inout OutputSpan<UInt8>) -> BodyRead
}

/// Immutable bytes that any number of responses send without a copy (public files).
@safe public final class SharedBody: Sendable {
    public let count: Int
    // SAFETY: written once in init, read-only ever after, freed in deinit.
    nonisolated(unsafe) let base: UnsafeMutableRawPointer

    public init(copying bytes: Span<UInt8>) {
        count = bytes.count
        // SAFETY: `count` bytes (at least one, so that there is an address), filled before they can be read.
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
        unsafe bytes.withUnsafeBytes { source in
            if let from = source.baseAddress { unsafe base.copyMemory(from: from, byteCount: source.count) }
        }
    }

    deinit {
        // SAFETY: allocated in init; every response that uses it retains us.
        unsafe base.deallocate()
    }
}
