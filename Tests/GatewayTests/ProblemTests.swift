// What the HTTP room refuses by itself is in the one table of problems too.

import HTTP
import Testing

@testable import Gateway

@Suite("The table of problems")
struct ProblemTests {
    @Test("has each refusal of the HTTP room, with its status", arguments: RefusalKind.allCases)
    func refusals(_ kind: RefusalKind) throws {
        let code = try #require(ProblemCode(rawValue: String(describing: kind.code)))
        #expect(code.status == kind.status)
    }
}
