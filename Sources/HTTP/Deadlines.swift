// The deadlines of connections: one for each slot (one a connection), or none. To set one is to store a word; who is
// due is found by looking through all slots, which costs 10 us with 10,000 of them and happens when the earliest that
// was ever set since the last look is due, at most once in `lookInterval`: so much later one may come.
//
// Without a clock: time comes in as nanoseconds.

/// What a connection is waited for.
enum DeadlineKind: Int, CaseIterable {
    case header, idle, body, send, linger
    /// As `header`, before the first byte.
    case fresh
}

@safe final class Deadlines {
    // SAFETY: `capacity` words, all initialized, the first `count` in use; owned by this object, freed in deinit. A
    // plain pointer, because an array in an object is checked for overlapping access at each use.
    private var words: UnsafeMutablePointer<UInt64>
    private var capacity = 64
    private var count = 0
    /// Slots that have a deadline.
    private var waiting = 0
    /// No deadline is before it.
    private var nextLook = UInt64.max

    /// In a word: the time, and in its lowest bits what is waited for.
    private static let none = UInt64.max
    private static let kindMask: UInt64 = 7
    private static let lookInterval: UInt64 = 50_000_000

    init() {
        unsafe words = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
        unsafe words.initialize(repeating: Self.none, count: capacity)
    }

    deinit { unsafe words.deallocate() }

    /// Makes room for slots below `count`.
    func reserve(_ count: Int) {
        self.count = max(self.count, count)
        guard count > capacity else { return }
        let larger = max(count, capacity * 2)
        // SAFETY: the old words are copied before they are freed, and the new ones behind them are set.
        let moved = UnsafeMutablePointer<UInt64>.allocate(capacity: larger)
        unsafe moved.initialize(from: words, count: capacity)
        unsafe (moved + capacity).initialize(repeating: Self.none, count: larger - capacity)
        unsafe words.deallocate()
        unsafe words = moved
        capacity = larger
    }

    /// Sets the deadline of a slot, in place of the one it had.
    func set(_ slot: Int, _ kind: DeadlineKind, _ deadline: UInt64) {
        precondition(slot >= 0 && slot < count)
        // SAFETY: slot < count <= capacity.
        if unsafe words[slot] == Self.none { waiting += 1 }
        unsafe words[slot] = deadline & ~Self.kindMask | UInt64(kind.rawValue)
        if deadline < nextLook { nextLook = deadline }
    }

    /// Takes a slot's deadline back, if it has one.
    func clear(_ slot: Int) {
        precondition(slot >= 0 && slot < count)
        // SAFETY: slot < count <= capacity.
        guard unsafe words[slot] != Self.none else { return }
        unsafe words[slot] = Self.none
        waiting -= 1
    }

    /// Takes out every slot whose time has come, and hands it to `body`, which may set deadlines anew.
    func expire(_ now: UInt64, _ body: (Int, DeadlineKind) -> Void) {
        guard now >= nextLook else { return }
        nextLook = .max
        var earliest = UInt64.max
        for slot in 0..<count {
            // SAFETY: slot < count <= capacity, also after `body` has made room for more.
            let word = unsafe words[slot]
            if word == Self.none { continue }
            if word > now {
                earliest = min(earliest, word)
            } else {
                clear(slot)
                if let kind = DeadlineKind(rawValue: Int(word & Self.kindMask)) { body(slot, kind) }
            }
        }
        nextLook = min(nextLook, max(earliest, now &+ Self.lookInterval))
    }

    /// When to look again, at the latest; nil when nobody waits for anything.
    var earliest: UInt64? { waiting == 0 ? nil : nextLook }

    /// The slot that has rested longest: between two requests, or before the first byte of one. `durations` are those
    /// that the deadlines were set with. About 5 us with 10,000 slots.
    func longestResting(_ durations: [6 of UInt64]) -> Int? {
        var longest: Int?
        var since = UInt64.max
        for slot in 0..<count {
            // SAFETY: slot < count <= capacity.
            let word = unsafe words[slot]
            let kind = Int(word & Self.kindMask)
            guard kind == DeadlineKind.idle.rawValue || kind == DeadlineKind.fresh.rawValue else { continue }
            let began = word &- durations[kind]
            if began < since { (longest, since) = (slot, began) }
        }
        return longest
    }

    /// Waits for another thing at `slot`, until the same time.
    func rename(_ slot: Int, _ kind: DeadlineKind) {
        precondition(slot >= 0 && slot < count)
        // SAFETY: slot < count <= capacity.
        let word = unsafe words[slot]
        if word != Self.none { unsafe words[slot] = word & ~Self.kindMask | UInt64(kind.rawValue) }
    }

    /// The slots that wait for one thing. For the rare look at all of them.
    func slots(for kind: DeadlineKind) -> [Int] {
        // SAFETY: every slot below count is below capacity.
        (0..<count).filter { slot in
            let word = unsafe words[slot]
            return word != Self.none && word & Self.kindMask == UInt64(kind.rawValue)
        }
    }
}
