// A connection that leaves HTTP: the 101, the bytes behind the handshake, and what the library keeps of it.

import HTTP
import Testing

@Suite("An upgrade") struct UpgradeTests {
    final class Receiver: UpgradeReceiver {
        var stream: UpgradedStream?

        func upgraded(_ stream: UpgradedStream, of request: Request) { self.stream = stream }
    }

    private let handshake = "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

    private func upgraded(_ bytes: String) throws -> (House, RawClient, UpgradedStream) {
        let house = try House()
        let receiver = Receiver()
        house.script.onEnd = { #expect($0.upgrade(ResponseHeaders(["Upgrade": "echo"]), to: receiver)) }
        let client = try house.connect()
        client.send(bytes)
        #expect(house.run { receiver.stream != nil && house.script.log.last == "closed completed" })
        return (house, client, try #require(receiver.stream))
    }

    @Test("carries bytes both ways after its 101, and the request is over")
    func bothWays() throws {
        let (house, client, stream) = try upgraded(handshake)
        #expect(stream.takeEarly().isEmpty && stream.remoteAddress == "127.0.0.1")
        #expect(house.run { client.text.hasSuffix("\r\n\r\n") })
        #expect(client.text.hasPrefix("HTTP/1.1 101 ") && client.text.contains("Upgrade: echo\r\n"))
        #expect(stream.send("ping".utf8Span.span) == .moved(4))
        #expect(house.run { client.text.hasSuffix("ping") })
        client.send("pong")
        var buffer = [UInt8](repeating: 0, count: 100)
        var outcome = Transfer.wouldBlock
        #expect(house.run {
            outcome = stream.receive(into: &buffer)
            return outcome != .wouldBlock
        })
        #expect(outcome == .moved(4) && Array(buffer.prefix(4)) == Array("pong".utf8))
        #expect(!client.isAtEnd)
        stream.close()
        #expect(house.run { client.isAtEnd })
    }

    @Test("begins with the bytes after the handshake")
    func early() throws {
        let (_, _, stream) = try upgraded(handshake + "first words")
        #expect(stream.takeEarly() == Array("first words".utf8))
    }

    @Test("leaves nothing in the listener, and reports its end to the stream")
    func nothingLeft() throws {
        let (house, client, stream) = try upgraded(handshake)
        #expect(house.run { house.listener.counters.connectionsOpen == 0 })
        client.close()
        var buffer = [UInt8](repeating: 0, count: 10)
        #expect(house.run { stream.receive(into: &buffer) == .ended(errno: 0) })
    }
}
