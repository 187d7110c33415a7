// A frame where a reference is needed: a letter to another reactor, a reply that is held until its client can take it.

/// One frame on the heap.
///
/// Sendable unchecked: whoever posts a box hands it over and must not touch it again, so one thread at a time uses it.
public final class FrameBox: @unchecked Sendable {
    public var frame: Frame

    public init(_ frame: consuming Frame) {
        self.frame = frame
    }

    /// Takes the frame out and leaves the empty one.
    public func take() -> Frame {
        exchange(&frame, with: Frame())
    }
}
