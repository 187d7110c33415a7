// Messages as texts, and sockets that are connected before a test begins.

import Glibc
import Testing
import ZeroMQ

/// How long a test waits for something that must come.
let patience = Duration.seconds(10)

extension Frame {
    var text: String {
        let bytes = self.bytes
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        return String(decoding: copy, as: UTF8.self)
    }
}

extension Socket {
    /// Sends one message; the outcome is the first frame's that was not sent.
    func sendMessage(_ frames: String...) -> SendOutcome {
        for (index, text) in frames.enumerated() {
            var frame = Frame(text)
            let outcome = send(&frame, more: index < frames.count - 1)
            if outcome != .sent { return outcome }
        }
        return .sent
    }

    /// The message that is there; nil when there is none.
    func nextMessage() -> [String]? {
        var frame = Frame()
        var message: [String] = []
        while receive(into: &frame) {
            message.append(frame.text)
            if !frame.hasMore { return message }
        }
        return nil
    }

    /// Waits for a message.
    func message() -> [String]? {
        wait(for: .readable, timeout: patience) ? nextMessage() : nil
    }

    var isWritable: Bool { events.contains(.writable) }

    /// Waits, without a send or a receive, until ZMQ_EVENTS says so.
    func becomes(writable: Bool) -> Bool {
        let deadline = ContinuousClock.now + patience
        while isWritable != writable {
            if ContinuousClock.now > deadline { return false }
            // Writable: poll for it. Not writable: poll for something that does not come, a moment.
            _ = wait(for: writable ? .writable : .readable, timeout: .milliseconds(1))
        }
        return true
    }
}

extension Socket {
    /// Binds where another socket did: libzmq closes that one's listener on its own thread, a moment later.
    func bindAgain(_ endpoint: String) -> Bool {
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            if (try? bind(endpoint)) != nil { return true }
        }
        return false
    }
}

extension Monitor {
    /// Waits for an event that `isWanted`, and drops those before it.
    func first(where isWanted: (MonitorEvent) -> Bool) -> MonitorEvent? {
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline, let event = next(timeout: patience) {
            if isWanted(event) { return event }
        }
        return nil
    }
}

extension SocketOptions {
    init(identity: String? = nil, immediate: Bool = true, reconnectInterval: Duration? = .milliseconds(10)) {
        self.init()
        self.identity = identity.map { Array($0.utf8) }
        self.immediate = immediate
        self.reconnectInterval = reconnectInterval
    }
}

/// A thread of its own for a peer that waits: the few that Swift's tasks share are for those that do not.
final class Worker: @unchecked Sendable {
    private let body: @Sendable () -> Int
    private var result = 0
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Int) {
        self.body = body
        // SAFETY: the worker is retained until its thread has taken it.
        let start = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe pthread_create(&thread, nil, { worker in
            let worker = unsafe Unmanaged<Worker>.fromOpaque(worker!).takeRetainedValue()
            worker.result = worker.body()
            return nil
        }, start)
    }

    /// What the body returned.
    func join() -> Int {
        pthread_join(thread, nil)
        return result
    }
}
