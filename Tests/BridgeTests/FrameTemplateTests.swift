// Every template with every shape of message up to five frames, against a rule book that sees the whole message.

import Testing

@testable import Bridge

extension FrameTemplate {
    fileprivate static let every: [FrameTemplate] = [.body, .delimited, .ticket, .ticketDelimited]

    fileprivate var roles: [FrameRole] {
        switch self {
        case .body: [.body]
        case .delimited: [.delimiter, .body]
        case .ticket: [.ticket, .body]
        case .ticketDelimited: [.ticket, .delimiter, .body]
        }
    }
}

@Suite("The shape of a reply")
struct ReplyShapeTests {
    /// Reads a message given by which of its frames are empty.
    private func read(_ template: FrameTemplate, _ empties: [Bool]) -> (roles: [FrameRole], fault: ReplyShape.Mismatch?)
    {
        var shape = ReplyShape(template)
        var roles: [FrameRole] = []
        for (position, isEmpty) in empties.enumerated() {
            #expect(shape.expectsMore)
            roles.append(shape.next(isEmpty: isEmpty, hasMore: position < empties.count - 1))
        }
        #expect(!shape.expectsMore)
        return (roles, shape.fault)
    }

    private func messages(upTo most: Int) -> [[Bool]] {
        (1...most).flatMap { count in
            (0..<1 << count).map { bits in (0..<count).map { bits >> $0 & 1 == 1 } }
        }
    }

    @Test("is judged as the rule book judges the whole message")
    func everyShape() {
        for template in FrameTemplate.every {
            for message in messages(upTo: 6) {
                let (roles, fault) = read(template, message)
                let wanted = template.roles
                let surplus = Array(repeating: FrameRole.surplus, count: max(0, message.count - wanted.count))
                #expect(roles == Array(wanted.prefix(message.count)) + surplus)
                var expected: ReplyShape.Mismatch?
                if message.count > wanted.count { expected = .tooLong }
                if let delimiter = wanted.firstIndex(of: .delimiter), delimiter < message.count, !message[delimiter] {
                    expected = .delimiterNotEmpty
                }
                if message.count < wanted.count { expected = .tooShort }
                #expect(fault == expected, "\(template) \(message)")
            }
        }
    }

    @Test("is right for an empty body, which is a body")
    func emptyBody() {
        for template in FrameTemplate.every {
            let message = template.roles.map { $0 != .ticket }
            let (roles, fault) = read(template, message)
            #expect(roles.last == .body && fault == nil)
        }
    }

    @Test("keeps its first fault to the end of a long message")
    func longMessage() {
        let (roles, fault) = read(.ticketDelimited, Array(repeating: false, count: 5_000))
        #expect(fault == .delimiterNotEmpty)
        #expect(roles.count { $0 == .body } == 1 && roles.count { $0 == .surplus } == 4_997)
    }

    @Test("says what frames its template has")
    func properties() {
        for template in FrameTemplate.every {
            #expect(template.hasTicket == template.roles.contains(.ticket))
            #expect(template.hasDelimiter == template.roles.contains(.delimiter))
        }
    }

    @Test("names each fault in a sentence of its own")
    func sentences() {
        let faults: [ReplyShape.Mismatch] = [.delimiterNotEmpty, .tooShort, .tooLong]
        #expect(Set(faults.map { "\($0.sentence)" }).count == 3)
    }
}
