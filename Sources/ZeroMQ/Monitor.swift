// The receiving end of zmq_socket_monitor(3): a PAIR over inproc, on which libzmq's I/O thread reports events of a
// socket's connections. Two dangers are avoided here. The I/O thread *blocks* when the PAIR's queue is full, so ours is
// unbounded. It blocks for ever when our end is gone, so a monitor detaches from its socket before it closes.

internal import CZeroMQ

/// The events of one socket. Used on its socket's thread; may outlive the socket.
public struct Monitor: ~Copyable {
    private let pair: SocketHandle
    private let socket: Lifeline
    private let endpoint: String

    init(_ socket: Lifeline, _ events: MonitorEvents) throws(ZMQError) {
        let endpoint = socket.context.newMonitorEndpoint()
        let unbounded = [Setting.int(ZMQ_RCVHWM, "ZMQ_RCVHWM", 0), .int(ZMQ_LINGER, "ZMQ_LINGER", 0)]
        let pair = try SocketHandle(socket.context, type: ZMQ_PAIR, unbounded)
        // SAFETY: the caller holds the socket, so it is open; the string lives through the call.
        let result = unsafe zmq_socket_monitor(socket.raw, endpoint, Int32(events.rawValue))
        try ZMQError.check(result, "zmq_socket_monitor")
        socket.monitor = endpoint
        do throws(ZMQError) {
            try pair.connect(endpoint)
        } catch {
            Monitor.takeOff(endpoint, socket)
            throw error
        }
        self.endpoint = endpoint
        self.pair = pair
        self.socket = socket
    }

    deinit {
        Monitor.takeOff(endpoint, socket)
    }

    /// ZMQ_FD: watch it readable. Call `next()` until nil when it fires, and once before.
    public var descriptor: Int32 { pair.descriptor }

    /// The next event; nil if there is none now.
    public func next() -> MonitorEvent? {
        var frame = Frame()
        guard pair.receive(into: &frame), frame.count == 6 else { return nil }
        // SAFETY: six bytes are there: event number and value, in this machine's byte order.
        let (number, value) = unsafe frame.bytes.withUnsafeBytes { bytes in
            unsafe (bytes.loadUnaligned(as: UInt16.self), bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        }
        guard frame.hasMore, pair.receive(into: &frame) else { return nil }
        return MonitorEvent(number, value, String(copying: frame.bytes))
    }

    /// Waits for the next event; nil if `timeout` passes first. For tests and tools, not for a reactor.
    public func next(timeout: Duration) -> MonitorEvent? {
        pair.wait(for: .readable, timeout: timeout) ? next() : nil
    }

    /// Without an endpoint zmq_socket_monitor(3) detaches the socket's monitor.
    private static func takeOff(_ endpoint: String, _ socket: Lifeline) {
        guard socket.monitor == endpoint, let raw = unsafe socket.raw else { return }
        // SAFETY: not nil means still open.
        _ = unsafe zmq_socket_monitor(raw, nil, 0)
        socket.monitor = nil
    }
}

extension String {
    /// The text of `bytes`; invalid UTF-8 is repaired.
    init(copying bytes: Span<UInt8>) {
        // SAFETY: the buffer is read within the closure only.
        self = unsafe bytes.withUnsafeBufferPointer { buffer in unsafe String(decoding: buffer, as: UTF8.self) }
    }
}
