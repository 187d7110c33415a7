// Sizes in the units that people use.

/// Sizes for people: `64 KiB`, `1 MiB`, `1500 bytes`.
package enum ByteCount {
    package static func text(_ bytes: Int) -> String {
        let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        guard let (unit, size) = units.first(where: { bytes >= $0.1 && bytes % $0.1 == 0 }) else {
            return "\(bytes) bytes"
        }
        return "\(bytes / size) \(unit)"
    }
}
