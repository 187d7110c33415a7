import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("The mark for unread replies") struct UnreadMarkTests {
    private static let kibi = 1_024

    @Test("small replies leave it, large ones lower it at once")
    func falls() {
        var mark = UnreadMark(configured: nil)
        #expect(mark.current == 16)
        #expect(!mark.saw(8 * Self.kibi) && mark.current == 16)
        #expect(mark.saw(9 * Self.kibi) && mark.current == 14)
        #expect(mark.saw(64 * Self.kibi) && mark.current == 2)
        #expect(!mark.saw(40 * Self.kibi) && mark.current == 2)
        #expect(mark.saw(10_000 * Self.kibi) && mark.current == 1)
    }

    @Test("it doubles at each check as long as only smaller ones came")
    func rises() {
        var mark = UnreadMark(configured: nil)
        _ = mark.saw(128 * Self.kibi)
        #expect(!mark.look() && mark.current == 1)
        var marks: [Int] = []
        while mark.look() { marks.append(mark.current) }
        #expect(marks == [2, 4, 8, 16])
        _ = mark.saw(128 * Self.kibi)
        _ = mark.look()
        _ = mark.saw(32 * Self.kibi)
        #expect(mark.look() && mark.current == 2)
        _ = mark.saw(32 * Self.kibi)
        #expect(mark.look() && mark.current == 4)
        _ = mark.saw(32 * Self.kibi)
        #expect(!mark.look() && mark.current == 4)
    }

    @Test("an identity whose replies were large keeps a low one when the service's rises")
    func ofOneIdentity() {
        let mark = UnreadMark(configured: nil)
        #expect(mark.mark(forReplies: 0) == 16 && mark.mark(forReplies: 64 * Self.kibi) == 2)
    }

    @Test("a configured one applies to replies of any size")
    func configured() {
        var mark = UnreadMark(configured: 50)
        #expect(!mark.saw(10_000 * Self.kibi) && !mark.look() && mark.current == 50)
        #expect(mark.mark(forReplies: 10_000 * Self.kibi) == 50)
    }
}
