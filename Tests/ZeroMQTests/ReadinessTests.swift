// The rule of ZMQ_FD, on a pair that is idle between any two messages: busy sockets hide what is wrong here.

import Glibc
import Testing
import ZeroMQ

@Suite("Readiness") struct ReadinessTests {
    @Test(
        "one request at a time, five thousand times: checking events, or receiving until empty, misses no reply",
        arguments: ["inproc://readiness", "tcp://127.0.0.1:0"], [Rule.readEvents, .receiveUntilNothing])
    func idlePair(place: String, rule: Rule) throws {
        let context = try Context()
        let echo = try RouterSocket(context)
        let endpoint = try echo.bind(place)
        let rounds = 5000
        let owned = Owned(echo)
        let thread = Worker { owned.take().echo() }
        let dealer = try DealerSocket(context)
        try dealer.connect(endpoint)
        #expect(dealer.becomes(writable: true) == true)
        var completed = 0
        for _ in 0..<rounds {
            guard dealer.sendMessage("x") == .sent, dealer.reply(rule) == ["x"] else { break }
            completed += 1
        }
        #expect(completed == rounds)
        context.shutdown()
        #expect(thread.join() == rounds)
    }
}

/// Carries a socket into a thread, once.
private final class Owned: @unchecked Sendable {
    private var socket: RouterSocket?
    init(_ socket: consuming RouterSocket) { self.socket = consume socket }
    func take() -> RouterSocket { socket.take()! }
}

extension RouterSocket {
    /// Sends messages back, waiting by zmq_poll, until the context is shut down; returns how many. It must not end with
    /// the last one: its socket does not linger.
    fileprivate func echo() -> Int {
        var frame = Frame()
        var count = 0
        while wait(for: .readable, timeout: patience) {
            while receive(into: &frame) {
                let more = frame.hasMore
                guard send(&frame, more: more) == .sent else { return count }
                if !more { count += 1 }
            }
        }
        return count
    }
}

/// What is done after a send or a receive and before the descriptor is slept on. Either lets libzmq take in what has
/// come, which is what the descriptor told of; a receive that finds something need not, so one is not enough.
enum Rule: Sendable { case readEvents, receiveUntilNothing }

extension DealerSocket {
    /// As a reactor does it: by the rule, then sleep on the descriptor, then again.
    fileprivate func reply(_ rule: Rule) -> [String]? {
        while true {
            switch rule {
            case .readEvents: if events.contains(.readable) { return nextMessage() }
            case .receiveUntilNothing: if let message = nextMessage() { return message }
            }
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // SAFETY: one item, ours.
            guard unsafe poll(&item, 1, 10_000) == 1 else { return nil }
        }
    }
}
