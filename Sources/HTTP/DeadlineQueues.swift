// The deadlines of connections. Each phase of a connection has one constant duration, so those that enter a phase later
// expire later: a queue for each phase is sorted by itself, and nothing costs more than relinking two neighbours.
//
//     queue .header: oldest <-> ... <-> newest        a slot (one a connection) stands in one queue at most
//     queue .idle:   oldest <-> ... <-> newest
//
// Without a clock: time comes in as nanoseconds. A class, because a struct in its owner's property would be checked for
// overlapping access each time a request enters or leaves a queue.

/// What a connection is waited for.
enum DeadlineKind: Int, CaseIterable {
    case header, idle, body, send, linger
}

final class DeadlineQueues {
    private struct Link {
        var previous: Int32 = -1
        var next: Int32 = -1
        var queue: Int8 = -1
        var deadline: UInt64 = 0
    }

    private var links: [Link] = []
    private var first = [5 of Int32](repeating: -1)
    private var last = [5 of Int32](repeating: -1)

    /// Makes room for slots below `count`.
    func reserve(_ count: Int) {
        while links.count < count { links.append(Link()) }
    }

    /// Puts a slot at the end of a queue, after leaving the one it stands in.
    func enter(_ slot: Int, _ kind: DeadlineKind, deadline: UInt64) {
        leave(slot)
        let queue = kind.rawValue
        links[slot].queue = Int8(queue)
        links[slot].deadline = deadline
        links[slot].next = -1
        links[slot].previous = last[queue]
        if last[queue] >= 0 { links[Int(last[queue])].next = Int32(slot) } else { first[queue] = Int32(slot) }
        last[queue] = Int32(slot)
    }

    /// Takes a slot out of its queue, if it stands in one.
    func leave(_ slot: Int) {
        let link = links[slot]
        guard link.queue >= 0 else { return }
        let queue = Int(link.queue)
        if link.previous >= 0 { links[Int(link.previous)].next = link.next } else { first[queue] = link.next }
        if link.next >= 0 { links[Int(link.next)].previous = link.previous } else { last[queue] = link.previous }
        links[slot].queue = -1
    }

    /// Takes out one slot whose time has come.
    func popExpired(_ now: UInt64) -> (slot: Int, kind: DeadlineKind)? {
        for kind in DeadlineKind.allCases {
            let slot = Int(first[kind.rawValue])
            guard slot >= 0, links[slot].deadline <= now else { continue }
            leave(slot)
            return (slot, kind)
        }
        return nil
    }

    /// The earliest deadline of all.
    var earliest: UInt64? {
        var earliest: UInt64?
        for queue in first.indices where first[queue] >= 0 {
            let deadline = links[Int(first[queue])].deadline
            if earliest == nil || deadline < earliest! { earliest = deadline }
        }
        return earliest
    }

    /// The slots of one queue, oldest first. For the rare look at all of them.
    func slots(in kind: DeadlineKind) -> [Int] {
        var slots: [Int] = []
        var slot = first[kind.rawValue]
        while slot >= 0 {
            slots.append(Int(slot))
            slot = links[Int(slot)].next
        }
        return slots
    }
}
