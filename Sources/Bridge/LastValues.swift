// The last message of each topic, for those who come later. Bounded: a topic too many, and the one that was silent for
// the longest time is forgotten.
//
//     oldest <-> ... <-> newest       in the order of their last messages; a new message moves its topic to the end

/// Values by topic, the last of each.
public struct LastValues<Value> {
    private struct Node {
        var topic: [UInt8]
        var value: Value
        var older: Int
        var newer: Int
    }

    /// The most topics that are kept; 0 keeps none.
    public let capacity: Int
    private var nodes: [Node] = []
    private var places: [[UInt8]: Int] = [:]
    private var oldest = -1
    private var newest = -1

    public init(capacity: Int) { self.capacity = capacity }

    /// Topics that are kept.
    public var count: Int { nodes.count }

    /// `value` is the last one of `topic`.
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

    /// What whoever listens to `topic` has missed, oldest first. Looks at every topic that is kept.
    /// - Parameter heard: topics that it listened to before; their values are left out.
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
