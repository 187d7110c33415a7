// A message of several frames, received in one go: for sockets whose peers give meaning to the number and order of
// frames (a ROUTER's workers, Majordomo).

/// A message on the heap, so that its frames are allocated once and its users can take turns.
public final class MessageBox {
    public var message = Message()

    public init() {}
}

/// The frames of one message, reused for the next. They are on the heap: inline, the compiler copied all of them, a
/// kilobyte, to read one.
@safe
public struct Message: ~Copyable {
    /// Maximum number of frames; further ones are dropped, and `isTooLong` is set.
    public static let capacity = 16

    // SAFETY (all in this file): `capacity` frames, allocated in init and freed in deinit; the value has one owner.
    private let frames: UnsafeMutablePointer<Frame>
    /// Frames received.
    public private(set) var count = 0
    /// The message had more frames than `capacity`.
    public private(set) var isTooLong = false

    public init() {
        unsafe frames = .allocate(capacity: Self.capacity)
        // SAFETY: within the new allocation; each is initialised once.
        for index in 0..<Self.capacity { unsafe (frames + index).initialize(to: Frame()) }
    }

    deinit {
        // SAFETY: all are initialised, and this is their last use.
        unsafe frames.deinitialize(count: Self.capacity)
        unsafe frames.deallocate()
    }

    /// The payload of frame `index`, counted from 0.
    @_lifetime(borrow self)
    public borrowing func bytes(_ index: Int) -> Span<UInt8> {
        precondition(index < count)
        // SAFETY: a frame is its message and nothing else; the payload lies in the frame or in a block that it owns,
        // and the span ends before `self` does or is changed.
        let payload = unsafe Frame.payload(of: UnsafeRawPointer(frames + index))
        return unsafe _overrideLifetime(Span(_unsafeElements: payload), borrowing: self)
    }

    public func isEmpty(_ index: Int) -> Bool {
        precondition(index < Self.capacity)
        return unsafe frames[index].isEmpty
    }

    /// The connection that the message came by, see `Frame.sourceDescriptor`. Read from the second frame: a ROUTER
    /// loses it on the first one when ZMQ_EVENTS is read.
    public var sourceDescriptor: Int32? { unsafe frames[1].sourceDescriptor }

    /// Identifies the connection, see `Frame.origin`; valid as long as `anchor()` is kept.
    public var origin: UInt { unsafe frames[1].origin }

    /// A frame that, while it is kept, prevents another connection from getting the same `origin`.
    public mutating func anchor() -> FrameBox { FrameBox(unsafe frames[1].shared()) }

    /// Takes a frame, and leaves an empty one.
    public mutating func take(_ index: Int) -> Frame {
        precondition(index < Self.capacity)
        return unsafe exchange(&frames[index], with: Frame())
    }

    /// Takes the frames from `index` on, boxed.
    public mutating func surplus(from index: Int) -> [FrameBox] {
        guard index < count else { return [] }
        var boxes: [FrameBox] = []
        for position in index..<count { boxes.append(FrameBox(take(position))) }
        return boxes
    }

    /// Receives the next message in place of this one; false if there is none.
    public mutating func receive<Role>(from socket: borrowing Socket<Role>) -> Bool {
        count = 0
        isTooLong = false
        guard unsafe socket.receive(into: &frames[0]) else { return false }
        count = 1
        while unsafe frames[count - 1].hasMore {
            guard count < Self.capacity else {
                discard(from: socket)
                return true
            }
            guard unsafe socket.receive(into: &frames[count]) else { return true }
            count += 1
        }
        return true
    }

    private mutating func discard<Role>(from socket: borrowing Socket<Role>) {
        isTooLong = true
        var surplus = Frame()
        while socket.receive(into: &surplus), surplus.hasMore {}
    }
}
