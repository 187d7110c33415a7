// Each rule of RFC 6455, sections 5 to 8, by its breach.

import Testing

@testable import WebSocket

@Suite("A breach of the protocol") struct RuleTests {
    struct Breach: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        let code: UInt16

        init(_ name: String, _ code: UInt16, _ frames: [UInt8]...) {
            testDescription = name
            bytes = frames.flatMap { $0 }
            self.code = code
        }
    }

    static let breaches: [Breach] = [
        Breach("RSV1 without compression", 1002, frame(1, [65], reserved: 0x40)),
        Breach("RSV2", 1002, frame(1, [65], reserved: 0x20)),
        Breach("RSV3", 1002, frame(2, [65], reserved: 0x10)),
        Breach("opcode 3", 1002, frame(3)),
        Breach("opcode 7", 1002, frame(7, [1, 2])),
        Breach("opcode 11", 1002, frame(11)),
        Breach("opcode 15", 1002, frame(15)),
        Breach("no mask", 1002, frame(1, [65], mask: nil)),
        Breach("a ping in fragments", 1002, frame(9, [1], final: false)),
        Breach("a ping of 126 bytes", 1002, frame(9, [UInt8](repeating: 1, count: 126))),
        Breach("a close in fragments", 1002, frame(8, [], final: false)),
        Breach("a length of 125 in two bytes", 1002, frame(1, [UInt8](repeating: 65, count: 125), lengthBytes: 2)),
        Breach("a length of 65535 in eight bytes", 1002, frame(1, lengthBytes: 8, announcing: 65_535)),
        Breach("a length with its highest bit", 1002, frame(2, lengthBytes: 8, announcing: 1 << 63)),
        Breach("a length of 2^62", 1009, frame(2, lengthBytes: 8, announcing: 1 << 62)),
        Breach("more than is allowed", 1009, frame(2, lengthBytes: 8, announcing: 1 << 20 + 1)),
        Breach(
            "more than is allowed, in fragments", 1009, frame(2, [UInt8](repeating: 1, count: 100_000), final: false),
            frame(0, lengthBytes: 8, announcing: 1 << 20 - 99_999)),
        Breach("a continuation of nothing", 1002, frame(0, [65])),
        Breach("a continuation after the last one", 1002, text("a"), frame(0, [65])),
        Breach("a message inside of a message", 1002, frame(1, [65], final: false), frame(1, [66])),
        Breach("a lone continuation byte", 1007, frame(1, [0x80])),
        Breach("an overlong slash", 1007, frame(1, [0xC0, 0xAF])),
        Breach("an overlong three bytes", 1007, frame(1, [0xE0, 0x9F, 0xBF])),
        Breach("a surrogate", 1007, frame(1, [0xED, 0xA0, 0x80])),
        Breach("beyond U+10FFFF", 1007, frame(1, [0xF4, 0x90, 0x80, 0x80])),
        Breach("a sequence cut by the end", 1007, frame(1, [65, 0xE2, 0x82])),
        Breach(
            "a sequence cut by the end of the last fragment", 1007, frame(1, [0xE2], final: false), frame(0, [0x82])),
        Breach("a close of one byte", 1002, frame(8, [3])),
        Breach("close 999", 1002, frame(8, close(999))),
        Breach("close 1004", 1002, frame(8, close(1004))),
        Breach("close 1005", 1002, frame(8, close(1005))),
        Breach("close 1006", 1002, frame(8, close(1006))),
        Breach("close 1015", 1002, frame(8, close(1015))),
        Breach("close 1016", 1002, frame(8, close(1016))),
        Breach("close 2999", 1002, frame(8, close(2999))),
        Breach("close 5000", 1002, frame(8, close(5000))),
        Breach("a reason that is not UTF-8", 1007, frame(8, close(1000) + [0xCE, 0xBA, 0xE1])),
    ]

    @Test("ends with its code, sent once, however the bytes are cut", arguments: breaches, [1, 2, 7, Int.max])
    func breach(_ breach: Breach, size: Int) {
        let wire = Wire()
        wire.feed(breach.bytes + text("too late"), by: size)
        #expect(wire.record.events.last == .ended(breach.code, isFault: true))
        #expect(wire.record.events.count { if case .ended = $0 { true } else { false } } == 1)
        #expect(!wire.record.events.contains(.text("too late")))
        #expect(wire.codec.isOver)
        let output = wire.output()
        #expect(output[0] == 0x88 && Array(output[2..<4]) == close(breach.code))
        #expect(Int(output[1]) == output.count - 2 && output.count <= 127)
    }

    @Test("is detected at the first byte that shows it")
    func failsFast() {
        for breach in Self.breaches where breach.code == 1007 && breach.bytes[0] == 0x81 {
            let wire = Wire()
            // A frame that announces more: what is there is wrong already.
            var bytes = breach.bytes
            bytes[1] += 1
            wire.feed(bytes)
            let isCut = breach.testDescription.contains("cut")
            #expect(wire.codec.isOver == !isCut, "\(breach.testDescription)")
        }
    }

    @Test("too many fragments end the message, not the memory")
    func fragments() {
        var limits = CodecLimits()
        limits.maxFragments = 10
        let wire = Wire(limits)
        wire.feed(frame(2, [1], final: false))
        for _ in 0..<9 { wire.feed(frame(0, [1], final: false)) }
        #expect(!wire.codec.isOver)
        wire.feed(frame(0, [1]))
        #expect(wire.record.events == [.ended(1009, isFault: true)])
    }
}
