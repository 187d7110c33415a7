// Values by the names that peers have: bytes, looked up where they lie. A dictionary would want an array made of them
// first, for each message.
//
//     hashes   | 0 | 7af3.. | 0 | 19c0.. | 19c0.. | 0 |      open addressing: the next free place takes it
//     entries  |   | "w1"   |   | "w2"   | "w3"   |   |
//
// Inlinable, or each use would go through the metadata of a generic type: 8,000 instructions a request of a broker.
// FNV-1a. Names come from workers and native clients, which are trusted; equal hashes only stand one after another.

/// Values by names that come as bytes.
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
    /// 0 where nothing is; as many as entries, a power of two.
    @usableFromInline var hashes: [UInt64]
    @usableFromInline var entries: [Entry?]

    public init() {
        hashes = Array(repeating: 0, count: 8)
        entries = Array(repeating: nil, count: 8)
    }

    /// What has that name.
    @inlinable
    public func find(_ name: Span<UInt8>) -> Value? {
        let hash = Self.hash(name)
        guard let index = index(of: name, hash) else { return nil }
        return entries[index]?.value
    }

    /// Takes `value` in, in the place of what had that name.
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
        // Those behind it that would be found no more move up.
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

    /// Everything, in no order; for pages, not for the way of a request.
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

    /// Never 0.
    @inlinable
    static func hash(_ name: Span<UInt8>) -> UInt64 {
        var hash = FNV1a.hash(name)
        // The low bits choose the place, and of short names the high ones differ.
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
