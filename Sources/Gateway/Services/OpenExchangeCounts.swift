// How many exchanges are open, for the bounds that hold for the whole process. The one thing that reactors count
// together: a share for each would reject the third of three when the first two came to the same reactor. Atomic,
// without a lock and without an order: two relaxed additions an exchange.

import Synchronization

/// The exchanges that are open, in all and of each service.
final class OpenExchangeCounts: Sendable {
    private let all = Count()
    private let ofServices: [Count]
    private let ofNatives: [Count]
    private let bound: Int
    private let bounds: [Int]
    private let shares: [Int]

    /// - Parameters:
    ///   - ofServices: the bound of each service, nil where it has none of its own.
    ///   - shares: how many of each service's exchanges may be native clients'; empty where there are no such.
    init(bound: Int, ofServices bounds: [Int?], shares: [Int] = []) {
        self.bound = bound
        self.bounds = bounds.map { $0 ?? .max }
        self.shares = shares
        ofServices = bounds.map { _ in Count() }
        ofNatives = shares.map { _ in Count() }
    }

    /// Takes one more in, if both bounds allow it.
    func enter(_ service: Int) -> Bool {
        guard all.enter(bound) else { return false }
        guard bounds[service] < .max else { return true }
        if ofServices[service].enter(bounds[service]) { return true }
        all.leave()
        return false
    }

    /// Takes one more of a native client in, if the share of such allows it too: the rest is for the web.
    func enterNative(_ service: Int) -> Bool {
        guard ofNatives[service].enter(shares[service]) else { return false }
        if enter(service) { return true }
        ofNatives[service].leave()
        return false
    }

    /// How many more a service may have at this moment.
    func room(_ service: Int) -> Int { max(0, bounds[service] - ofServices[service].current) }

    func leave(_ service: Int) {
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
