// One frame: a `zmq_msg_t` with an owner (zmq_msg_init(3)).
//
// libzmq keeps up to 33 bytes inside the struct, so the struct must not move while somebody looks at its bytes, and
// Swift
// moves values as it likes: it lives on the heap. Receiving again and again into one frame allocates nothing.

internal import CZeroMQ

/// The bytes of one ZeroMQ frame. Not copyable: a frame is somewhere, once.
@safe
public struct Frame: ~Copyable {
    /// SAFETY: allocated and initialised by every init, closed and freed in deinit only.
    let message: UnsafeMutablePointer<zmq_msg_t>

    /// An empty frame.
    public init() {
        // SAFETY: the new memory is owned by this value and initialised at once.
        unsafe message = .allocate(capacity: 1)
        unsafe zmq_msg_init(message)
    }

    /// A frame of `byteCount` bytes that are to be written through `mutableBytes`; they hold anything before.
    public init(byteCount: Int) {
        // SAFETY: as above; a failure means that there is no memory, and no way on.
        unsafe message = .allocate(capacity: 1)
        let code = unsafe zmq_msg_init_size(message, byteCount)
        precondition(code == 0, "no memory for a frame of \(byteCount) bytes")
    }

    public init(copying bytes: Span<UInt8>) {
        self.init(byteCount: bytes.count)
        // SAFETY: the frame has exactly `bytes.count` bytes, and the two do not overlap.
        let target = unsafe zmq_msg_data(message)!
        unsafe bytes.withUnsafeBytes { source in
            if let base = source.baseAddress { unsafe memcpy(target, base, source.count) }
        }
    }

    deinit {
        // SAFETY: the struct was initialised by init, and nobody looks at its bytes any more.
        unsafe zmq_msg_close(message)
        unsafe message.deallocate()
    }

    public var count: Int { unsafe zmq_msg_size(message) }

    public var isEmpty: Bool { count == 0 }

    /// The frame that was received is followed by another of the same message (zmq_msg_more(3)).
    public var hasMore: Bool { unsafe zmq_msg_more(message) != 0 }

    /// The frame's bytes, as long as it is borrowed.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            // SAFETY: the data stays where it is until the frame is sent, received into or freed, all of which need
            // more
            // than the borrow that the span's lifetime is tied to.
            let start = unsafe zmq_msg_data(message)!.assumingMemoryBound(to: UInt8.self)
            return unsafe _overrideLifetime(Span(_unsafeStart: start, count: count), borrowing: self)
        }
    }

    /// The frame's bytes, to be written.
    public var mutableBytes: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get {
            // SAFETY: as in `bytes`, with exclusive access for as long as the span lives.
            let start = unsafe zmq_msg_data(message)!.assumingMemoryBound(to: UInt8.self)
            let count = self.count
            return unsafe _overrideLifetime(MutableSpan(_unsafeStart: start, count: count), mutating: &self)
        }
    }
}

/// A frame where a reference is needed: in a letter to another thread, or kept until it can be sent.
public final class FrameBox: @unchecked Sendable {
    /// SAFETY: a box has one holder at a time; it goes with the letter, and who posted it looks at it no more.
    public var frame: Frame

    public init(_ frame: consuming Frame) { self.frame = frame }
}
