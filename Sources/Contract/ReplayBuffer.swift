// What lets a session's client come back: a token, a number for each message, and the messages that the client has not
// acknowledged, up to a bound in bytes. A message that the bound pushed out is reported as missed, never skipped.

package import Basics
import Bridge

/// The numbered messages of one session.
package struct ReplayBuffer {
    /// The number of the last message.
    package private(set) var last: UInt64 = 0
    package private(set) var token: String
    private var messages = FIFO<[UInt8]>()
    package private(set) var bytes = 0
    private let bound: Int

    /// - Parameter reactor: the session's reactor, which its token names.
    package init(reactor: Int, bound: Int) {
        self.bound = bound
        token = Self.makeToken(reactor)
    }

    package mutating func keep(_ message: [UInt8]) {
        last += 1
        messages.append(message)
        bytes += message.count
        while bytes > bound, !messages.isEmpty { forgetFirst() }
    }

    /// The client has received everything up to `number`.
    package mutating func acknowledge(_ number: UInt64) {
        while !messages.isEmpty, first <= number { forgetFirst() }
    }

    /// Forgets all messages. Those that the client has not acknowledged count as missed.
    package mutating func forgetAll() { while !messages.isEmpty { forgetFirst() } }

    /// The messages after `number`, and how many of them are gone.
    package mutating func messages(after number: UInt64) -> (missed: UInt64, messages: FIFO<[UInt8]>) {
        acknowledge(number)
        return (first - min(first, number + 1), messages)
    }

    /// Replaces the token; the old one is void from now on.
    package mutating func renewToken(_ reactor: Int) { token = Self.makeToken(reactor) }

    /// The number of the first message that is kept.
    private var first: UInt64 { last + 1 - UInt64(messages.count) }

    private mutating func forgetFirst() { bytes -= messages.popFirst()?.count ?? 0 }

    /// Two hexadecimal digits for the reactor, then 128 bits from the system's random generator.
    private static func makeToken(_ reactor: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = [UInt64(reactor), generator.next(), generator.next()].enumerated().map { index, number in
            let text = String(number, radix: 16)
            return String(repeating: "0", count: max(0, (index == 0 ? 2 : 16) - text.count)) + text
        }
        return digits.joined()
    }

    /// The reactor that a token names, or nil if `token` is not one.
    package static func reactor(of token: String) -> Int? {
        token.utf8.count == 34 ? UInt8(token.prefix(2), radix: 16).map(Int.init) : nil
    }
}
