// What the HTTP room rejects by itself is in the one table of problems too.

import HTTP
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("The table of problems")
struct ProblemTests {
    @Test("has each rejection of the HTTP room, with its status", arguments: RejectionKind.allCases)
    func rejections(_ kind: RejectionKind) throws {
        let code = try #require(ProblemCode(rawValue: String(describing: kind.code)))
        #expect(code.status == kind.status)
    }
}
