// A message of several frames, read to its end in one go: for sockets whose peers say by the shape of what they send
// what it means (a ROUTER's workers, Majordomo).

/// A message on the heap, for whoever takes it out for a time: its frames are made once.
public final class MessageBox {
    public var message = Message()

    public init() {}
}

/// The frames of one message, reused for the next. They lie on the heap: within the value the compiler copied all of
/// them, a kilobyte, for a look at one.
@safe
public struct Message: ~Copyable {
    /// Frames that are kept; those beyond are dropped, and `isTooLong` says so.
    public static let capacity = 16

    // SAFETY (all in this file): `capacity` frames, made in init and given back in deinit; the value has one owner.
    private let frames: UnsafeMutablePointer<Frame>
    /// Frames that are there.
    public private(set) var count = 0
    /// It had more frames than are kept.
    public private(set) var isTooLong = false

    public init() {
        unsafe frames = .allocate(capacity: Self.capacity)
        // SAFETY: within what was just allocated, and each is initialised once.
        for index in 0..<Self.capacity { unsafe (frames + index).initialize(to: Frame()) }
    }

    deinit {
        // SAFETY: all are initialised, and this is the last use of them.
        unsafe frames.deinitialize(count: Self.capacity)
        unsafe frames.deallocate()
    }

    /// The payload of a frame, the first of which is 0.
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

    /// The connection it came by, see `Frame.sourceDescriptor`. Of the second frame: a ROUTER looked at with ZMQ_EVENTS
    /// forgets it on the first one.
    public var sourceDescriptor: Int32? { unsafe frames[1].sourceDescriptor }

    /// What tells its connection from every other one, see `Frame.origin`; `anchor` keeps that true.
    public var origin: UInt { unsafe frames[1].origin }

    /// Keeps `origin` from becoming another connection's.
    public mutating func anchor() -> FrameBox { FrameBox(unsafe frames[1].shared()) }

    /// Takes a frame out and leaves the empty one.
    public mutating func take(_ index: Int) -> Frame {
        precondition(index < Self.capacity)
        return unsafe exchange(&frames[index], with: Frame())
    }

    /// Takes the frames from `index` on out, boxed.
    public mutating func surplus(from index: Int) -> [FrameBox] {
        guard index < count else { return [] }
        var boxes: [FrameBox] = []
        for position in index..<count { boxes.append(FrameBox(take(position))) }
        return boxes
    }

    /// Receives the next message in place of this one; false when there is none.
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
