// Names that need no name server: the hosts file has one, and the other is none.

import Testing

@testable import Reactors

@Suite("Looking a host name up")
struct NameLookupTests {
    @Test("finds the address of this machine, in the form that was asked for")
    func localhost() {
        #expect(NameLookup.address(of: "localhost", ipv6: false) == "127.0.0.1")
        #expect(["::1", "::ffff:127.0.0.1"].contains(NameLookup.address(of: "localhost", ipv6: true)))
    }

    @Test("answers once and on another thread, also when there is no such name", arguments: ["localhost", "a..b"])
    func answer(_ name: String) throws {
        let mailbox = try Mailbox<String?>()
        NameLookup.start(name, ipv6: false) { mailbox.post($0) }
        var answers: [String?] = []
        mailbox.waitForLetters()
        mailbox.drain { answers.append($0) }
        #expect(answers == [name == "localhost" ? "127.0.0.1" : nil])
    }
}
