// Timers in a hierarchical wheel: O(1) to set and to cancel, whatever their number.
//
//   level 0   256 buckets of  1 ms        a timer lies on the level where its distance fits,
//   level 1   256 buckets of  256 ms      and moves down a level when the wheel above it turns
//   level 2   256 buckets of  65.5 s
//   level 3   256 buckets of  4.66 h      (farther ones wait in the last bucket and are placed again)
//
// Buckets are doubly linked lists through one array, so a cancelled timer leaves at once and nothing is allocated for
// one
// once the array has grown. A timer is never early: its tick is its deadline rounded up to the next millisecond.

/// A timer that was set. Cancelling one that fired, or that was cancelled, does nothing.
public struct TimerID: Hashable, Sendable {
    let slot: Int32
    let generation: UInt32
}

struct TimerWheel<Payload> {
    private struct Entry {
        var tick: UInt64 = 0
        var next: Int32 = -1
        var previous: Int32 = -1
        var bucket: Int32 = -1
        var generation: UInt32 = 0
        var payload: Payload?
    }

    static var granularity: UInt64 { 1_000_000 }

    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var heads = [Int32](repeating: -1, count: 4 * 256)
    /// One bit a level-0 bucket that is not empty.
    private var occupied: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var current: UInt64
    private(set) var count = 0

    /// - Parameter now: nanoseconds.
    init(now: UInt64) { current = now / Self.granularity }

    mutating func schedule(at deadline: UInt64, _ payload: Payload) -> TimerID {
        let slot = free.popLast() ?? grow()
        let tick = deadline / Self.granularity + (deadline % Self.granularity == 0 ? 0 : 1)
        entries[Int(slot)].tick = max(tick, current + 1)
        entries[Int(slot)].payload = payload
        link(slot)
        count += 1
        return TimerID(slot: slot, generation: entries[Int(slot)].generation)
    }

    /// - Returns: whether the timer was still set.
    @discardableResult
    mutating func cancel(_ timer: TimerID) -> Bool {
        let slot = Int(timer.slot)
        guard slot < entries.count, entries[slot].generation == timer.generation, entries[slot].payload != nil
        else { return false }
        unlink(timer.slot)
        release(timer.slot)
        return true
    }

    /// The next timer that is due at `now`, in the order of the ticks; nil when none is left.
    mutating func next(at now: UInt64) -> Payload? {
        let target = now / Self.granularity
        while true {
            let head = heads[Int(current & 255)]
            if head >= 0, entries[Int(head)].tick <= current {
                let payload = entries[Int(head)].payload
                unlink(head)
                release(head)
                return payload
            }
            guard current < target else { return nil }
            if count == 0 {
                current = target
                return nil
            }
            current += 1
            cascade()
        }
    }

    /// When to look again, in nanoseconds: the next timer's tick where it is near, an earlier time where it is far.
    var nextDeadline: UInt64? {
        guard count > 0 else { return nil }
        for offset in 1...256 {
            let tick = current + UInt64(offset)
            if isOccupied(Int(tick & 255)) || tick & 255 == 0 { return tick * Self.granularity }
        }
        return (current + 256) * Self.granularity
    }

    private mutating func cascade() {
        var level = 1
        while level < 4, current & ((1 << UInt64(8 * level)) - 1) == 0 {
            let bucket = level * 256 + Int(current >> UInt64(8 * level) & 255)
            var slot = heads[bucket]
            heads[bucket] = -1
            while slot >= 0 {
                let next = entries[Int(slot)].next
                link(slot)
                slot = next
            }
            level += 1
        }
    }

    private mutating func link(_ slot: Int32) {
        let tick = entries[Int(slot)].tick
        let distance = tick > current ? tick - current : 0
        var level = 0
        while level < 3 && distance >= 1 << UInt64(8 * (level + 1)) { level += 1 }
        let place = distance >= 1 << 32 ? current + (1 << 32) - 1 : tick
        let bucket = level * 256 + Int(place >> UInt64(8 * level) & 255)
        entries[Int(slot)].bucket = Int32(bucket)
        entries[Int(slot)].previous = -1
        entries[Int(slot)].next = heads[bucket]
        if heads[bucket] >= 0 { entries[Int(heads[bucket])].previous = slot }
        heads[bucket] = slot
        if level == 0 { mark(bucket, true) }
    }

    private mutating func unlink(_ slot: Int32) {
        let entry = entries[Int(slot)]
        if entry.previous >= 0 {
            entries[Int(entry.previous)].next = entry.next
        } else {
            heads[Int(entry.bucket)] = entry.next
        }
        if entry.next >= 0 { entries[Int(entry.next)].previous = entry.previous }
        if entry.bucket < 256 && heads[Int(entry.bucket)] < 0 { mark(Int(entry.bucket), false) }
    }

    private mutating func release(_ slot: Int32) {
        entries[Int(slot)].payload = nil
        entries[Int(slot)].generation &+= 1
        free.append(slot)
        count -= 1
    }

    private mutating func grow() -> Int32 {
        entries.append(Entry())
        return Int32(entries.count - 1)
    }

    private func isOccupied(_ bucket: Int) -> Bool {
        let word =
            switch bucket >> 6 {
            case 0: occupied.0
            case 1: occupied.1
            case 2: occupied.2
            default: occupied.3
            }
        return word >> UInt64(bucket & 63) & 1 == 1
    }

    private mutating func mark(_ bucket: Int, _ isOccupied: Bool) {
        let bit: UInt64 = 1 << UInt64(bucket & 63)
        func changed(_ word: UInt64) -> UInt64 { isOccupied ? word | bit : word & ~bit }
        switch bucket >> 6 {
        case 0: occupied.0 = changed(occupied.0)
        case 1: occupied.1 = changed(occupied.1)
        case 2: occupied.2 = changed(occupied.2)
        default: occupied.3 = changed(occupied.3)
        }
    }
}
