// FNV-1a in 64 bits: a short name as a number. It holds nobody off who chooses names to collide.

public enum FNV1a {
    @inlinable
    public static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        return hash
    }
}
