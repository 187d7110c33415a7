// Subscriptions as messages, and what libzmq does with them.

import Testing
import ZeroMQ

@Suite("Topics") struct TopicTests {
    let context: Context

    init() throws { context = try Context() }

    private func ask(_ socket: borrowing SubscriberSocket, _ byte: UInt8, _ topic: String) {
        var frame = Frame(copying: ([byte] + Array(topic.utf8)).span)
        _ = socket.send(&frame)
    }

    @Test("a publisher sees the first and the last subscription, and its messages match by prefix")
    func prefixes() throws {
        let publisher = try PublisherSocket(context)
        var options = SocketOptions()
        // With it a subscription waits until the subscriber's own thread has noticed that the connection is complete.
        options.immediate = false
        let subscriber = try SubscriberSocket(context, options)
        try subscriber.connect(try publisher.bind("tcp://127.0.0.1:0"))
        ask(subscriber, 1, "a")
        #expect(publisher.message() == ["\u{1}a"])
        ask(subscriber, 1, "a")
        #expect(publisher.sendMessage("ab", "1") == .sent)
        #expect(publisher.sendMessage("b", "2") == .sent)
        #expect(publisher.sendMessage("a", "3") == .sent)
        #expect(subscriber.message() == ["ab", "1"])
        #expect(subscriber.message() == ["a", "3"])
        ask(subscriber, 0, "a")
        ask(subscriber, 0, "a")
        #expect(publisher.message() == ["\u{0}a"])
    }

    @Test("more subscriptions than the high water mark arrive if the mark is off, also at a late publisher")
    func manySubscriptions() throws {
        var options = SocketOptions()
        options.sendHighWaterMark = 0
        options.immediate = false
        let subscriber = try SubscriberSocket(context, options)
        // A unique name: a port that becomes free may be another test's before it is bound again.
        let endpoint = "ipc://@zmq-gateway-\(UInt64.random(in: .min ... .max))"
        try subscriber.connect(endpoint)
        for number in 0..<3_000 { ask(subscriber, 1, "topic \(number)") }
        var wide = SocketOptions()
        wide.receiveHighWaterMark = 0
        let publisher = try PublisherSocket(context, wide)
        try publisher.bind(endpoint)
        var seen: Set<[String]> = []
        while seen.count < 3_000, let message = publisher.message() { seen.insert(message) }
        #expect(seen.count == 3_000)
    }
}
