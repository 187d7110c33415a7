// First in, first out: a ring of places that doubles when it is full and is given back when it has become empty.
//
//     head = 5, count = 5     | 4 | 5 |   |   |   | 1 | 2 | 3 |     the next one goes behind 5
//
// The number of places is a power of two, so that an index wraps with a mask. A place that was left holds nothing: an
// object that was taken out lives only as long as its new owner wants.

/// Elements in the order of their coming; `append` and `popFirst` are O(1), amortised. Up to 2^32 - 1 of them.
public struct FIFO<Element> {
    @usableFromInline var places: [Element?] = []
    @usableFromInline var head: UInt32 = 0
    @usableFromInline var length: UInt32 = 0

    @inlinable
    public init() {}

    /// Places that stay in memory once it has become empty.
    @inlinable static var keptPlaces: Int { 64 }

    /// Elements for which there is memory.
    public var capacity: Int { places.count }

    @inlinable
    public mutating func append(_ element: Element) {
        if Int(length) == places.count { grow() }
        places[place(of: Int(length))] = element
        length += 1
    }

    @inlinable
    public mutating func append(contentsOf elements: some Sequence<Element>) {
        for element in elements { append(element) }
    }

    /// Puts an element in front of all others.
    @inlinable
    public mutating func prepend(_ element: Element) {
        if Int(length) == places.count { grow() }
        head = UInt32(place(of: places.count - 1))
        places[Int(head)] = element
        length += 1
    }

    /// Takes the first element out; nil if there is none.
    @inlinable
    public mutating func popFirst() -> Element? {
        guard length > 0 else { return nil }
        let first = places[Int(head)].take()
        head = UInt32(place(of: 1))
        length -= 1
        if length == 0, places.count > Self.keptPlaces { removeAll() }
        return first
    }

    /// Takes an element out of the middle. O(count).
    @inlinable
    @discardableResult
    public mutating func remove(at index: Int) -> Element {
        let removed = self[index]
        for later in index..<count - 1 { places[place(of: later)] = self[later + 1] }
        places[place(of: count - 1)] = nil
        length -= 1
        return removed
    }

    /// Takes out what `isWanted` says, the first to come first; what stays keeps its order. O(count).
    @inlinable
    @discardableResult
    public mutating func removeAll(where isWanted: (Element) throws -> Bool) rethrows -> [Element] {
        var removed: [Element] = []
        var kept = FIFO()
        for element in self {
            if try isWanted(element) { removed.append(element) } else { kept.append(element) }
        }
        if !removed.isEmpty { self = kept }
        return removed
    }

    /// Empties it and gives its memory back.
    @inlinable
    public mutating func removeAll() { self = FIFO() }

    @inlinable
    func place(of index: Int) -> Int { (Int(head) &+ index) & (places.count &- 1) }

    @inlinable
    mutating func grow() {
        let count = Int(length)
        var larger: [Element?] = []
        larger.reserveCapacity(Swift.max(4, 2 * count))
        for index in 0..<count { larger.append(places[place(of: index)]) }
        for _ in count..<Swift.max(4, 2 * count) { larger.append(nil) }
        (places, head) = (larger, 0)
    }
}

extension FIFO: RandomAccessCollection, ExpressibleByArrayLiteral {
    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { Int(length) }

    /// The element that has `index` others before it.
    @inlinable
    public subscript(index: Int) -> Element {
        precondition(index >= 0 && index < length, "an element that is not there")
        guard let element = places[place(of: index)] else { preconditionFailure("a place that holds nothing") }
        return element
    }

    @inlinable
    public init(arrayLiteral elements: Element...) { append(contentsOf: elements) }
}

extension FIFO: Sendable where Element: Sendable {}
