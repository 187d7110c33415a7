// How many exchanges are open, for the bounds that hold for the whole process. The one thing that reactors count
// together: a share for each would refuse the third of three when the first two came to the same reactor. Atomic,
// without a lock and without an order: two relaxed additions an exchange.

import Synchronization

/// The exchanges that are open, in all and of each service.
final class OpenExchangeCounts: Sendable {
    private let all = Count()
    private let ofServices: [Count]
    private let bound: Int
    private let bounds: [Int]

    /// - Parameter ofServices: the bound of each service, nil where it has none of its own.
    init(bound: Int, ofServices bounds: [Int?]) {
        self.bound = bound
        self.bounds = bounds.map { $0 ?? .max }
        ofServices = bounds.map { _ in Count() }
    }

    /// Takes one more in, if both bounds allow it.
    func enter(_ service: Int) -> Bool {
        guard all.enter(bound) else { return false }
        guard bounds[service] < .max else { return true }
        if ofServices[service].enter(bounds[service]) { return true }
        all.leave()
        return false
    }

    /// How many more a service may have at this moment.
    func room(_ service: Int) -> Int { max(0, bounds[service] - ofServices[service].current) }

    func leave(_ service: Int) {
        all.leave()
        if bounds[service] < .max { ofServices[service].leave() }
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
