// Removes a client's mask (RFC 6455, section 5.3), in place, eight bytes at a time.

enum Masking {
    /// Unmasks `range`.
    /// - Parameters:
    ///   - mask: the four bytes of the header, little-endian.
    ///   - offset: the bytes of the frame before `range`.
    static func remove(_ mask: UInt32, offset: Int, from bytes: inout MutableSpan<UInt8>, _ range: Range<Int>) {
        guard mask != 0 else { return }
        let shift = UInt32(offset & 3) * 8
        let turned = shift == 0 ? mask : mask >> shift | mask << (32 - shift)
        let word = UInt64(turned) << 32 | UInt64(turned)
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        // SAFETY: the range was compared with the span's bounds; words are read and written unaligned, within it.
        unsafe bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var index = range.lowerBound
            while index &+ 8 <= range.upperBound {
                let place = unsafe base + index
                let value = unsafe place.loadUnaligned(as: UInt64.self).littleEndian ^ word
                unsafe place.storeBytes(of: value.littleEndian, as: UInt64.self)
                index &+= 8
            }
            var rest = word
            while index < range.upperBound {
                // SAFETY: as above.
                let place = unsafe base + index
                let value = unsafe place.load(as: UInt8.self) ^ UInt8(truncatingIfNeeded: rest)
                unsafe place.storeBytes(of: value, as: UInt8.self)
                rest >>= 8
                index &+= 1
            }
        }
    }
}
