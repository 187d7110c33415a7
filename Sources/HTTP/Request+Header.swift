// Access to a request's header. Every span points into the library's or the request's memory and is valid until
// `closed`.

internal import CMicroHTTPD

extension Request {
    /// The method as the client wrote it.
    public var methodName: Span<UInt8> {
        @_lifetime(borrow self) get {
            // SAFETY: set when the header was complete, and the memory stays until `closed`.
            guard let start = unsafe methodStart else { return Span() }
            let span = unsafe Span(_unsafeStart: start, count: methodCount)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The request target, raw: `/a%20b?x=1`, `http://host/a`, or `*`.
    public var rawTarget: Span<UInt8> {
        @_lifetime(borrow self) get { targetSlice(0, target.count) }
    }

    /// The path, raw, without the query; never empty; begins with a slash (except in `OPTIONS *`).
    public var path: Span<UInt8> {
        @_lifetime(borrow self) get { targetSlice(target.pathStart, target.pathEnd) }
    }

    /// The query, raw, without its question mark; empty if there is none.
    public var query: Span<UInt8> {
        @_lifetime(borrow self) get { targetSlice(target.queryStart, target.count) }
    }

    @_lifetime(borrow self)
    private func targetSlice(_ from: Int, _ to: Int) -> Span<UInt8> {
        // SAFETY: 0 <= from <= to <= target.count, and the copy is ours until the next request.
        let span = unsafe Span(_unsafeStart: UnsafePointer(target.base + from), count: to - from)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// The first field with that name, trimmed. Nil if the field is absent; it may be present and empty.
    @_lifetime(borrow self)
    public func value(of header: KnownHeader) -> Span<UInt8>? {
        let place = Int(known[Int(header.rawValue)])
        return place == 0 ? nil : fieldValue(place - 1)
    }

    /// Whether more than one field has that name.
    public func isRepeated(_ header: KnownHeader) -> Bool { repeated >> UInt64(header.rawValue) & 1 != 0 }

    /// The values of all fields with that name (case-insensitive), in order, joined by commas: their combined value
    /// (RFC 9110, section 5.3). Nil if there are none.
    public func values(named name: Span<UInt8>) -> [UInt8]? {
        var values: [UInt8]?
        for i in 0..<fieldCount where fieldName(i).equalsIgnoringCase(name) {
            if values != nil { values?.append(contentsOf: ", ".utf8) }
            values = (values ?? []) + fieldValue(i).copied
        }
        return values
    }

    @_lifetime(borrow self)
    @inline(__always)
    func fieldName(_ index: Int) -> Span<UInt8> {
        // SAFETY: the callers bound the index; the library's memory stays until `closed`.
        let field = unsafe fields + index
        let span = unsafe Span(_unsafeStart: field.pointee.name, count: Int(field.pointee.name_bytes))
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    @_lifetime(borrow self)
    @inline(__always)
    func fieldValue(_ index: Int) -> Span<UInt8> {
        // SAFETY: as above; RequestValidator cuts off trailing white space when it reads the field.
        let field = unsafe fields + index
        let span = unsafe Span(_unsafeStart: field.pointee.value, count: Int(field.pointee.value_bytes))
        return unsafe _overrideLifetime(span, borrowing: self)
    }
}
