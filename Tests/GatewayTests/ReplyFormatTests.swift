// Which form a response has: what the client takes, and what the service can say.

import Configuration
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("The form of a response")
struct ReplyFormatTests {
    @Test(
        "is the one that the client wants most, and of equals the one that is named, then the one that comes naturally",
        arguments: [
            (nil, .json, true, .json), (nil, .json, false, .ndjson), (nil, .text, true, .plain),
            ("", .binary, true, .plain),
            ("application/json, text/plain, */*", .json, false, .json), ("*/*, application/json", .json, false, .json),
            ("application/json, */*;q=0.9", .json, false, .json), ("application/x-ndjson, */*", .json, false, .ndjson),
            ("text/event-stream, */*", .json, false, .sse), ("text/*, */*", .json, false, .sse),
            ("*/*, application/json;q=0.9", .json, false, .ndjson),
            ("application/json;q=0, */*", .json, false, .ndjson),
            ("text/html, */*;q=0.8", .json, false, .ndjson), ("application/json-rpc", .json, false, .json),
            ("application/problem+json, text/html;q=0.1", .json, false, .json), ("text/html", .json, false, nil),
            ("application/x-ndjson;q=0.5, text/json;q=0.4", .json, false, .ndjson),
            ("image/png, text/plain", .json, false, nil),
            ("*/*", .json, false, .ndjson), ("text/event-stream", .json, true, .sse),
            ("*/*;q=0.1, text/event-stream;q=0.5", .json, true, .sse), ("*/*, text/event-stream", .json, true, .sse),
            ("application/vnd.api+json", .json, false, .json), ("application/x-ndjson;q=0, */*", .json, false, .json),
            ("text/*", .json, true, .sse), ("text/*", .text, true, .plain), ("image/png", .json, true, nil),
            ("text/plain", .text, true, .plain), ("text/plain", .text, false, nil), ("text/plain", .json, true, nil),
            ("application/octet-stream", .binary, true, .plain),
            ("application/json, application/x-ndjson", .json, true, .json),
            ("application/json, application/x-ndjson", .json, false, .ndjson), ("nonsense", .json, true, nil),
            ("application/json;q=0.2, application/x-ndjson;q=0.25", .json, true, .ndjson),
            ("application/json;q=2, text/event-stream;q=0.9", .json, false, .json),
            ("application/json;q=0", .json, true, nil),
            ("APPLICATION/JSON ; Q=1", .json, false, .json), ("application/ndjson", .json, false, nil),
        ] as [(String?, ServiceConfiguration.BodyFormat, Bool, ReplyFormat?)])
    func negotiated(
        _ accept: String?, _ body: ServiceConfiguration.BodyFormat, _ isSingle: Bool, _ format: ReplyFormat?
    ) {
        let bytes = Array((accept ?? "").utf8)
        #expect(ReplyFormat.negotiate(accept == nil ? nil : bytes.span, body, isSingle: isSingle) == format)
    }

    @Test(
        "of topics is a stream of events, unless lines are wanted more",
        arguments: [
            (nil, .sse), ("", .sse), ("*/*", .sse), ("application/x-ndjson", .ndjson), ("application/json", nil),
            ("text/event-stream;q=0.5, application/x-ndjson", .ndjson),
            ("application/x-ndjson;q=0.5, */*;q=0.5", .ndjson),
            ("text/event-stream, application/x-ndjson", .sse),
        ] as [(String?, ReplyFormat?)])
    func ofTopics(_ accept: String?, _ format: ReplyFormat?) {
        #expect(ReplyFormat.ofTopics(accept) == format)
    }

    @Test(
        "the type of a body that is sent is looked at, its charset too",
        arguments: [
            (nil, .json, true), ("application/json", .json, true), ("text/json", .json, true),
            ("application/jsonrequest", .json, true), ("application/problem+json", .json, true),
            ("application/JSON", .json, true),
            ("application/vnd.api+json; charset=UTF-8", .json, true),
            ("text/plain", .json, false), ("text/html", .text, true), ("application/json", .text, false),
            ("text/plain; charset=\"iso-8859-1\"", .text, false), ("image/png", .binary, true),
            ("application/x-www-form-urlencoded", .json, true), ("application/x-www-form-urlencoded", .text, true),
        ] as [(String?, ServiceConfiguration.BodyFormat, Bool)])
    func taken(_ type: String?, _ body: ServiceConfiguration.BodyFormat, _ isTaken: Bool) {
        #expect((MediaTypeCheck.problem(type, body) == nil) == isTaken)
    }
}
