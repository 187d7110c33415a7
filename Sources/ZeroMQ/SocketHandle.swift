// The part that all socket types share: one void * of zmq_socket(3), owned, with its verbs. A handle belongs to one
// thread at a time; it may be handed over, whole, to another.
//
//      Socket<Role>  --owns-->  SocketHandle  --owns-->  the libzmq socket
//                                   |  shares
//      Monitor  ------------->  Lifeline      tells a monitor whether its socket is still open; retains the context

internal import CZeroMQ
import Glibc

/// State that a socket shares with its monitor, on one thread.
@safe
final class Lifeline {
    let context: Context
    /// nil once the socket is closed.
    var raw: UnsafeMutableRawPointer?
    /// The endpoint of the attached monitor.
    var monitor: String?

    init(_ context: Context, _ raw: UnsafeMutableRawPointer) {
        self.context = context
        unsafe self.raw = unsafe raw
    }
}

/// An open socket.
@safe
struct SocketHandle: ~Copyable {
    private let raw: UnsafeMutableRawPointer
    let lifeline: Lifeline
    /// ZMQ_FD, zmq_getsockopt(3).
    let descriptor: Int32

    init(_ context: Context, type: Int32, _ settings: [Setting]) throws(ZMQError) {
        let raw = try unsafe context.makeSocket(type)
        var failure: ZMQError?
        for setting in settings where failure == nil {
            // SAFETY: the option's bytes live through the call, which copies them.
            let (option, value) = (setting.option, setting.value)
            let result = setting.isValid ? unsafe zmq_setsockopt(raw, option, value, value.count) : -1
            guard result < 0 else { continue }
            failure = ZMQError(operation: setting.name, code: setting.isValid ? zmq_errno() : EINVAL)
        }
        if let failure {
            // SAFETY: just created, and known nowhere else.
            unsafe zmq_close(raw)
            throw failure
        }
        unsafe self.raw = unsafe raw
        lifeline = unsafe Lifeline(context, raw)
        descriptor = unsafe SocketHandle.integer(raw, ZMQ_FD) ?? -1
    }

    deinit {
        unsafe lifeline.raw = nil
        // SAFETY: the only close of the socket that this value owned.
        unsafe zmq_close(raw)
    }

    // MARK: - Endpoints

    func bind(_ endpoint: String) throws(ZMQError) -> String {
        // SAFETY: the socket is open as long as `self` is; the string lives through the call.
        try ZMQError.check(unsafe zmq_bind(raw, endpoint), "zmq_bind \(endpoint)")
        return lastEndpoint()
    }

    func connect(_ endpoint: String) throws(ZMQError) {
        // SAFETY: as in `bind`.
        try ZMQError.check(unsafe zmq_connect(raw, endpoint), "zmq_connect \(endpoint)")
    }

    func unbind(_ endpoint: String) throws(ZMQError) {
        // SAFETY: as in `bind`.
        try ZMQError.check(unsafe zmq_unbind(raw, endpoint), "zmq_unbind \(endpoint)")
    }

    func disconnect(_ endpoint: String) throws(ZMQError) {
        // SAFETY: as in `bind`.
        try ZMQError.check(unsafe zmq_disconnect(raw, endpoint), "zmq_disconnect \(endpoint)")
    }

    // MARK: - Frames

    func send(_ frame: inout Frame, more: Bool) -> SendOutcome {
        let flags = more ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
        while true {
            // SAFETY: an open socket and an initialised message, which is empty and still initialised after it was
            // sent.
            let result = frame.withMessage { message in unsafe zeromq_message_send(message, raw, flags) }
            if result >= 0 { return .sent }
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN, SocketHandle.terminated: return .wouldBlock
            case EHOSTUNREACH: return .unroutable
            case let code: preconditionFailure("zmq_msg_send: \(ZMQError(operation: "", code: code).message)")
            }
        }
    }

    func receive(into frame: inout Frame) -> Bool {
        while true {
            // SAFETY: an open socket and an initialised message; libzmq closes what it held.
            let result = frame.withMessage { message in unsafe zeromq_message_receive(message, raw, ZMQ_DONTWAIT) }
            if result >= 0 { return true }
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN, SocketHandle.terminated, SocketHandle.wrongState: return false
            case let code: preconditionFailure("zmq_msg_recv: \(ZMQError(operation: "", code: code).message)")
            }
        }
    }

    // MARK: - Readiness

    var events: SocketEvents {
        while true {
            // SAFETY: an open socket.
            if let events = unsafe SocketHandle.integer(raw, ZMQ_EVENTS) { return SocketEvents(rawValue: events) }
            if zmq_errno() != EINTR { return [] }
        }
    }

    func wait(for events: SocketEvents, timeout: Duration) -> Bool {
        let deadline = ContinuousClock.now + timeout
        while true {
            var item = unsafe zmq_pollitem_t(socket: raw, fd: 0, events: Int16(events.rawValue), revents: 0)
            // SAFETY: one item, ours, with an open socket.
            let count = unsafe zmq_poll(&item, 1, Int(max(.zero, deadline - .now).wholeMilliseconds))
            if count >= 0 { return unsafe item.revents & Int16(events.rawValue) != 0 }
            if zmq_errno() != EINTR { return false }
        }
    }

    func setLinger(_ duration: Duration) {
        var value = duration.wholeMilliseconds
        // SAFETY: an open socket and an Int32 of ours.
        _ = unsafe zmq_setsockopt(raw, ZMQ_LINGER, &value, MemoryLayout<Int32>.size)
    }

    func setReceiveHighWaterMark(_ mark: Int) {
        var value = Int32(clamping: mark)
        // SAFETY: an open socket and an Int32 of ours.
        _ = unsafe zmq_setsockopt(raw, ZMQ_RCVHWM, &value, MemoryLayout<Int32>.size)
    }

    func setIdentity(_ identity: [UInt8]) throws(ZMQError) {
        let setting = Setting.bytes(ZMQ_ROUTING_ID, "ZMQ_ROUTING_ID", identity)
        guard setting.isValid else { throw ZMQError(operation: setting.name, code: EINVAL) }
        // SAFETY: an open socket; the bytes live through the call, which copies them.
        let result = unsafe zmq_setsockopt(raw, ZMQ_ROUTING_ID, identity, identity.count)
        try ZMQError.check(result, setting.name)
    }

    func stopHeartbeats() {
        var value: Int32 = 0
        // SAFETY: an open socket and an Int32 of ours.
        _ = unsafe zmq_setsockopt(raw, ZMQ_HEARTBEAT_IVL, &value, MemoryLayout<Int32>.size)
    }

    private static var terminated: Int32 { ZMQ_HAUSNUMERO + 53 }
    private static var wrongState: Int32 { ZMQ_HAUSNUMERO + 51 }

    private func lastEndpoint() -> String {
        // An ipc path has at most 107 bytes, a TCP address about 60, an inproc name 255.
        var size = 512
        return unsafe String(unsafeUninitializedCapacity: size) { buffer in
            // SAFETY: libzmq writes at most `size` bytes and returns their number, including the NUL.
            guard unsafe zmq_getsockopt(raw, ZMQ_LAST_ENDPOINT, buffer.baseAddress, &size) == 0 else { return 0 }
            return max(0, size - 1)
        }
    }

    private static func integer(_ raw: UnsafeMutableRawPointer, _ option: Int32) -> Int32? {
        var (value, size) = (Int32(0), MemoryLayout<Int32>.size)
        // SAFETY: an option of type int, and the size of one.
        return unsafe zmq_getsockopt(raw, option, &value, &size) == 0 ? value : nil
    }
}
