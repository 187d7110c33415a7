// The state of a pool as pages, metrics and the console show it.

import Bridge
package import JSON

/// One worker, as the web sees it.
package struct WorkerState: Sendable {
    package enum Phase: String, Sendable { case ready, busy, draining, registered }

    /// The worker's identity: as text if it is printable, else `0x` and hexadecimal digits.
    package let id: String
    package let phase: Phase
    package let inHand: Int
    package let finished: UInt64
    package let phaseMilliseconds: Double
    package let heardMilliseconds: Double
    package let registeredMilliseconds: Double

    package init(
        id: String, phase: Phase, inHand: Int, finished: UInt64, phaseMilliseconds: Double, heardMilliseconds: Double,
        registeredMilliseconds: Double
    ) {
        self.id = id
        self.phase = phase
        self.inHand = inHand
        self.finished = finished
        self.phaseMilliseconds = phaseMilliseconds
        self.heardMilliseconds = heardMilliseconds
        self.registeredMilliseconds = registeredMilliseconds
    }

    /// The name by which an operator refers to a worker.
    package static func id(of name: [UInt8]) -> String {
        let isPrintable = name.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }
        if isPrintable && !name.isEmpty { return String(decoding: name, as: UTF8.self) }
        let digits = Array("0123456789abcdef".utf8)
        return "0x" + String(decoding: name.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// One pool, as the web sees it.
package struct PoolState: Sendable {
    /// The most workers that a page lists.
    private static let listed = 1_000

    package let name: String
    package let ready: Int
    package let busy: Int
    package let draining: Int
    package let queued: Int
    package let queuedBytes: Int
    package let oldestMilliseconds: Double
    package let workers: [WorkerState]

    package init(
        name: String, ready: Int, busy: Int, draining: Int, queued: Int, queuedBytes: Int, oldestMilliseconds: Double,
        workers: [WorkerState]
    ) {
        self.name = name
        self.ready = ready
        self.busy = busy
        self.draining = draining
        self.queued = queued
        self.queuedBytes = queuedBytes
        self.oldestMilliseconds = oldestMilliseconds
        self.workers = workers
    }

    package func write(into writer: inout JSONWriter) {
        writer.beginObject()
        for (key, count) in [
            ("ready", ready), ("busy", busy), ("draining", draining), ("queued", queued), ("queued_bytes", queuedBytes),
        ] {
            writer.member(key, count)
        }
        writer.member("oldest_ms", milliseconds: oldestMilliseconds)
        writer.key("workers")
        writer.beginArray()
        for worker in workers.prefix(Self.listed) { write(worker, into: &writer) }
        writer.endArray()
        writer.endObject()
    }

    private func write(_ worker: WorkerState, into writer: inout JSONWriter) {
        writer.beginObject()
        for (key, text) in [("id", worker.id), ("state", worker.phase.rawValue)] {
            writer.member(key, text)
        }
        for (key, count) in [("in_hand", worker.inHand), ("finished", Int(worker.finished))] {
            writer.member(key, count)
        }
        for (key, time) in [
            ("since_ms", worker.phaseMilliseconds), ("heard_ms", worker.heardMilliseconds),
            ("registered_ms", worker.registeredMilliseconds),
        ] {
            writer.member(key, milliseconds: time)
        }
        writer.endObject()
    }
}
