// The opening handshake, from the RFC's own example to each way of getting it wrong.

import Testing

@testable import WebSocket

@Suite("The handshake") struct HandshakeTests {
    static func request(_ change: (inout HandshakeRequest) -> Void = { _ in }) -> HandshakeRequest {
        var request = HandshakeRequest()
        request.upgrade = "websocket"
        request.connection = "keep-alive, Upgrade"
        request.key = "dGhlIHNhbXBsZSBub25jZQ=="
        request.version = "13"
        change(&request)
        return request
    }

    static func status(_ request: HandshakeRequest, _ offer: HandshakeOffer = HandshakeOffer()) -> Int {
        do {
            _ = try Handshake.answer(request, offer)
            return 101
        } catch {
            #expect(!error.detail.isEmpty)
            return error.status
        }
    }

    @Test("the example of section 1.3 has its answer")
    func example() throws {
        let acceptance = try Handshake.answer(Self.request(), HandshakeOffer())
        #expect(acceptance.key == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(acceptance.subprotocol == nil && acceptance.extensions == nil)
    }

    @Test("missing and wrong fields are rejected with their status")
    func wrong() {
        #expect(Self.status(Self.request()) == 101)
        #expect(Self.status(Self.request { $0.upgrade = "h2c, WebSocket" }) == 101)
        #expect(Self.status(Self.request { $0.isGet = false }) == 405)
        #expect(Self.status(Self.request { $0.minorVersion = 0 }) == 400)
        #expect(Self.status(Self.request { $0.upgrade = nil }) == 426)
        #expect(Self.status(Self.request { $0.upgrade = "websockets" }) == 426)
        #expect(Self.status(Self.request { $0.connection = nil }) == 400)
        #expect(Self.status(Self.request { $0.connection = "keep-alive" }) == 400)
        #expect(Self.status(Self.request { $0.version = "8" }) == 426)
        #expect(Self.status(Self.request { $0.version = nil }) == 426)
        for key in [
            nil, "", "short", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25j Q==",
        ] {
            #expect(Self.status(Self.request { $0.key = key }) == 400)
        }
    }

    @Test("of the common subprotocols the one that we prefer is chosen")
    func subprotocols() throws {
        var offer = HandshakeOffer()
        offer.subprotocols = ["b", "a"]
        #expect(try Handshake.answer(Self.request { $0.subprotocols = "a, b" }, offer).subprotocol == "b")
        #expect(try Handshake.answer(Self.request { $0.subprotocols = "c" }, offer).subprotocol == nil)
        offer.needsSubprotocol = true
        #expect(Self.status(Self.request { $0.subprotocols = "c" }, offer) == 400)
        #expect(Self.status(Self.request(), offer) == 400)
    }

    @Test(
        "the first usable offer of compression is accepted",
        arguments: [
            ("permessage-deflate", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits=10", "permessage-deflate"),
            ("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
            ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
            ("permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10"),
            ("permessage-deflate; server_max_window_bits=\"12\"", "permessage-deflate; server_max_window_bits=12"),
            ("permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate"),
            ("x-webkit-deflate-frame, permessage-deflate", "permessage-deflate"),
            ("permessage-deflate; server_max_window_bits=8", nil),
            ("permessage-deflate; server_max_window_bits=16", nil),
            ("permessage-deflate; server_max_window_bits=09", nil),
            ("permessage-deflate; server_max_window_bits", nil),
            ("permessage-deflate; client_max_window_bits=7", nil),
            ("permessage-deflate; server_no_context_takeover=1", nil),
            ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", nil),
            ("permessage-deflate; unknown", nil),
            ("permessage-deflate;", nil), ("deflate", nil), ("", nil), (";,=;", nil),
        ] as [(String, String?)])
    func deflate(offer: String, answer: String?) throws {
        var settings = HandshakeOffer()
        settings.keepsContext = true
        #expect(try Handshake.answer(Self.request { $0.extensions = offer }, settings).extensions == answer)
        settings.compresses = false
        #expect(try Handshake.answer(Self.request { $0.extensions = offer }, settings).extensions == nil)
    }
}
