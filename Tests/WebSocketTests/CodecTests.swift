// What a sound conversation looks like.

import Testing

@testable import WebSocket

@Suite("A conversation") struct CodecTests {
    @Test("messages of all lengths are decoded, whole and in any pieces", arguments: [1, 3, 5, 64, 1000, Int.max])
    func lengths(size: Int) {
        for length in [0, 1, 2, 7, 8, 9, 15, 16, 17, 125, 126, 127, 128, 1000, 65_535, 65_536, 70_001] {
            let wire = Wire()
            let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            wire.feed(frame(2, payload) + frame(2, payload, mask: [0, 0, 0, 0]) + text("behind"), by: size)
            #expect(wire.record.events == [.binary(payload), .binary(payload), .text("behind")])
        }
    }

    @Test("fragments are put together, with control frames between them", arguments: [1, 2, 11, Int.max])
    func fragments(size: Int) {
        let wire = Wire()
        wire.feed(
            frame(1, [0xE2], final: false) + frame(9, [1, 2]) + frame(0, [0x82], final: false) + frame(10, [3])
                + frame(0, [], final: false) + frame(0, [0xAC, 33]), by: size)
        #expect(wire.record.events == [.pong([3]), .text("€!")])
        #expect(wire.output() == [0x8A, 2, 1, 2])
        #expect(wire.codec.controlFrames == 2)
    }

    @Test("bytes after the message at which it was set aside are kept")
    func setAside() {
        let wire = Wire()
        wire.record.setsAside = wire.codec
        wire.feed(text("resume") + text("next") + frame(9, [1]) + frame(3))
        #expect(wire.record.events == [.text("resume")] && wire.output().isEmpty)
        wire.record.setsAside = nil
        wire.codec.goOn(wire.record)
        #expect(wire.record.events == [.text("resume"), .text("next"), .ended(1002, isFault: true)])
        wire.codec.goOn(wire.record)
        #expect(wire.record.events.count == 3)
    }

    @Test("each valid sequence of UTF-8 is taken, cut anywhere")
    func utf8() {
        let sound = "κόσμε \u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFD}\u{FFFF}\u{10000}\u{10FFFF} plain text again"
        for size in 1...9 {
            let wire = Wire()
            wire.feed(text(sound), by: size)
            #expect(wire.record.events == [.text(sound)])
        }
    }

    @Test("our frames have the shortest length and no mask")
    func sending() {
        for (length, head) in [
            (0, [0x82, 0]), (125, [0x82, 125]), (126, [0x82, 126, 0, 126]), (65_535, [0x82, 126, 255, 255]),
            (65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] as [(Int, [UInt8])] {
            let wire = Wire()
            let payload = [UInt8](repeating: 9, count: length)
            wire.codec.send(.binary, payload.span)
            #expect(wire.output() == head + payload)
        }
    }

    @Test(
        "a close is answered with its code, and nothing is sent or read after it",
        arguments: [1000, 1003, 1014, 3000, 4999])
    func closing(code: UInt16) {
        let wire = Wire()
        wire.codec.send(.text, [65].span)
        wire.feed(frame(8, close(code) + Array("bye".utf8)) + text("no"))
        wire.codec.send(.text, [66].span)
        #expect(wire.record.events == [.ended(code, isFault: false)])
        #expect(wire.output() == [0x81, 1, 65, 0x88, 2] + close(code))
    }

    @Test("an empty close is answered with 1000")
    func emptyClose() {
        let wire = Wire()
        wire.feed(frame(8))
        #expect(wire.record.events == [.ended(1005, isFault: false)])
        #expect(wire.output() == [0x88, 2] + close(1000))
    }

    @Test("our own close is sent once, after what waits, and the client's close ends it")
    func ownClose() {
        let wire = Wire()
        wire.codec.send(.text, [65].span)
        wire.codec.close(.goingAway, String(repeating: "ü", count: 100))
        wire.codec.close(.normal)
        #expect(!wire.codec.isOpen && !wire.codec.isOver)
        wire.feed(text("still heard") + frame(8, close(1001)))
        #expect(wire.record.events == [.text("still heard"), .ended(1001, isFault: false)])
        let output = wire.output()
        #expect(Array(output[0..<3]) == [0x81, 1, 65] && output[3] == 0x88 && output[4] == 124)
        #expect(output.count == 3 + 2 + 124)
    }

    @Test("pings are answered; of a flood with unread answers, some and the last")
    func pings() {
        let wire = Wire()
        for number in 0..<200 as Range<UInt8> { wire.feed(frame(9, [number])) }
        #expect(wire.codec.pending == 16 * 3)
        let output = wire.output()
        #expect(output.count == 17 * 3 && output.last == 199)
        wire.feed(frame(9, [5]))
        #expect(wire.output() == [0x8A, 1, 5])
    }

    @Test("output leaves in parts")
    func parts() {
        let wire = Wire()
        let payload = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        wire.codec.send(.binary, payload.span)
        var bytes: [UInt8] = []
        while wire.codec.pending > 0 {
            wire.codec.drain { span in
                let count = min(70_000, span.count)
                for index in 0..<count { bytes.append(span[index]) }
                return count
            }
        }
        #expect(Array(bytes.dropFirst(10)) == payload)
    }

    @Test("the mask comes off at every offset and length, as it does byte by byte")
    func masking() {
        let mask: UInt32 = 0xD3B1_4D07
        for offset in 0..<9 {
            for start in 0..<9 {
                for length in 0..<40 {
                    var bytes = (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 37) }
                    var expected = bytes
                    for index in start..<start + length {
                        expected[index] ^= UInt8(truncatingIfNeeded: mask >> UInt32(8 * ((offset + index - start) % 4)))
                    }
                    var span = bytes.mutableSpan
                    Masking.remove(mask, offset: offset, from: &span, start..<start + length)
                    #expect(bytes == expected)
                }
            }
        }
    }
}
