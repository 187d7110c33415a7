// What a session remembers for a client that comes back, against a plain list of everything it said.

import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A replay buffer") struct SessionMemoryTests {
    private func message(_ number: UInt64) -> [UInt8] { Array("message \(number)".utf8) }

    @Test("returns the messages after a number, in order and none twice")
    func follows() {
        var memory = ReplayBuffer(reactor: 3, bound: 1000)
        for number in 1...9 as ClosedRange<UInt64> {
            memory.keep(message(number))
            #expect(memory.last == number)
        }
        var (missed, messages) = memory.messages(after: 6)
        #expect(missed == 0 && Array(messages) == [message(7), message(8), message(9)])
        (missed, messages) = memory.messages(after: 9)
        #expect(missed == 0 && messages.isEmpty)
    }

    @Test("reports how many it dropped, for its bound or because they were acknowledged")
    func forgets() {
        var memory = ReplayBuffer(reactor: 0, bound: 50)
        for number in 1...100 as ClosedRange<UInt64> { memory.keep(message(number)) }
        var (missed, messages) = memory.messages(after: 90)
        #expect(missed == 6 && Array(messages) == (97...100).map { message(UInt64($0)) })
        memory.acknowledge(98)
        (missed, messages) = memory.messages(after: 0)
        #expect(missed == 98 && Array(messages) == [message(99), message(100)])
        memory.acknowledge(1_000_000)
        memory.keep(message(101))
        (missed, messages) = memory.messages(after: 100)
        #expect(missed == 0 && Array(messages) == [message(101)])
    }

    @Test("a message larger than the bound is forgotten at once, and counted")
    func large() {
        var memory = ReplayBuffer(reactor: 0, bound: 10)
        memory.keep([UInt8](repeating: 0, count: 11))
        memory.keep([1])
        let (missed, messages) = memory.messages(after: 0)
        #expect(missed == 1 && Array(messages) == [[1]])
    }

    @Test("a token names its reactor, and no two are the same")
    func tokens() {
        var memory = ReplayBuffer(reactor: 17, bound: 10)
        var tokens: Set<String> = []
        for _ in 0..<100 {
            #expect(ReplayBuffer.reactor(of: memory.token) == 17)
            tokens.insert(memory.token)
            memory.renewToken(17)
        }
        #expect(tokens.count == 100)
        for text in ["", "11", "zz" + String(repeating: "0", count: 32), memory.token + "0"] {
            #expect(ReplayBuffer.reactor(of: text) == nil)
        }
    }
}
