// Requests that are held when they are accepted: nothing behind the header is read until they are released.

import HTTP
import Testing

@Suite("Holding", .timeLimit(.minutes(1)))
struct HoldTests {
    private static let post = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
    private static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let chunked =
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"

    /// A house with a request that is held.
    private func holding(_ bytes: String) throws -> (House, Request) {
        let house = try House()
        house.script.onAccept = { $0.hold() }
        try house.connect().send(bytes)
        #expect(house.run { house.script.last != nil })
        house.settle()
        #expect(house.script.log == ["accept \(bytes.prefix { $0 != " " }) /a"])
        return (house, try #require(house.script.last))
    }

    private func reject(_ request: Request) {
        request.respond(403, ResponseHeaders(["Content-Type": "text/plain"]), copying: "no".utf8Span.span)
    }

    @Test("a released request continues with its body", arguments: [post, get, chunked])
    func released(_ bytes: String) throws {
        let (house, request) = try holding(bytes)
        request.release()
        #expect(house.run { house.clients[0].responses().first?.body == "hello" })
        #expect(house.script.log.last == "closed completed")
        #expect(house.script.body == (bytes == Self.get ? "" : "body"))
    }

    @Test("a request that is answered meanwhile is done without its body", arguments: [post, get, chunked])
    func answered(_ bytes: String) throws {
        let (house, request) = try holding(bytes)
        reject(request)
        house.settle()
        #expect(house.clients[0].text.isEmpty)
        request.release()
        #expect(house.run { house.clients[0].responses().first?.status == 403 })
        #expect(house.script.body.isEmpty && !house.script.log.contains("end"))
    }

    @Test("the next request is served after it")
    func behind() throws {
        let (house, request) = try holding(Self.get)
        house.script.onAccept = { _ in }
        house.clients[0].send(Self.post)
        house.settle()
        #expect(house.script.log.count == 1)
        request.release()
        #expect(house.run { house.clients[0].responses().filter(\.isWhole).count == 2 })
    }

    @Test("a client that waits for 100 gets it when its request is released, and not when it is refused")
    func continues() throws {
        let head = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        for isRejected in [false, true] {
            let (house, request) = try holding(head)
            #expect(house.clients[0].text.isEmpty)
            if isRejected { reject(request) }
            request.release()
            #expect(house.run { house.clients[0].text.hasPrefix("HTTP/1.1 \(isRejected ? 403 : 100)") })
        }
    }

    @Test("an aborted request is closed without a response")
    func aborted() throws {
        let (house, request) = try holding(Self.post)
        request.abort()
        #expect(house.run { house.clients[0].isAtEnd })
        #expect(house.clients[0].text.isEmpty && house.script.log.last == "closed aborted")
        request.release()
    }

    @Test("no deadline ends it, and the one of the body begins when it is released")
    func deadlines() throws {
        let (house, request) = try holding("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n")
        house.clockOffset += 600_000_000_000
        house.settle()
        #expect(house.script.log.count == 1)
        request.release()
        house.settle()
        #expect(house.script.log.count == 1)
        house.clockOffset += 600_000_000_000
        #expect(house.run { house.script.log.last == "closed timedOut" })
    }

    @Test("one that is refused has the body's time to send what is read over")
    func rejectedAndSlow() throws {
        let (house, request) = try holding("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nb")
        reject(request)
        request.release()
        house.settle()
        #expect(house.script.log.count == 1)
        house.clockOffset += 600_000_000_000
        #expect(house.run { house.script.log.last == "closed timedOut" })
    }

    @Test("a listener that stops ends it")
    func stopped() throws {
        let (house, _) = try holding(Self.post)
        house.listener.stop()
        #expect(house.script.log.last == "closed shutdown")
    }
}
