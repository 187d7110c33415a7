// Finds the values at some pointers while a scanner walks over the text.
//
// A level a nesting depth holds, as a bit mask, which pointers lead through the container at that depth. A member's
// name
// or an element's index thins the mask out; where a pointer ends, the value's range is noted. A name that comes twice
// makes the later value count, as in jansson: what was found under the earlier one is forgotten.

/// The pointers of one service, compiled; at most 16.
struct Tracker: Sendable {
    static let maxPointers = 16

    let pointers: [Pointer]
    private var levels = InlineArray<9, UInt16>(repeating: 0)
    private var starts = InlineArray<16, Int>(repeating: -1)
    private var ends = InlineArray<16, Int>(repeating: -1)
    /// The member or element that comes next, as a mask of the pointers that lead to it.
    private var pending: UInt16 = 0
    private var deepest = 0

    init(_ pointers: [Pointer]) {
        precondition(pointers.count <= Self.maxPointers, "at most \(Self.maxPointers) pointers a scan")
        self.pointers = pointers
        pending = UInt16(truncatingIfNeeded: (1 << pointers.count) - 1)
        deepest = pointers.map(\.tokens.count).max() ?? 0
    }

    func range(_ pointer: Int) -> Range<Int>? { ends[pointer] < 0 ? nil : starts[pointer]..<ends[pointer] }

    /// A name was read in the object at `depth` (1 for the outermost).
    mutating func name(_ bytes: Span<UInt8>, _ range: Range<Int>, depth: Int) {
        thin(depth) { StringText.equals(bytes, range, $0) }
    }

    /// The element `index` of the array at `depth` comes next.
    mutating func element(_ index: Int, depth: Int) {
        guard depth <= deepest, levels[depth] != 0 else {
            pending = 0
            return
        }
        let text = Array(String(index).utf8)
        thin(depth) { $0 == text }
    }

    /// A value begins at `offset`, inside `depth` containers.
    mutating func valueBegins(at offset: Int, depth: Int) {
        guard pending != 0 else { return }
        for pointer in pointers.indices where pending >> UInt16(pointer) & 1 == 1 {
            ends[pointer] = -1
            starts[pointer] = pointers[pointer].tokens.count == depth ? offset : -1
        }
    }

    /// The container that begins is at `depth`, 1 for the outermost.
    mutating func enters(depth: Int) {
        if depth <= deepest { levels[depth] = pending }
        pending = 0
    }

    /// The value inside `depth` containers that ends at `offset` is the one whose beginning was told last at this
    /// depth.
    mutating func valueEnds(at offset: Int, depth: Int) {
        guard depth <= deepest else { return }
        for pointer in pointers.indices
        where pointers[pointer].tokens.count == depth && starts[pointer] >= 0 && ends[pointer] < 0 {
            ends[pointer] = offset
        }
        pending = 0
    }

    private mutating func thin(_ depth: Int, _ matches: ([UInt8]) -> Bool) {
        pending = 0
        guard depth <= deepest, levels[depth] != 0 else { return }
        for pointer in pointers.indices where levels[depth] >> UInt16(pointer) & 1 == 1 {
            let tokens = pointers[pointer].tokens
            if tokens.count >= depth && matches(tokens[depth - 1]) { pending |= 1 << UInt16(pointer) }
        }
    }
}
