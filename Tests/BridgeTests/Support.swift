// What the tests of Bridge share: a small seeded generator, a clock made of plain numbers, and short spellings.

@testable import Bridge

/// Vigna's splitmix64: the same seed gives the same events on every machine.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True once in `times` on average.
    mutating func oneIn(_ times: Int) -> Bool { Int.random(in: 0..<times, using: &self) == 0 }
}

/// The manual clock: `at(5)` is five nanoseconds after its start.
func at(_ nanoseconds: UInt64) -> Instant { Instant(nanoseconds: nanoseconds) }

extension ReplyFacts {
    static let plain = ReplyFacts(byteCount: 10)
    static let final = ReplyFacts(byteCount: 10, isFinal: true)
    static let error = ReplyFacts(byteCount: 10, isError: true)
    static let invalid = ReplyFacts(byteCount: 10, isValid: false)
    static let keepalive = ReplyFacts(byteCount: 10, isKeepalive: true)
}
