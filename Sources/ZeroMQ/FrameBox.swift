// A frame behind a reference: in a letter to another reactor, or in a reply that is held until its client can take it.

/// One frame on the heap.
///
/// Sendable unchecked: the sender of a box must not touch it again, so one thread at a time uses it.
public final class FrameBox: @unchecked Sendable {
    public var frame: Frame

    public init(_ frame: consuming Frame) {
        self.frame = frame
    }

    /// Takes the frame, and leaves an empty one.
    public func take() -> Frame {
        exchange(&frame, with: Frame())
    }
}
