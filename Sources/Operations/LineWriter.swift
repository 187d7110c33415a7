// Writes log lines on a thread of its own, so that a blocked terminal or pipe never blocks a reactor. Lines that do not
// fit the buffer or the disk are counted, and the log says how many were lost when it can be written again. At shutdown
// the writer waits at most a second for its thread: the reader of a pipe may be gone.

import Glibc
import Logging
package import Reactors
import Synchronization

/// Writes batches of lines to one descriptor, in order.
package final class LineWriter: Sendable {
    /// The most bytes that may wait: some seconds of a busy access log.
    private static let bound = 8 << 20
    /// How long `close` waits for the remaining lines to be written.
    private static let patienceMilliseconds: Int32 = 1_000

    /// How long the thread sleeps after a write before it looks again. Lines posted meanwhile wake nothing, so a busy
    /// reactor makes 200 system calls a second for its log, not one each turn.
    private static let pause = 5_000_000

    private enum Order: Sendable {
        case lines([UInt8])
        case end
    }

    /// Counters of the writing thread.
    private final class Gauge: Sendable {
        /// Bytes that no longer take up room.
        let done = Atomic<Int>(0)
        let lostLines = Atomic<UInt64>(0)
    }

    private let mailbox: Mailbox<Order>
    private let finished: Mailbox<Bool>
    private let posted = Atomic<Int>(0)
    private let gauge: Gauge
    private let thread: ThreadHandle

    /// - Parameters:
    ///   - descriptor: 1 or 2.
    ///   - isJSON: the format of the writer's own lines.
    package init(descriptor: Int32, isJSON: Bool) throws(SystemError) {
        let (mailbox, finished, gauge) = (try Mailbox<Order>(), try Mailbox<Bool>(), Gauge())
        (self.mailbox, self.finished, self.gauge) = (mailbox, finished, gauge)
        thread = Threads.start(name: "log") {
            Self.run(mailbox, descriptor, gauge, isJSON: isJSON)
            finished.post(true)
        }
    }

    /// Lines lost since the start.
    package var lostLines: UInt64 { gauge.lostLines.load(ordering: .relaxed) }

    /// Queues lines, each with a line feed at its end. Callable from any thread.
    package func write(_ lines: [UInt8]) {
        let total = posted.wrappingAdd(lines.count, ordering: .relaxed).newValue
        guard total - gauge.done.load(ordering: .relaxed) <= Self.bound else {
            posted.wrappingSubtract(lines.count, ordering: .relaxed)
            gauge.lostLines.wrappingAdd(Self.lines(in: lines[...]), ordering: .relaxed)
            return
        }
        mailbox.post(.lines(lines))
    }

    /// Writes the remaining lines, for at most a second. Must be the last call.
    package func close() {
        mailbox.post(.end)
        if finished.waitForLetters(atMost: Self.patienceMilliseconds) { thread.join() }
    }

    private static func run(_ mailbox: Mailbox<Order>, _ descriptor: Int32, _ gauge: Gauge, isJSON: Bool) {
        var isOpen = true
        var told: UInt64 = 0
        while isOpen {
            mailbox.waitForLetters()
            mailbox.drain { order in
                guard case .lines(let bytes) = order else { return isOpen = false }
                let written = Output.write(bytes, to: descriptor)
                gauge.done.wrappingAdd(bytes.count, ordering: .relaxed)
                gauge.lostLines.wrappingAdd(lines(in: bytes[written...]), ordering: .relaxed)
                let lost = gauge.lostLines.load(ordering: .relaxed)
                guard written == bytes.count, lost > told else { return }
                let line = LogLine.text(.warning, "\(lost - told) lines of the log were lost before this one", isJSON)
                if Output.write(line, to: descriptor) == line.count { told = lost }
            }
            if isOpen { Threads.sleep(nanoseconds: pause) }
        }
    }

    private static func lines(in bytes: ArraySlice<UInt8>) -> UInt64 { UInt64(bytes.count { $0 == 0x0A }) }
}
