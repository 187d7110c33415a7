// A hierarchical timer wheel: schedule, cancel and fire in O(1), whatever the number of timers. It counts ticks and has
// no clock; the reactor defines the length of a tick.
//
//      level 0   64 slots of 1 tick       the next 64 ticks, one slot per tick
//      level 1   64 slots of 64 ticks     a slot is spread over level 0 when its first tick comes
//      ...       8 levels, 48 bits of ticks: 8,900 years of milliseconds, so nothing ever wraps around
//
// A timer is at the level of the highest base-64 digit in which its tick differs from the current one. So the occupied
// slots of a level are ahead of the current digit, and the lowest occupied level has the next timer. Timers are nodes
// of one array, linked in rings; the first nodes are the heads of the rings, the last head that of the due timers.
// Timers of one tick fire in the order they were scheduled. Memory: 48 bytes per node with the reactor's payload; the
// array never shrinks.

/// Timers that carry a `Payload`, sorted by tick.
struct TimerWheel<Payload> {
    private struct Node {
        var next: UInt32
        var previous: UInt32
        var generation: UInt32 = 0
        /// The ring of the node: level * 64 + slot, `due`, or `free`.
        var ring: UInt32
        var tick: UInt64 = 0
        var payload: Payload?
    }

    private static var levels: Int { 8 }
    private static var due: UInt32 { UInt32(levels * 64) }
    private static var free: UInt32 { UInt32.max }

    private var nodes: [Node]
    private var occupied = InlineArray<8, UInt64>(repeating: 0)
    private var firstFree = TimerWheel.free
    /// The tick the wheel has advanced to.
    private(set) var current: UInt64
    /// Scheduled timers, including due ones.
    private(set) var count = 0

    init(current: UInt64 = 0) {
        self.current = current
        nodes = (0...TimerWheel.due).map { Node(next: $0, previous: $0, ring: $0, payload: nil) }
    }

    /// Schedules `payload` for `tick`, below 2^48; a tick in the past is due at the next `advance`.
    mutating func schedule(at tick: UInt64, _ payload: Payload) -> TimerID {
        precondition(tick < 1 << 48, "a tick has 48 bits")
        let index = takeNode()
        nodes[Int(index)].tick = max(tick, current)
        nodes[Int(index)].payload = payload
        link(index, into: ring(for: nodes[Int(index)].tick))
        count += 1
        return TimerID(slot: index, generation: nodes[Int(index)].generation)
    }

    /// Removes a timer.
    /// - Returns: its payload; nil if it has fired or was cancelled before.
    @discardableResult
    mutating func cancel(_ timer: TimerID) -> Payload? {
        let index = Int(timer.slot)
        guard index > Int(TimerWheel.due), index < nodes.count, nodes[index].generation == timer.generation else {
            return nil
        }
        return release(timer.slot)
    }

    /// The tick to advance to at the latest: never after the next timer, at most seven stops before it. Nil without
    /// timers.
    var nextTick: UInt64? {
        if nodes[Int(TimerWheel.due)].next != TimerWheel.due { return current }
        guard let level = lowestOccupiedLevel() else { return nil }
        return start(ofSlot: occupied[level].trailingZeroBitCount, level)
    }

    /// Advances to `tick` and makes every timer up to it due, in the order of ticks. `popDue` returns them.
    mutating func advance(to tick: UInt64) {
        while let level = lowestOccupiedLevel() {
            let slot = occupied[level].trailingZeroBitCount
            let start = start(ofSlot: slot, level)
            guard start <= tick else { break }
            current = start
            empty(UInt32(level * 64 + slot))
        }
        current = max(current, tick)
    }

    /// The payload of the next due timer; nil if none is due. A timer scheduled meanwhile is due at the next `advance`
    /// or later.
    mutating func popDue() -> Payload? {
        let first = nodes[Int(TimerWheel.due)].next
        return first == TimerWheel.due ? nil : release(first)
    }

    // MARK: - Slots

    private func lowestOccupiedLevel() -> Int? {
        for level in 0..<TimerWheel.levels where occupied[level] != 0 { return level }
        return nil
    }

    /// The first tick of a slot: the current tick's digits above the level, the slot as the level's digit, zeros below.
    private func start(ofSlot slot: Int, _ level: Int) -> UInt64 {
        let above = (current >> UInt64(6 * level + 6)) << UInt64(6 * level + 6)
        return above | UInt64(slot) << UInt64(6 * level)
    }

    private func ring(for tick: UInt64) -> UInt32 {
        let highestDifference = 63 - ((tick ^ current) | 1).leadingZeroBitCount
        let level = highestDifference / 6
        return UInt32(level * 64) + UInt32((tick >> UInt64(6 * level)) & 63)
    }

    /// Empties a slot whose time has come: timers of level 0 become due, others move to lower levels.
    private mutating func empty(_ ring: UInt32) {
        while case let index = nodes[Int(ring)].next, index != ring {
            unlink(index)
            link(index, into: ring < 64 ? TimerWheel.due : self.ring(for: nodes[Int(index)].tick))
        }
    }

    // MARK: - Rings

    private mutating func link(_ index: UInt32, into ring: UInt32) {
        let last = nodes[Int(ring)].previous
        nodes[Int(index)].ring = ring
        nodes[Int(index)].next = ring
        nodes[Int(index)].previous = last
        nodes[Int(last)].next = index
        nodes[Int(ring)].previous = index
        if ring != TimerWheel.due { occupied[Int(ring >> 6)] |= 1 << UInt64(ring & 63) }
    }

    private mutating func unlink(_ index: UInt32) {
        let (next, previous, ring) = (nodes[Int(index)].next, nodes[Int(index)].previous, nodes[Int(index)].ring)
        nodes[Int(previous)].next = next
        nodes[Int(next)].previous = previous
        if next == previous, next == ring, ring != TimerWheel.due {
            occupied[Int(ring >> 6)] &= ~(1 << UInt64(ring & 63))
        }
    }

    // MARK: - Nodes

    private mutating func takeNode() -> UInt32 {
        guard firstFree != TimerWheel.free else {
            nodes.append(Node(next: 0, previous: 0, ring: TimerWheel.free, payload: nil))
            return UInt32(nodes.count - 1)
        }
        let index = firstFree
        firstFree = nodes[Int(index)].next
        return index
    }

    private mutating func release(_ index: UInt32) -> Payload? {
        unlink(index)
        let payload = nodes[Int(index)].payload.take()
        nodes[Int(index)].generation &+= 1
        nodes[Int(index)].ring = TimerWheel.free
        nodes[Int(index)].next = firstFree
        firstFree = index
        count -= 1
        return payload
    }
}
