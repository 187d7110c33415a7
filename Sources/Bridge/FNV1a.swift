// FNV-1a in 64 bits, for the keys of tables. Not keyed: do not use it on names that an attacker can choose.

public enum FNV1a {
    @inlinable
    public static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        return hash
    }
}
