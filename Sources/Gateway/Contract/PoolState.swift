// The state of a pool as pages, metrics and the console show it.

import Bridge
import JSON

/// One worker, as the web sees it.
struct WorkerState: Sendable {
    enum Phase: String, Sendable { case ready, busy, draining, registered }

    /// The worker's identity: as text if it is printable, else `0x` and hexadecimal digits.
    let id: String
    let phase: Phase
    let inHand: Int
    let finished: UInt64
    let phaseMilliseconds: Double
    let heardMilliseconds: Double
    let registeredMilliseconds: Double

    /// The name by which an operator refers to a worker.
    static func id(of name: [UInt8]) -> String {
        let isPrintable = name.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }
        if isPrintable && !name.isEmpty { return String(decoding: name, as: UTF8.self) }
        let digits = Array("0123456789abcdef".utf8)
        return "0x" + String(decoding: name.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// One pool, as the web sees it.
struct PoolState: Sendable {
    /// The most workers that a page lists.
    private static let listed = 1_000

    let name: String
    let ready: Int
    let busy: Int
    let draining: Int
    let queued: Int
    let queuedBytes: Int
    let oldestMilliseconds: Double
    let workers: [WorkerState]

    func write(into writer: inout JSONWriter) {
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
