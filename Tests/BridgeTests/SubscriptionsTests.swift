// Topics and who hears them, against the plainest model there is.

import Testing

@testable import Bridge

@Suite("Subscriptions")
struct SubscriptionsTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func heard(_ subscriptions: Subscriptions, _ topic: String) -> [Int] {
        var found: [Int] = []
        subscriptions.find(bytes(topic).span, into: &found)
        return found.sorted()
    }

    @Test("match by prefix, and the empty topic matches everything")
    func prefixes() {
        let subscriptions = Subscriptions()
        for (listener, topic) in ["", "a", "ab", "abc", "b"].enumerated() {
            let isFirst = subscriptions.add(bytes(topic), for: listener)
            #expect(isFirst)
        }
        #expect(heard(subscriptions, "") == [0])
        #expect(heard(subscriptions, "a") == [0, 1])
        #expect(heard(subscriptions, "abx") == [0, 1, 2])
        #expect(heard(subscriptions, "abcd") == [0, 1, 2, 3])
        #expect(heard(subscriptions, "b") == [0, 4])
        #expect(heard(subscriptions, "\u{7F}") == [0])
    }

    @Test("report the first and the last subscriber of a topic, which matter upstream")
    func firstAndLast() {
        let subscriptions = Subscriptions()
        #expect(subscriptions.add(bytes("a"), for: 0))
        #expect(!subscriptions.add(bytes("a"), for: 7))
        #expect(subscriptions.count == 1 && subscriptions.holds(bytes("a")) && !subscriptions.holds(bytes("")))
        #expect(!subscriptions.remove(bytes("a"), for: 0))
        #expect(!subscriptions.remove(bytes("a"), for: 0))
        #expect(!subscriptions.remove(bytes("b"), for: 7))
        #expect(subscriptions.remove(bytes("a"), for: 7))
        #expect(subscriptions.isEmpty && heard(subscriptions, "a") == [])
    }

    @Test("deliver a message once to a subscriber with overlapping topics")
    func overlap() {
        let subscriptions = Subscriptions()
        for topic in ["", "a", "ab"] { _ = subscriptions.add(bytes(topic), for: 3) }
        #expect(heard(subscriptions, "abc") == [3])
        #expect(heard(subscriptions, "abc") == [3])
    }

    @Test("agree with a list of pairs, whatever comes and goes", arguments: 1...8)
    func model(seed: Int) {
        var chance = SplitMix64(seed: UInt64(seed))
        let subscriptions = Subscriptions()
        var pairs: [(topic: [UInt8], listener: Int)] = []
        // Bytes at both ends of their range, so that an order by signed bytes would be found out.
        func text(upTo count: Int) -> [UInt8] {
            (0..<Int.random(in: 0...count, using: &chance)).map { _ in
                [0, 0x61, 0x62, 0xFF].randomElement(using: &chance)!
            }
        }
        for _ in 0..<3_000 {
            let (topic, listener) = (text(upTo: 4), Int.random(in: 0..<6, using: &chance))
            let place = pairs.firstIndex { $0.topic == topic && $0.listener == listener }
            let others = pairs.contains { $0.topic == topic && $0.listener != listener }
            if let place {
                pairs.remove(at: place)
                let isLast = subscriptions.remove(topic, for: listener)
                #expect(isLast == !others)
            } else {
                pairs.append((topic, listener))
                let isFirst = subscriptions.add(topic, for: listener)
                #expect(isFirst == !others)
            }
            #expect(subscriptions.count == Set(pairs.map(\.topic)).count)
            let message = text(upTo: 6)
            var found: [Int] = []
            subscriptions.find(message.span, into: &found)
            let expected = Set(pairs.filter { message.starts(with: $0.topic) }.map(\.listener))
            #expect(found.count == expected.count && Set(found) == expected)
        }
    }
}

@Suite("Last values")
struct LastValuesTests {
    @Test("are one a topic, in the order of their last messages, by prefix")
    func order() {
        var values = LastValues<Int>(capacity: 10)
        for (value, topic) in ["a1", "b", "a2", "a1"].enumerated() { values.keep(value, for: Array(topic.utf8)) }
        #expect(values.count == 3)
        #expect(values.values(for: []) == [1, 2, 3])
        #expect(values.values(for: Array("a".utf8)) == [2, 3])
        #expect(values.values(for: [], besides: [Array("a".utf8)]) == [1])
        #expect(values.values(for: Array("a11".utf8)) == [])
    }

    @Test("evict the topic that was silent longest")
    func bound() {
        var values = LastValues<Int>(capacity: 3)
        for topic in 1...3 { values.keep(topic, for: [UInt8(topic)]) }
        values.keep(10, for: [1])
        values.keep(4, for: [4])
        #expect(values.values(for: []) == [3, 10, 4])
        values.keep(5, for: [5])
        #expect(values.values(for: []) == [10, 4, 5])
        var none = LastValues<Int>(capacity: 0)
        none.keep(1, for: [])
        #expect(none.values(for: []) == [])
    }
}
