import Testing
import ZeroMQ

/// Whole messages, what they share, and where they came from.
struct MessageTests {
    @Test func framesAreReadInOneGo() throws {
        let pair = try Pair("tcp://127.0.0.1:*")
        let long = String(repeating: "x", count: 1_000)
        #expect(pair.dealer.sendMessage("", "a", long) == .sent)
        #expect(pair.dealer.sendMessage("b") == .sent)
        var message = Message()
        #expect(pair.receive(&message) == ["peer", "", "a", long])
        #expect(pair.receive(&message) == ["peer", "b"])
        #expect(message.receive(from: pair.router) == false)
        #expect(message.count == 0)
    }

    @Test func aMessageThatIsTooLongIsReadToItsEnd() throws {
        let pair = try Pair("inproc://too-long")
        for index in 0..<40 {
            var frame = Frame("f\(index)")
            #expect(pair.dealer.send(&frame, more: index < 39) == .sent)
        }
        #expect(pair.dealer.sendMessage("next") == .sent)
        var message = Message()
        #expect(pair.receive(&message)?.count == Message.capacity)
        #expect(message.isTooLong == true)
        #expect(pair.receive(&message) == ["peer", "next"])
        #expect(message.isTooLong == false)
    }

    /// What makes a lost connection a lost worker: message and monitor name it alike.
    @Test func theMonitorAndTheMessageNameOneConnection() throws {
        let context = try Context()
        let router = try RouterSocket(context)
        let monitor = try router.monitor()
        let bound = try router.bind("tcp://127.0.0.1:*")
        var source: Int32?
        do {
            let dealer = try DealerSocket(context)
            try dealer.connect(bound)
            #expect(dealer.becomes(writable: true) == true)
            #expect(dealer.sendMessage("hello") == .sent)
            var message = Message()
            #expect(router.wait(for: .readable, timeout: patience) == true)
            #expect(message.receive(from: router) == true)
            source = message.sourceDescriptor
            #expect(source != nil)
        }
        var lost: Int32?
        while lost == nil, let event = monitor.next(timeout: patience) {
            if case .disconnected(_, let descriptor) = event { lost = descriptor }
        }
        #expect(lost == source)
    }

    @Test func overInprocNoConnectionIsNamed() throws {
        let pair = try Pair("inproc://nameless")
        #expect(pair.dealer.sendMessage("x") == .sent)
        #expect(pair.router.wait(for: .readable, timeout: patience) == true)
        var message = Message()
        #expect(message.receive(from: pair.router) == true)
        #expect(message.sourceDescriptor == nil)
    }

    @Test(arguments: [3, 5_000])
    func aSharedFrameHasTheSameBytes(count: Int) {
        var frame = Frame(String(repeating: "s", count: count))
        let copy = frame.shared()
        frame = Frame("other")
        #expect(copy.text == String(repeating: "s", count: count))
    }
}

/// A ROUTER and the DEALER "peer" that is connected to it.
private final class Pair {
    let router: RouterSocket
    let dealer: DealerSocket

    init(_ endpoint: String) throws {
        let context = try Context()
        router = try RouterSocket(context)
        let bound = try router.bind(endpoint)
        var options = SocketOptions()
        options.identity = Array("peer".utf8)
        dealer = try DealerSocket(context, options)
        try dealer.connect(bound)
        #expect(dealer.becomes(writable: true) == true)
    }

    /// The next message as texts, once it is there.
    func receive(_ message: inout Message) -> [String]? {
        guard router.wait(for: .readable, timeout: patience), message.receive(from: router) else { return nil }
        var texts: [String] = []
        for index in 0..<message.count {
            let inPlace = text(message.bytes(index))
            texts.append(message.take(index).text)
            #expect(inPlace == texts.last)
        }
        return texts
    }
}

private func text(_ bytes: Span<UInt8>) -> String {
    var copy: [UInt8] = []
    for index in bytes.indices { copy.append(bytes[index]) }
    return String(decoding: copy, as: UTF8.self)
}
