// A request that is answered by the gateway itself: a page, a description, a refusal.

import Bridge
import HTTP

/// The consumer of such a request; a body that comes along is passed over.
final class PageVisit: RequestConsumer {
    private let handler: RESTHandler
    private let answer: Answer
    private let give: (Answer) -> Void
    private let since: Instant
    private var isGiven = false

    init(_ handler: RESTHandler, _ answer: Answer, _ give: @escaping (Answer) -> Void) {
        self.handler = handler
        self.answer = answer
        self.give = give
        since = handler.core.now
    }

    /// Answers now; a refusal does not wait for the body.
    func answerIfComplete() {
        guard !isGiven else { return }
        isGiven = true
        give(answer)
    }

    func body(_ bytes: Span<UInt8>, of request: Request) {}
    func bodyEnded(of request: Request) {}

    func closed(_ request: Request, _ reason: RequestEnd) {
        handler.closed(answer, since: since, reason, nil)
    }
}
