// One frame: a zmq_msg_t as an owned Swift value. Up to 33 bytes are stored inline, longer payloads in one block that
// libzmq allocates; passing a frame on moves 64 bytes and copies no payload. A zmq_msg_t has no pointer into itself, so
// it can be moved as plain bytes: libzmq does so too (msg_t::move). Only the last owner of a moved frame closes it.
//
// The message is stored in an InlineArray, because a Span can be taken of its address.

internal import CZeroMQ

/// One ZeroMQ frame.
@safe
public struct Frame: ~Copyable, Sendable {
    private var message = InlineArray<8, UInt64>(repeating: 0)

    /// The empty frame.
    public init() {
        // SAFETY (all in this file): the bytes are the message, which every init initialises and deinit closes.
        withMessage { message in unsafe zeromq_message_init(message) }
    }

    /// A frame of `byteCount` *uninitialised* bytes: write all of them through `mutableBytes` before they are read.
    public init(byteCount: Int) {
        let result = withMessage { message in unsafe zeromq_message_init_size(message, byteCount) }
        precondition(result == 0, "no memory for a frame of \(byteCount) bytes")
    }

    /// A copy of `bytes`.
    public init(copying bytes: Span<UInt8>) {
        self.init(byteCount: bytes.count)
        guard !bytes.isEmpty else { return }
        withMessage { message in
            // SAFETY: both are `bytes.count` long, and a new message does not overlap the caller's bytes.
            unsafe bytes.withUnsafeBytes { source in
                unsafe zeromq_message_data(message)!.copyMemory(from: source.baseAddress!, byteCount: source.count)
            }
        }
    }

    /// The UTF-8 of `text`.
    public init(_ text: String) {
        self.init(copying: text.utf8.span)
    }

    /// Another frame with the same bytes; long payloads are shared, not copied, zmq_msg_copy(3). Neither frame may be
    /// written to afterwards.
    public mutating func shared() -> Frame {
        var copy = Frame()
        // SAFETY: two initialised messages.
        withMessage { message in _ = copy.withMessage { copy in unsafe zeromq_message_copy(copy, message) } }
        return copy
    }

    /// Identifies the connection that the frame came by, as long as any frame of that connection is kept; 0 over
    /// inproc. (The descriptor number is not unique: it is reused at once.) Valid after a receive.
    public var origin: UInt {
        // SAFETY: an initialised message, only read; the address is not followed.
        withReadOnlyMessage { message in unsafe UInt(bitPattern: zeromq_message_origin(message)) }
    }

    /// The descriptor of the connection that the frame came by (ZMQ_SRCFD), as a monitor reports it; nil over inproc.
    /// Valid after a receive.
    public var sourceDescriptor: Int32? {
        // SAFETY: an initialised message, only read.
        let descriptor = withReadOnlyMessage { message in unsafe zeromq_message_source(message) }
        return descriptor >= 0 ? descriptor : nil
    }

    deinit {
        var last = message
        // SAFETY: a bitwise copy is as good as the message (see above), and this is its last use.
        unsafe withUnsafeMutableBytes(of: &last) { message in unsafe zeromq_message_close(message.baseAddress!) }
    }

    /// The payload. The compiler ensures that the span is not used after the frame is changed or moved.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            // The address is taken here, not in a helper: `self` is only borrowed, not copied, if the result depends on
            // it.
            let words = message.span
            // SAFETY: the payload lies in `self` or in a block it owns, and the span ends before `self` does or is
            // changed.
            let span = unsafe words.withUnsafeBytes { words in unsafe Frame.payload(of: words.baseAddress!) }
            return unsafe _overrideLifetime(Span(_unsafeElements: span), borrowing: self)
        }
    }

    /// The payload, writable in place.
    public var mutableBytes: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get {
            var words = message.mutableSpan
            // SAFETY: as for `bytes`; the access is exclusive, and a frame shares its block with no other.
            let span = unsafe words.withUnsafeMutableBytes { words in unsafe Frame.payload(of: words.baseAddress!) }
            return unsafe _overrideLifetime(MutableSpan(_unsafeElements: .init(mutating: span)), mutating: &self)
        }
    }

    /// Bytes of payload.
    public var count: Int { withReadOnlyMessage { message in unsafe zeromq_message_size(message) } }

    public var isEmpty: Bool { count == 0 }

    /// Whether another frame of the same message follows. Valid after a receive.
    public var hasMore: Bool { withReadOnlyMessage { message in unsafe zeromq_message_more(message) != 0 } }

    static func payload(of message: UnsafeRawPointer) -> UnsafeBufferPointer<UInt8> {
        // SAFETY: data and size describe the payload of an initialised message; with a size of 0 any pointer will do.
        let data = unsafe zeromq_message_data(message)?.assumingMemoryBound(to: UInt8.self)
        return unsafe UnsafeBufferPointer(start: data, count: zeromq_message_size(message))
    }

    /// For calls that change the message.
    @safe @inline(__always)
    mutating func withMessage<Result>(_ body: (UnsafeMutableRawPointer) -> Result) -> Result {
        // SAFETY: the pointer is valid within `body`.
        unsafe withUnsafeMutableBytes(of: &message) { message in unsafe body(message.baseAddress!) }
    }

    @safe @inline(__always)
    private borrowing func withReadOnlyMessage<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result {
        // SAFETY: the span is of the array itself, not of a copy, and is never empty.
        unsafe message.span.withUnsafeBytes { message in unsafe body(message.baseAddress!) }
    }
}
