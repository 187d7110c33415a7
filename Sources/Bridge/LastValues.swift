// The last message of each topic, for subscribers that come later. Bounded: a new topic evicts the one that has been
// silent longest.
//
//       oldest <-> ... <-> newest       in the order of their last messages; a new message moves its topic to the end

/// The last value of each topic.
public struct LastValues<Value> {
    private struct Node {
        var topic: [UInt8]
        var value: Value
        var older: Int
        var newer: Int
    }

    /// Maximum number of topics; 0 keeps none.
    public let capacity: Int
    private var nodes: [Node] = []
    private var places: [[UInt8]: Int] = [:]
    private var oldest = -1
    private var newest = -1

    public init(capacity: Int) { self.capacity = capacity }

    /// Topics that have a value.
    public var count: Int { nodes.count }

    /// Stores `value` as the last one of `topic`.
    public mutating func keep(_ value: Value, for topic: [UInt8]) {
        guard capacity > 0 else { return }
        if let place = places[topic] {
            nodes[place].value = value
            unlink(place)
            link(place)
        } else if nodes.count < capacity {
            nodes.append(Node(topic: topic, value: value, older: -1, newer: -1))
            places[topic] = nodes.count - 1
            link(nodes.count - 1)
        } else {
            let place = oldest
            places[nodes[place].topic] = nil
            unlink(place)
            nodes[place].topic = topic
            nodes[place].value = value
            places[topic] = place
            link(place)
        }
    }

    /// The values that a new subscriber to `topic` has missed, oldest first. O(topics).
    /// - Parameter heard: topics that it already subscribes to; their values are left out.
    public func values(for topic: [UInt8], besides heard: [[UInt8]] = []) -> [Value] {
        var values: [Value] = []
        var place = oldest
        while place >= 0 {
            let name = nodes[place].topic
            if name.starts(with: topic), !heard.contains(where: { name.starts(with: $0) }) {
                values.append(nodes[place].value)
            }
            place = nodes[place].newer
        }
        return values
    }

    private mutating func link(_ place: Int) {
        nodes[place].older = newest
        nodes[place].newer = -1
        if newest >= 0 { nodes[newest].newer = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        let (older, newer) = (nodes[place].older, nodes[place].newer)
        if older >= 0 { nodes[older].newer = newer } else { oldest = newer }
        if newer >= 0 { nodes[newer].older = older } else { newest = older }
    }
}
