// The memory held for clients, as /metrics shows it.

/// What one core holds and has evicted, by kind; or the sum over all cores.
package struct MemoryCounts: Sendable {
    private var limit = 0
    private var bytes = [Int](repeating: 0, count: MemoryKind.allCases.count)
    private var evictions = [UInt64](repeating: 0, count: MemoryKind.allCases.count)
    private var rejections: UInt64 = 0

    package init() {}

    package init(_ ledger: MemoryLedger) {
        limit = ledger.budget.limit
        bytes = ledger.bytes
        evictions = ledger.evictions
        rejections = ledger.rejections
    }

    package mutating func add(_ other: MemoryCounts) {
        limit = max(limit, other.limit)
        rejections += other.rejections
        for kind in bytes.indices {
            bytes[kind] += other.bytes[kind]
            evictions[kind] += other.evictions[kind]
        }
    }

    package func write(into page: inout MetricsText) {
        page.single(
            "zmq_gateway_memory_limit_bytes", "gauge", "Memory that may be held for clients (limits.max_memory).",
            UInt64(limit))
        page.head("zmq_gateway_memory_bytes", "gauge", "Memory held for clients, by purpose.")
        for kind in MemoryKind.allCases {
            page.line("zmq_gateway_memory_bytes", "holder=\"\(kind.word)\"", UInt64(max(0, bytes[kind.rawValue])))
        }
        let help = "Holders of memory that were evicted because memory was short."
        page.head("zmq_gateway_memory_evictions_total", "counter", help)
        for kind in MemoryKind.allCases {
            page.line("zmq_gateway_memory_evictions_total", "holder=\"\(kind.word)\"", evictions[kind.rawValue])
        }
        page.single(
            "zmq_gateway_memory_refused_total", "counter", "Requests and sessions rejected because memory was short.",
            rejections)
    }
}
