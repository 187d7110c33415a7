// Compressed messages: the examples of RFC 7692, round trips, and bombs.

import Testing

@testable import WebSocket

@Suite("Compression") struct DeflateTests {
    static let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]

    private func compressed(_ payload: [UInt8], final: Bool = true) -> [UInt8] {
        frame(1, payload, final: final, reserved: 0x40)
    }

    @Test("the examples of section 7.2.3 are read, in any pieces", arguments: [1, 2, Int.max])
    func examples(size: Int) {
        let wire = Wire(deflate: DeflateParameters())
        wire.feed(compressed(Self.hello), by: size)
        wire.feed(compressed([0xF2, 0x48, 0xCD], final: false) + frame(0, [0xC9, 0xC9, 0x07, 0x00]), by: size)
        // With the context of those before.
        wire.feed(compressed([0xF2, 0x00, 0x11, 0x00, 0x00]), by: size)
        // A block without compression, one with its bit for the last, two in one message.
        wire.feed(compressed([0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]), by: size)
        wire.feed(compressed([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]), by: size)
        wire.feed(compressed([0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00]), by: size)
        // And one that is not compressed.
        wire.feed(text("Hello"), by: size)
        #expect(wire.record.events == [Record.Event](repeating: .text("Hello"), count: 7))
    }

    @Test("what we compress inflates to what it was", arguments: [true, false], [9, 12, 15])
    func roundTrip(resets: Bool, bits: Int) {
        let parameters = DeflateParameters(serverResets: resets, clientResets: resets, serverWindowBits: bits)
        let server = Wire(deflate: parameters)
        let client = Wire(deflate: parameters)
        let words = (0..<4000).map { "word \($0 * 7919 % 97) " }.joined()
        for _ in 0..<3 {
            server.codec.send(.text, Array(words.utf8).span)
            var bytes = server.output()
            #expect(bytes[0] == 0xC1 && bytes.count < words.utf8.count / 3)
            // The same frame as a client would send it, under a mask of zeros.
            let head = bytes[1] == 126 ? 4 : bytes[1] == 127 ? 10 : 2
            bytes[1] |= 0x80
            bytes.insert(contentsOf: [0, 0, 0, 0], at: head)
            client.feed(bytes)
            #expect(client.record.events.popLast() == .text(words))
        }
    }

    @Test("a bomb stops at the bound")
    func bomb() {
        let server = Wire(deflate: DeflateParameters())
        server.codec.send(.binary, [UInt8](repeating: 0, count: 8 << 20).span)
        var bytes = server.output()
        #expect(bytes.count < 60_000)
        bytes[1] |= 0x80
        bytes.insert(contentsOf: [0, 0, 0, 0], at: 4)
        let wire = Wire(deflate: DeflateParameters())
        wire.feed(bytes)
        #expect(wire.record.events == [.ended(1009, isFault: true)])
    }

    @Test("invalid compressed data and invalid text are 1007")
    func corrupt() {
        for payload in [[0xFF, 0xFF, 0xFF], [0xF2, 0x48, 0xCD, 0xC9, 0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]] {
            let wire = Wire(deflate: DeflateParameters())
            wire.feed(compressed(payload))
            #expect(wire.record.events == [.ended(1007, isFault: true)])
        }
        let wire = Wire(deflate: DeflateParameters())
        wire.feed(compressed([0x00, 0x01, 0x00, 0xFE, 0xFF, 0x80, 0x00]))
        #expect(wire.record.events == [.ended(1007, isFault: true)])
    }

    @Test("short messages are sent as they are, and control frames always")
    func threshold() {
        let wire = Wire(deflate: DeflateParameters())
        wire.codec.send(.text, Array("short".utf8).span)
        wire.codec.ping([1].span)
        #expect(wire.output() == [0x81, 5] + Array("short".utf8) + [0x89, 1, 1])
        wire.feed(frame(9, [1], reserved: 0x40))
        #expect(wire.record.events == [.ended(1002, isFault: true)])
    }
}
