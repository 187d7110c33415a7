import Testing
import ZeroMQ

@Suite("Messages of several frames") struct SeveralFramesTests {
    let context: Context

    init() throws { context = try Context() }

    private struct Pair: ~Copyable {
        let router: RouterSocket
        let dealer: DealerSocket
    }

    /// A router with a dealer named "peer", both with queues of one message.
    private func pair(_ name: String) throws -> Pair {
        var options = SocketOptions(identity: "peer")
        (options.sendHighWaterMark, options.receiveHighWaterMark) = (1, 1)
        let router = try RouterSocket(context, options)
        let dealer = try DealerSocket(context, options)
        try router.bind("inproc://\(name)")
        try dealer.connect("inproc://\(name)")
        _ = dealer.becomes(writable: true)
        _ = router.events
        return Pair(router: router, dealer: dealer)
    }

    @Test("begin, add and finish are one message, with the frames behind the body")
    func wholeMessage() throws {
        let sockets = try pair("whole")
        let began = sockets.router.begin(Array("peer".utf8))
        #expect(began == .sent)
        sockets.router.add(Frame())
        sockets.router.add(copying: [Array("a".utf8), Array("b".utf8)])
        var body = Frame("body")
        sockets.router.finish(&body, [FrameBox(Frame("more")), FrameBox(Frame("last"))])
        #expect(body.isEmpty == true)
        #expect(sockets.dealer.message() == ["", "a", "b", "body", "more", "last"])
        #expect(sockets.dealer.nextMessage() == nil)
    }

    @Test("frames that are kept can be sent again")
    func kept() throws {
        let sockets = try pair("kept")
        var body = Frame("body")
        let more = [FrameBox(Frame("more"))]
        for _ in 0..<2 {
            var peer = Frame("peer")
            let began = sockets.router.begin(&peer)
            #expect(began == .sent)
            sockets.router.finish(&body, more, keeping: true)
            #expect(sockets.dealer.message() == ["body", "more"])
        }
    }

    @Test("if the first frame is rejected nothing was sent, and the first frame is as it was")
    func rejected() throws {
        let sockets = try pair("rejected")
        var count = 0
        while sockets.router.send([Array("peer".utf8), Array("body".utf8)]) == .sent { count += 1 }
        var peer = Frame("peer")
        let outcome = sockets.router.begin(&peer)
        #expect(outcome == .wouldBlock)
        #expect(peer.text == "peer")
        let unroutable = sockets.router.begin(Array("other".utf8))
        #expect(unroutable == .unroutable)
        #expect(count > 0)
        for _ in 0..<count { #expect(sockets.dealer.message() == ["body"]) }
        #expect(sockets.dealer.nextMessage() == nil)
    }

    @Test("the head and the body of a dealer's message: nothing is sent without a peer, whatever comes first")
    func headAndBody() throws {
        let dealer = try DealerSocket(context)
        let head = [Array("".utf8), Array("name".utf8)]
        let began = dealer.begin(head)
        #expect(began == .wouldBlock)
        let none: [[UInt8]] = []
        let beganNone = dealer.begin(none)
        #expect(beganNone == .sent)
        var body = Frame("body")
        let rejected = dealer.finish(&body)
        #expect(rejected == .wouldBlock)
        #expect(body.text == "body")
        let peer = try DealerSocket(context)
        try peer.bind("inproc://head")
        try dealer.connect("inproc://head")
        #expect(dealer.becomes(writable: true) == true)
        let sent = dealer.begin(head)
        #expect(sent == .sent)
        let finished = dealer.finish(&body)
        #expect(finished == .sent)
        #expect(peer.message() == ["", "name", "body"])
    }
}
