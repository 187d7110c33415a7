// Messages of several frames on their way out. Only the first frame may be rejected, and then nothing was sent; once it
// is taken the others follow, whatever becomes of them:
//
//     begin(identity or ticket) == .sent  -->  add(delimiter), add(head)...  -->  finish(body, surplus)
//
// A ROUTER takes the others in any case. A DEALER whose peer leaves in between swallows them: the whole message is
// lost, as it would be a moment later (see `Socket.send`).

extension Socket {
    /// Begins a message. When it was sent, `frame` is empty, and `add` and `finish` must follow; otherwise untouched.
    @inlinable
    public func begin(_ frame: inout Frame) -> SendOutcome { send(&frame, more: true) }

    /// Begins a message with a copy of `bytes`.
    @inlinable
    public func begin(_ bytes: [UInt8]) -> SendOutcome {
        var frame = Frame(copying: bytes.span)
        return send(&frame, more: true)
    }

    /// Begins a message with copies of `frames`. - Returns: `.sent` also when there are none.
    @inlinable
    public func begin(_ frames: [[UInt8]]) -> SendOutcome {
        guard let first = frames.first else { return .sent }
        let outcome = begin(first)
        if outcome == .sent { add(copying: frames.dropFirst()) }
        return outcome
    }

    /// Goes on with a message that was begun.
    @inlinable
    public func add(_ frame: consuming Frame) { _ = send(&frame, more: true) }

    /// Goes on with copies.
    @inlinable
    public func add(copying frames: some Collection<[UInt8]>) {
        for bytes in frames { add(Frame(copying: bytes.span)) }
    }

    /// Ends a message with its body and the frames behind it.
    /// - Parameter keeping: they are shared instead of taken, because they may be needed again.
    /// - Returns: the outcome of the body, which matters only if it is the first frame.
    @inlinable
    @discardableResult
    public func finish(_ body: inout Frame, _ surplus: [FrameBox] = [], keeping: Bool = false) -> SendOutcome {
        let outcome = send(&body, more: !surplus.isEmpty, keeping)
        for index in surplus.indices { _ = send(&surplus[index].frame, more: index < surplus.count - 1, keeping) }
        return outcome
    }

    /// Sends a message of copies. - Returns: the outcome of the first frame, and so of the message.
    public func send(_ frames: [[UInt8]]) -> SendOutcome {
        guard let last = frames.last else { return .sent }
        let outcome = begin(Array(frames.dropLast()))
        guard outcome == .sent else { return outcome }
        var frame = Frame(copying: last.span)
        return finish(&frame)
    }

    @inlinable
    func send(_ frame: inout Frame, more: Bool, _ keeping: Bool) -> SendOutcome {
        guard keeping else { return send(&frame, more: more) }
        var copy = frame.shared()
        return send(&copy, more: more)
    }
}
