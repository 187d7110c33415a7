// Counts open exchanges for the limits of the whole process. All reactors count together, because with a share for each
// reactor a limit of three would reject the third exchange if the first two came to the same reactor. The counters are
// relaxed atomics without a lock: two additions for each exchange.

import Synchronization

/// The open exchanges, in total and of each service.
package final class OpenExchangeCounts: Sendable {
    private let all = Count()
    private let ofServices: [Count]
    private let ofNatives: [Count]
    private let bound: Int
    private let bounds: [Int]
    private let shares: [Int]

    /// - Parameters:
    ///   - ofServices: the bound of each service; nil if it has none of its own.
    ///   - shares: the most exchanges of each service that native clients may have; empty if there are none.
    package init(bound: Int, ofServices bounds: [Int?], shares: [Int] = []) {
        self.bound = bound
        self.bounds = bounds.map { $0 ?? .max }
        self.shares = shares
        ofServices = bounds.map { _ in Count() }
        ofNatives = shares.map { _ in Count() }
    }

    /// Counts another exchange if both bounds allow it.
    package func enter(_ service: Int) -> Bool {
        guard all.enter(bound) else { return false }
        guard bounds[service] < .max else { return true }
        if ofServices[service].enter(bounds[service]) { return true }
        all.leave()
        return false
    }

    /// Counts another exchange of a native client, if their share allows it as well. The rest is for web clients.
    func enterNative(_ service: Int) -> Bool {
        guard ofNatives[service].enter(shares[service]) else { return false }
        if enter(service) { return true }
        ofNatives[service].leave()
        return false
    }

    /// How many more a service may have at this moment.
    package func room(_ service: Int) -> Int { max(0, bounds[service] - ofServices[service].current) }

    package func leave(_ service: Int) {
        all.leave()
        if bounds[service] < .max { ofServices[service].leave() }
    }

    func leaveNative(_ service: Int) {
        ofNatives[service].leave()
        leave(service)
    }
}

private final class Count: Sendable {
    private let value = Atomic<Int>(0)

    func enter(_ bound: Int) -> Bool {
        if value.wrappingAdd(1, ordering: .relaxed).newValue <= bound { return true }
        leave()
        return false
    }

    var current: Int { value.load(ordering: .relaxed) }

    func leave() { value.wrappingSubtract(1, ordering: .relaxed) }
}
