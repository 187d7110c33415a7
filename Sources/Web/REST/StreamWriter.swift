// Streams replies as NDJSON lines or SSE events, in a body that the client pulls.
//
//   NDJSON  {"tick":1}⏎ {"tick":2}⏎          a complete stream simply ends, or with {"$end":{...}} if requested;
//                                             an incomplete one ends with that line and without the last chunk, so
//                                             curl exits with 18
//   SSE     id: 1⏎ data: {"tick":1}⏎⏎        always ends with  event: end⏎ data: {"reason":...}⏎⏎
//
// Unsent bytes wait in `buffer`, within the credit of one exchange.

import Bridge
package import Contract
package import HTTP
import JSON

/// The owner of a stream, which accounts for its buffer.
package protocol StreamOwner: AnyObject {
    /// `bytes` more wait to be sent, or fewer if negative.
    func buffered(_ bytes: Int)
}

/// One streamed response.
package final class StreamWriter: BodySource {
    private enum Ending {
        case open
        /// Everything is in the buffer, and the stream ends well.
        case whole
        /// Everything is in the buffer, and the last chunk is left out.
        case cut
    }

    private let response: Response
    private let route: ServiceRoute
    private let format: ReplyFormat
    /// Stored, because each reply asks and a comparison of formats is a call into Contract.
    private let isEventStream: Bool
    private let wantsEndRecord: Bool
    private unowned let owner: any StreamOwner
    private var buffer: [UInt8] = []
    private var sent = 0
    private var sequence = 0
    private var ending = Ending.open
    /// The response has begun. From now on problems go into the stream.
    package private(set) var hasBegun = false
    /// Why the first reply's envelope cannot begin the response.
    package private(set) var fault: String?

    init(
        _ response: Response, _ route: ServiceRoute, _ format: ReplyFormat, wantsEndRecord: Bool, owner: any StreamOwner
    ) {
        self.response = response
        self.route = route
        self.format = format
        isEventStream = format == .sse
        self.wantsEndRecord = wantsEndRecord
        self.owner = owner
    }

    /// Unsent bytes.
    package var waiting: Int { buffer.count - sent }

    /// Begins the response before there is a reply, so that no proxy takes the connection for dead.
    package func begin() { begin(nil) }

    /// Adds a reply to the stream.
    package func reply(_ body: Span<UInt8>, _ inspection: Inspection) {
        if !hasBegun {
            let envelope = route.reply == .envelope ? ReplyEnvelope.read(body).envelope : nil
            fault = fault ?? envelope?.fault(answering: response.request)
            guard fault == nil else { return }
            begin(envelope)
        }
        let before = buffer.count
        sequence += 1
        if isEventStream {
            append("id: ")
            buffer.append(decimal: UInt64(sequence))
            append("\ndata: ")
        }
        route.replyText.appendJSON(body, hasLineBreak: inspection.hasLineBreak, to: &buffer)
        append(isEventStream ? "\n\n" : "\n")
        grown(since: before)
    }

    /// The exchange is over: ends the stream, or sends a whole response if it has not begun.
    package func end(_ conclusion: Conclusion) {
        let record = conclusion.record
        if let fault { return response.send(Problem(.badReply, fault), endedBy: .badReply) }
        if !hasBegun, var problem = record.problem, !isEventStream || !response.isEventSource {
            if let reply = conclusion.errorReply { problem.extras.append(("reply", reply)) }
            let retryAfter = problem.status == 503 ? route.plan.retryAfterSeconds : nil
            return response.send(problem, retryAfter: retryAfter, endedBy: record.end.reason)
        }
        if !hasBegun { begin(nil) }
        let before = buffer.count
        if isEventStream {
            if sequence == 0 { append(again(record)) }
            append("event: end\ndata: ")
            buffer.append(contentsOf: record.bytes(requestID: response.requestID.text))
            append("\n\n")
        } else if wantsEndRecord || !record.end.isOK {
            append("{\"$end\":")
            buffer.append(contentsOf: record.bytes(requestID: response.requestID.text))
            append("}\n")
        }
        ending = isEventStream || record.end.isOK ? .whole : .cut
        grown(since: before)
    }

    /// An EventSource reconnects on its own and, without an id, would run the exchange again. The id of an end without
    /// replies stops it, unless a retry makes sense.
    private func again(_ record: EndRecord) -> String {
        if route.plan.traits.takesSubscriptions { return "" }
        return record.problem?.status == 503 ? "retry: \(route.plan.retryAfterSeconds * 1000)\n" : "id: 0\n"
    }

    /// Sends a comment line, which SSE clients ignore. NDJSON has no comments.
    func sayNothing() {
        guard isEventStream, hasBegun, waiting == 0 else { return }
        let before = buffer.count
        append(":\n\n")
        grown(since: before)
    }

    package func read(into output: inout OutputSpan<UInt8>) -> BodyRead {
        let count = min(output.freeCapacity, buffer.count - sent)
        let end = sent + count
        while sent < end {
            output.append(buffer[sent])
            sent += 1
        }
        if sent == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.count <= 65_536)
            sent = 0
        } else if sent > 65_536, sent > buffer.count / 2 {
            // The client is always a little behind. The separator is kept for `dropUnsent`.
            buffer.removeFirst(sent - Self.separatorBytes)
            sent = Self.separatorBytes
        }
        if count > 0 { owner.buffered(-count) }
        if waiting > 0 { return .more }
        switch ending {
        case .open: return count > 0 ? .more : .pending
        case .whole: return .end
        case .cut: return .abort
        }
    }

    /// Drops unsent bytes, but keeps the rest of a reply that is partly sent.
    /// - Returns: false if that rest is too large to be kept: then nothing is left, and the response cannot continue.
    func dropUnsent() -> Bool {
        let before = waiting
        var end = sent
        while end > 0, end < buffer.count, !isBoundary(end) { end += 1 }
        let isShort = end - sent <= Self.longestRest
        buffer = isShort ? Array(buffer[sent..<end]) : []
        sent = 0
        owner.buffered(waiting - before)
        return isShort
    }

    /// Whether a reply ends before `position`. Replies are on one line, so the separator occurs nowhere else.
    private func isBoundary(_ position: Int) -> Bool {
        guard buffer[position - 1] == UInt8(ascii: "\n") else { return false }
        return !isEventStream || position >= 2 && buffer[position - 2] == UInt8(ascii: "\n")
    }

    private static let separatorBytes = 2
    private static let longestRest = 65_536

    private func begin(_ envelope: ReplyEnvelope?) {
        hasBegun = true
        // The gateway alone determines the format of a stream.
        let fields = (envelope?.headers ?? []).filter {
            !["content-type", "content-encoding"].contains($0.name.lowercased())
        }
        let type = String(describing: format.contentType(route.plan.configuration.body))
        var headers = response.headers(negotiating: type, fields)
        if !fields.contains(where: { $0.name.lowercased() == "x-accel-buffering" }) {
            headers.add("X-Accel-Buffering", "no")
        }
        response.request.respond(envelope?.status ?? 200, headers, streaming: self)
    }

    private func append(_ text: String) { buffer.append(contentsOf: text.utf8) }

    private func grown(since before: Int) {
        owner.buffered(buffer.count - before)
        response.request.sourceReady()
    }
}
