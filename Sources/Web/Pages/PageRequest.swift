// A request that the gateway answers itself: a page, a description, a rejection.

import Bridge
package import HTTP

/// The consumer of such a request. It ignores the body.
package final class PageRequest: RequestConsumer {
    private let handler: RESTHandler
    private let response: Response
    private let give: (Response) -> Void
    private let since: Instant
    private var isGiven = false

    init(_ handler: RESTHandler, _ response: Response, _ give: @escaping (Response) -> Void) {
        self.handler = handler
        self.response = response
        self.give = give
        since = handler.host.now
    }

    /// Responds now; a rejection does not wait for the body.
    func respondIfComplete() {
        guard !isGiven else { return }
        isGiven = true
        give(response)
    }

    package func body(_ bytes: Span<UInt8>, of request: Request) {}
    package func bodyEnded(of request: Request) {}

    package func closed(_ request: Request, _ reason: RequestEnd) {
        handler.closed(response, since: since, reason, nil)
    }
}
