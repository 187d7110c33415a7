// A hash table with the names of peers as keys, looked up as spans. A dictionary would need an array, and so an
// allocation, per message.
//
//       hashes   | 0 | 7af3.. | 0 | 19c0.. | 19c0.. | 0 |      open addressing, linear probing
//       entries  |   | "w1"   |   | "w2"   | "w3"   |   |
//
// Inlinable: going through the metadata of a generic type cost 8,000 instructions per request of a broker. The hash is
// FNV-1a: names come from workers and native clients, which are trusted, and a collision only costs a probe.

/// Values by byte-string name.
public struct NameTable<Value> {
    @usableFromInline
    struct Entry {
        @usableFromInline let name: [UInt8]
        @usableFromInline var value: Value
        @usableFromInline
        init(name: [UInt8], value: Value) {
            self.name = name
            self.value = value
        }
    }

    public var count: Int { used }
    @usableFromInline var used = 0
    /// 0 for a free place; same length as `entries`, a power of two.
    @usableFromInline var hashes: [UInt64]
    @usableFromInline var entries: [Entry?]

    public init() {
        hashes = Array(repeating: 0, count: 8)
        entries = Array(repeating: nil, count: 8)
    }

    /// The value for `name`; nil if there is none.
    @inlinable
    public func find(_ name: Span<UInt8>) -> Value? {
        let hash = Self.hash(name)
        guard let index = index(of: name, hash) else { return nil }
        return entries[index]?.value
    }

    /// Stores `value` under `name`, in place of an earlier value.
    @inlinable
    public mutating func insert(_ value: Value, as name: [UInt8]) {
        let hash = Self.hash(name.span)
        if let index = index(of: name.span, hash) {
            entries[index]?.value = value
            return
        }
        if (used + 1) * 2 > hashes.count { grow() }
        place(Entry(name: name, value: value), hash)
        used += 1
    }

    @inlinable
    public mutating func remove(_ name: [UInt8]) {
        guard var hole = index(of: name.span, Self.hash(name.span)) else { return }
        used -= 1
        // Entries behind the hole move up if probing would no longer reach them.
        var next = hole
        while true {
            next = (next + 1) & (hashes.count - 1)
            guard hashes[next] != 0 else { break }
            let home = Int(truncatingIfNeeded: hashes[next]) & (hashes.count - 1)
            let isReached = (next &- home) & (hashes.count - 1) >= (next &- hole) & (hashes.count - 1)
            guard isReached else { continue }
            hashes[hole] = hashes[next]
            entries[hole] = entries[next]
            hole = next
        }
        hashes[hole] = 0
        entries[hole] = nil
    }

    /// All values, in no order; for pages, not for the request path.
    public var values: [Value] { entries.compactMap { $0?.value } }

    @inlinable
    func index(of name: Span<UInt8>, _ hash: UInt64) -> Int? {
        var index = Int(truncatingIfNeeded: hash) & (hashes.count - 1)
        while hashes[index] != 0 {
            if hashes[index] == hash, let entry = entries[index], Self.equal(entry.name, name) { return index }
            index = (index + 1) & (hashes.count - 1)
        }
        return nil
    }

    @inlinable
    mutating func place(_ entry: Entry, _ hash: UInt64) {
        var index = Int(truncatingIfNeeded: hash) & (hashes.count - 1)
        while hashes[index] != 0 { index = (index + 1) & (hashes.count - 1) }
        hashes[index] = hash
        entries[index] = entry
    }

    @inlinable
    mutating func grow() {
        let (oldHashes, oldEntries) = (hashes, entries)
        hashes = Array(repeating: 0, count: oldHashes.count * 2)
        entries = Array(repeating: nil, count: oldHashes.count * 2)
        for (hash, entry) in zip(oldHashes, oldEntries) { if let entry { place(entry, hash) } }
    }

    /// Never 0, which marks a free place.
    @inlinable
    static func hash(_ name: Span<UInt8>) -> UInt64 {
        var hash = FNV1a.hash(name)
        // The low bits select the place, but short names differ in the high bits.
        hash ^= hash >> 32
        return hash == 0 ? 1 : hash
    }

    @inlinable
    static func equal(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in right.indices where left[index] != right[index] { return false }
        return true
    }
}
