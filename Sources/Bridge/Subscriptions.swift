// Subscribers by topic. A topic is a prefix, as in ZeroMQ: a subscriber to `ab` gets `ab` and `abc`, but not `a`.
//
//       topics, sorted     ""   "a"   "ab"   "abc"   "b"
//       its own prefix          ""    "a"    "ab"    ""       each links to the longest other topic that is a prefix
//
// For a message on `abx`, a binary search finds the last topic that is not above it, `abc`; then the links lead to
// every topic that is a prefix of `abx`, because any text sorted between a prefix and the text itself begins with that
// prefix. A message costs one binary search plus its matches.

/// Subscribers, as small numbers, by topic. A topic exists as long as it has a subscriber.
public final class Subscriptions {
    private final class Entry {
        let topic: [UInt8]
        var listeners: [Int]
        /// The longest other topic that is a prefix of this one.
        var prefix: Entry?

        init(_ topic: [UInt8], _ listener: Int) {
            self.topic = topic
            listeners = [listener]
        }
    }

    private var entries: [Entry] = []
    /// For each subscriber, the last message that it was found for: overlapping topics yield a message once.
    private var stamps: [UInt64] = []
    private var stamp: UInt64 = 0

    public init() {}

    /// Topics with a subscriber.
    public var count: Int { entries.count }
    public var isEmpty: Bool { entries.isEmpty }

    public func holds(_ topic: [UInt8]) -> Bool { position(of: topic).isHeld }

    /// Subscribes `listener` to `topic`; it must not be subscribed yet. Subscribers are small numbers from 0.
    /// - Returns: whether it is the topic's first subscriber.
    public func add(_ topic: [UInt8], for listener: Int) -> Bool {
        if listener >= stamps.count {
            stamps.append(contentsOf: repeatElement(0, count: listener + 1 - stamps.count))
        }
        let (index, isHeld) = position(of: topic)
        if isHeld {
            entries[index].listeners.append(listener)
            return false
        }
        let entry = Entry(topic, listener)
        entry.prefix = index > 0 ? Self.longestPrefix(of: topic.span, from: entries[index - 1]) : nil
        entries.insert(entry, at: index)
        adopt(behind: index, from: entry.prefix, by: entry)
        return true
    }

    /// Unsubscribes `listener` from `topic`.
    /// - Returns: whether it was the topic's last subscriber; false if it was not subscribed.
    public func remove(_ topic: [UInt8], for listener: Int) -> Bool {
        let (index, isHeld) = position(of: topic)
        guard isHeld, let place = entries[index].listeners.firstIndex(of: listener) else { return false }
        let entry = entries[index]
        entry.listeners.swapAt(place, entry.listeners.count - 1)
        entry.listeners.removeLast()
        guard entry.listeners.isEmpty else { return false }
        adopt(behind: index, from: entry, by: entry.prefix)
        entries.remove(at: index)
        return true
    }

    /// Appends to `found` every subscriber to a message on `topic`, each once.
    public func find(_ topic: Span<UInt8>, into found: inout [Int]) {
        let index = firstIndex(above: topic)
        guard index > 0 else { return }
        var next = Self.longestPrefix(of: topic, from: entries[index - 1])
        stamp += 1
        while let entry = next {
            for listener in entry.listeners where stamps[listener] != stamp {
                stamps[listener] = stamp
                found.append(listener)
            }
            next = entry.prefix
        }
    }

    /// Relinks the topics after `index` that begin with its topic: those with prefix `old` get prefix `new`.
    private func adopt(behind index: Int, from old: Entry?, by new: Entry?) {
        let topic = entries[index].topic
        var next = index + 1
        while next < entries.count, entries[next].topic.starts(with: topic) {
            if entries[next].prefix === old { entries[next].prefix = new }
            next += 1
        }
    }

    private static func longestPrefix(of topic: Span<UInt8>, from start: Entry) -> Entry? {
        var next: Entry? = start
        while let entry = next, !topic.begins(with: entry.topic) { next = entry.prefix }
        return next
    }

    private func position(of topic: [UInt8]) -> (index: Int, isHeld: Bool) {
        let above = firstIndex(above: topic.span)
        guard above > 0, entries[above - 1].topic == topic else { return (above, false) }
        return (above - 1, true)
    }

    private func firstIndex(above topic: Span<UInt8>) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if topic.isBelow(entries[middle].topic) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension Span<UInt8> {
    fileprivate func begins(with prefix: [UInt8]) -> Bool {
        guard prefix.count <= count else { return false }
        for index in prefix.indices where self[index] != prefix[index] { return false }
        return true
    }

    /// Byte order; a prefix comes first.
    fileprivate func isBelow(_ other: [UInt8]) -> Bool {
        for index in 0..<Swift.min(count, other.count) where self[index] != other[index] {
            return self[index] < other[index]
        }
        return count < other.count
    }
}
