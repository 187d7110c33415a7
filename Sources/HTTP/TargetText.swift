// The request target as the client wrote it, copied out of the library's buffer before it is parsed there. A class,
// because each use of a struct in a property is checked for overlapping access.

@safe final class TargetText {
    // SAFETY: allocated for `capacity` bytes, the first `count` written; owned by this object, freed in deinit.
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int
    /// Where the path begins (after the authority of an absolute target) and ends, and where the query begins.
    var pathStart = 0
    var pathEnd = 0
    var queryStart = 0

    private static let usual = 256

    init() {
        capacity = Self.usual
        unsafe base = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    }

    deinit { unsafe base.deallocate() }

    func clear() {
        count = 0
        pathStart = 0
        pathEnd = 0
        queryStart = 0
        if capacity > 8 * Self.usual { resize(Self.usual) }
    }

    func set(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        if count > capacity { resize(max(count, 2 * capacity)) }
        // SAFETY: there is room for count bytes now; the source is the library's buffer, never this one.
        unsafe base.update(from: bytes, count: count)
        self.count = count
    }

    private func resize(_ capacity: Int) {
        unsafe base.deallocate()
        unsafe base = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        self.capacity = capacity
        count = 0
    }
}
