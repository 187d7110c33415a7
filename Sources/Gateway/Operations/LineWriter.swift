// Where log lines leave the process: a thread of their own writes them, so that a terminal or a pipe that does not take
// them holds up nobody. What is too much is dropped and counted, and the next line says how much.

import Glibc
import Reactors
import Synchronization

/// Writes batches of lines to one descriptor, in order.
final class LineWriter: Sendable {
    /// Bytes that may wait: some seconds of a busy access log.
    private static let bound = 8 << 20

    private enum Order: Sendable {
        case lines([UInt8])
        case end
    }

    private let mailbox: Mailbox<Order>
    private let waiting = Atomic<Int>(0)
    private let dropped = Atomic<UInt64>(0)
    private let thread: ThreadHandle

    /// - Parameter descriptor: 1 or 2.
    init(descriptor: Int32) throws(SystemError) {
        let mailbox = try Mailbox<Order>()
        self.mailbox = mailbox
        let gauge = Gauge()
        self.gauge = gauge
        thread = Threads.start(name: "log") { Self.run(mailbox, descriptor, gauge) }
    }

    private let gauge: Gauge

    /// Bytes written so far, which the writing thread tells.
    private final class Gauge: Sendable {
        let written = Atomic<Int>(0)
    }

    /// Lines that were dropped since the start.
    var droppedLines: UInt64 { dropped.load(ordering: .relaxed) }

    /// From any thread. `lines` end with a line feed.
    func write(_ lines: [UInt8]) {
        let posted = waiting.wrappingAdd(lines.count, ordering: .relaxed).newValue
        guard posted - gauge.written.load(ordering: .relaxed) <= Self.bound else {
            waiting.wrappingSubtract(lines.count, ordering: .relaxed)
            dropped.wrappingAdd(UInt64(lines.count { $0 == 0x0A }), ordering: .relaxed)
            return
        }
        mailbox.post(.lines(lines))
    }

    /// Writes what waits and ends the thread; the last call.
    func close() {
        mailbox.post(.end)
        thread.join()
    }

    private static func run(_ mailbox: Mailbox<Order>, _ descriptor: Int32, _ gauge: Gauge) {
        var isOpen = true
        while isOpen {
            mailbox.waitForLetters()
            mailbox.drain { order in
                switch order {
                case .lines(let bytes):
                    Output.write(bytes, to: descriptor)
                    gauge.written.wrappingAdd(bytes.count, ordering: .relaxed)
                case .end: isOpen = false
                }
            }
        }
    }
}
