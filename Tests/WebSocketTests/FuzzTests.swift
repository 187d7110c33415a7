// Anything at all, cut anywhere: the same outcome, no crash, no memory beyond the bounds.

import Testing

@testable import WebSocket

@Suite("Anything at all") struct FuzzTests {
    /// SplitMix64.
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
    }

    private func stream(_ random: inout Generator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let payload = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 32...126, using: &random)
            }
            let opcode: UInt8 = [0, 1, 1, 1, 2, 2, 9, 10].randomElement(using: &random) ?? 1
            let isFinal = opcode >= 8 || Bool.random(using: &random)
            let reserved: UInt8 = Int.random(in: 0..<6, using: &random) == 0 ? 0x40 : 0
            let limited = opcode >= 8 ? Array(payload.prefix(125)) : payload
            bytes += frame(opcode, limited, final: isFinal, reserved: reserved)
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            bytes[place] ^= UInt8.random(in: 1...255, using: &random)
        }
        return bytes
    }

    @Test("means the same in one piece and in many", arguments: 0..<8 as Range<UInt64>)
    func pieces(seed: UInt64) {
        var random = Generator(state: seed)
        var sound = 0
        for _ in 0..<400 {
            let bytes = stream(&random)
            let whole = Wire(deflate: DeflateParameters())
            whole.feed(bytes)
            if !whole.codec.isOver { sound += 1 }
            let output = whole.output()
            for size in [1, 2, 3, 17, 64] {
                let cut = Wire(deflate: DeflateParameters())
                cut.feed(bytes, by: size)
                #expect(cut.record.events == whole.record.events)
                // Of two faults in one piece it depends on the cut which one is named; the code does not.
                if !whole.codec.isOver { #expect(cut.output() == output) }
            }
        }
        #expect(sound > 20 && sound < 380, "too few streams of one kind to mean anything")
    }
}
