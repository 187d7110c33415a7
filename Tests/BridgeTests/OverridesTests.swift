// What a request may ask for, and what becomes of the service's rules then.

import Testing

@testable import Bridge

@Suite("Overrides")
struct OverridesTests {
    private let bounds = OverrideBounds(count: 10, first: 100, idle: 200, deadline: 300)
    private let service = EndRules(
        count: 2, countIsExact: true, deliversFinal: false, first: 50, idle: 60, idleMeans: .complete, deadline: 70,
        maxReplies: 80, maxBytes: 90)

    @Test("that ask for nothing change nothing")
    func empty() {
        #expect(Overrides().isEmpty)
        #expect(service.overridden(by: Overrides(), within: bounds) == .accepted(service))
        #expect(!Overrides(count: 1).isEmpty && !Overrides(first: 1).isEmpty)
        #expect(!Overrides(idle: 1).isEmpty && !Overrides(deadline: 1).isEmpty)
    }

    @Test("at the bound are accepted and leave every other rule alone")
    func atTheBound() {
        var expected = service
        expected.first = 100
        expected.idle = 200
        expected.deadline = 300
        let wishes = Overrides(count: 10, first: 100, idle: 200, deadline: 300)
        #expect(service.overridden(by: wishes, within: bounds) == .accepted(expected))
    }

    @Test("above the bound are refused by key")
    func aboveTheBound() {
        let cases: [(Overrides, OverrideResult.StaticKey)] = [
            (Overrides(count: 11), .count), (Overrides(first: 101), .first), (Overrides(idle: 201), .idle),
            (Overrides(deadline: 301), .deadline), (Overrides(count: 1, deadline: .max), .deadline),
        ]
        for (wishes, key) in cases {
            #expect(service.overridden(by: wishes, within: bounds) == .tooMuch(key: key))
        }
    }

    @Test("may be more patient than the service's own rules, within the bounds")
    func morePatient() {
        guard case .accepted(let rules) = service.overridden(by: Overrides(deadline: 299), within: bounds) else {
            Issue.record("refused")
            return
        }
        #expect(rules.deadline == 299)
    }

    @Test("of the count are exact only where they repeat the service's exact count")
    func exactness() {
        func exact(_ rules: EndRules, _ count: Int) -> Bool? {
            guard case .accepted(let result) = rules.overridden(by: Overrides(count: count), within: bounds) else {
                return nil
            }
            return result.countIsExact
        }
        #expect(exact(service, 2) == true)
        #expect(exact(service, 1) == false)
        #expect(exact(EndRules(count: 2, countIsExact: false), 2) == false)
        #expect(exact(EndRules(count: nil, countIsExact: true), 2) == false)
    }

    @Test("of idle keep the meaning that the service declared")
    func idleMeaning() {
        guard case .accepted(let rules) = service.overridden(by: Overrides(idle: 5), within: bounds) else {
            Issue.record("refused")
            return
        }
        #expect(rules.idle == 5 && rules.idleMeans == .complete)
    }

    @Test("on a route with its own rules may ask for as much as those allow")
    func ownRules() {
        let wider = OverrideBounds(count: 1, first: 100, idle: 10, deadline: 60).including(service)
        #expect(wider == OverrideBounds(count: 2, first: 100, idle: 60, deadline: 70))
        #expect(bounds.including(EndRules(deadline: 1)) == bounds)
    }
}
