// Where log lines leave the process: a thread of their own writes them, so that a terminal or a pipe that takes nothing
// holds up no reactor. Lines that find no room, or no disk, are counted, and the log says how many once it is written
// again. At the end the writer waits a second for its thread, never longer: nobody may be reading the pipe.

import Glibc
import Logging
import Reactors
import Synchronization

/// Writes batches of lines to one descriptor, in order.
final class LineWriter: Sendable {
    /// Bytes that may wait: some seconds of a busy access log.
    private static let bound = 8 << 20
    /// How long `close` waits for what is left to be written.
    private static let patienceMilliseconds: Int32 = 1_000

    /// After it wrote something the thread sleeps for so long before it looks again. What is posted meanwhile wakes
    /// nothing, so a busy reactor makes 200 system calls a second for its log and not one a turn.
    private static let pause = 5_000_000

    private enum Order: Sendable {
        case lines([UInt8])
        case end
    }

    /// What the writing thread counts.
    private final class Gauge: Sendable {
        /// Bytes that need no room any more.
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
    ///   - isJSON: how the writer's own lines are written.
    init(descriptor: Int32, isJSON: Bool) throws(SystemError) {
        let (mailbox, finished, gauge) = (try Mailbox<Order>(), try Mailbox<Bool>(), Gauge())
        (self.mailbox, self.finished, self.gauge) = (mailbox, finished, gauge)
        thread = Threads.start(name: "log") {
            Self.run(mailbox, descriptor, gauge, isJSON: isJSON)
            finished.post(true)
        }
    }

    /// Lines that were lost since the start.
    var lostLines: UInt64 { gauge.lostLines.load(ordering: .relaxed) }

    /// From any thread. `lines` end with a line feed.
    func write(_ lines: [UInt8]) {
        let total = posted.wrappingAdd(lines.count, ordering: .relaxed).newValue
        guard total - gauge.done.load(ordering: .relaxed) <= Self.bound else {
            posted.wrappingSubtract(lines.count, ordering: .relaxed)
            gauge.lostLines.wrappingAdd(Self.lines(in: lines[...]), ordering: .relaxed)
            return
        }
        mailbox.post(.lines(lines))
    }

    /// Writes what waits, as far as it is taken within a second; the last call.
    func close() {
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
