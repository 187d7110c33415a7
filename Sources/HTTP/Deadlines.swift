// The deadlines of connections, at most one per slot (one slot per connection). Setting one stores a word. Finding the
// expired ones scans all slots, which costs 10 us for 10,000 of them. A scan runs when the earliest deadline set since
// the last scan is due, but at most once per `lookInterval`, so a deadline may fire that much late.
//
// No clock: its callers pass the time, in nanoseconds.

/// What a connection is waiting for.
enum DeadlineKind: Int, CaseIterable {
    case header, idle, body, send, linger
    /// Like `header`, before the first byte.
    case fresh
}

@safe final class Deadlines {
    // SAFETY: `capacity` words, all initialized, the first `count` in use; owned by this object, freed in deinit. A
    // plain pointer, because every use of an array in an object is checked for overlapping access.
    private var words: UnsafeMutablePointer<UInt64>
    private var capacity = 64
    private var count = 0
    /// Slots that have a deadline.
    private var waiting = 0
    /// No deadline is earlier.
    private var nextLook = UInt64.max

    /// The layout of a word: the time, with the kind in its lowest bits.
    private static let none = UInt64.max
    private static let kindMask: UInt64 = 7
    private static let lookInterval: UInt64 = 50_000_000

    init() {
        unsafe words = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
        unsafe words.initialize(repeating: Self.none, count: capacity)
    }

    deinit { unsafe words.deallocate() }

    /// Allocates all slots below `count`.
    func reserve(_ count: Int) {
        self.count = max(self.count, count)
        guard count > capacity else { return }
        let larger = max(count, capacity * 2)
        // SAFETY: the old words are copied before they are freed, and the new ones after them are initialized.
        let moved = UnsafeMutablePointer<UInt64>.allocate(capacity: larger)
        unsafe moved.initialize(from: words, count: capacity)
        unsafe (moved + capacity).initialize(repeating: Self.none, count: larger - capacity)
        unsafe words.deallocate()
        unsafe words = moved
        capacity = larger
    }

    /// Sets a slot's deadline, in place of an earlier one.
    func set(_ slot: Int, _ kind: DeadlineKind, _ deadline: UInt64) {
        precondition(slot >= 0 && slot < count)
        // SAFETY: slot < count <= capacity.
        if unsafe words[slot] == Self.none { waiting += 1 }
        unsafe words[slot] = deadline & ~Self.kindMask | UInt64(kind.rawValue)
        if deadline < nextLook { nextLook = deadline }
    }

    /// Removes a slot's deadline, if it has one.
    func clear(_ slot: Int) {
        precondition(slot >= 0 && slot < count)
        // SAFETY: slot < count <= capacity.
        guard unsafe words[slot] != Self.none else { return }
        unsafe words[slot] = Self.none
        waiting -= 1
    }

    /// Removes every expired deadline and passes its slot to `body`, which may set new ones.
    func expire(_ now: UInt64, _ body: (Int, DeadlineKind) -> Void) {
        guard now >= nextLook else { return }
        nextLook = .max
        var earliest = UInt64.max
        for slot in 0..<count {
            // SAFETY: slot < count <= capacity, even after `body` has grown the array.
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

    /// When to call `expire` at the latest; nil if there are no deadlines.
    var earliest: UInt64? { waiting == 0 ? nil : nextLook }

    /// The slot that has been idle longest: between two requests, or before the first byte of one. `durations` are the
    /// ones that the deadlines were set with. About 5 us for 10,000 slots.
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

    /// Changes what `slot` waits for; the time stays.
    func rename(_ slot: Int, _ kind: DeadlineKind) {
        precondition(slot >= 0 && slot < count)
        // SAFETY: slot < count <= capacity.
        let word = unsafe words[slot]
        if word != Self.none { unsafe words[slot] = word & ~Self.kindMask | UInt64(kind.rawValue) }
    }

    /// All slots that wait for `kind`. Scans all slots: for rare use.
    func slots(for kind: DeadlineKind) -> [Int] {
        // SAFETY: every slot below count is below capacity.
        (0..<count).filter { slot in
            let word = unsafe words[slot]
            return word != Self.none && word & Self.kindMask == UInt64(kind.rawValue)
        }
    }
}
