// A browser's EventSource shows a page nothing of an answer that is not 200: neither its status nor its body. So a
// rejection comes to it as a stream of one event, the end that every stream has:
//
//   retry: 1000          come again, after `Retry-After`;  or
//   id: refused           do not: an EventSource that comes back with a Last-Event-ID gets 204, which stops it
//   event: end
//   data: {"reason":"refused","ok":false,"replies":0,...,"problem":{...}}
//
// Browsers send nothing that only an EventSource has. Chromium's, Firefox's and Safari's ask by GET with
// `Accept: text/event-stream` and `Cache-Control: no-cache`; fetch does so only with `cache: "no-store"`. A page says
// what it wants with `errors=event` or `errors=status`.

import Bridge
import HTTP
import JSON

extension Response {
    private static let eventStream = Array("text/event-stream".utf8)
    private static let noCache = Array("no-cache".utf8)
    private static let cacheControl = Array("cache-control".utf8)

    /// Whether whoever asks can see rejections as events only.
    var isEventSource: Bool {
        let request = request
        guard request.method == .get else { return false }
        if let isWanted = wantsEvents { return isWanted }
        guard let accept = request.value(of: .accept), accept.equals(Self.eventStream),
            request.value(of: .secFetchMode) != nil
        else { return false }
        return request.values(named: Self.cacheControl.span).map { $0 == Self.noCache } ?? false
    }

    /// `errors` in the query, where the query is the gateway's.
    private var wantsEvents: Bool? {
        let request = request
        guard String(copying: request.path).hasPrefix("/v1/services/") else { return nil }
        for pair in String(copying: request.query).split(separator: "&") {
            if pair == "errors=event" { return true }
            if pair == "errors=status" { return false }
        }
        return nil
    }

    /// It is there again after its stream ended.
    var isEventSourceAgain: Bool {
        let request = request
        return request.method == .get && request.value(of: .lastEventID) != nil
    }

    /// A rejection as a stream; nil where it is told to stop coming.
    func event(_ problem: Problem, retryAfter seconds: Int?, endedBy reason: EndReason?) -> [UInt8]? {
        if seconds == nil && isEventSourceAgain { return nil }
        var writer = JSONWriter()
        writer.beginObject()
        EndRecord.writeRejection(problem, reason, into: &writer, requestID: requestID.text)
        writer.endObject()
        let again = seconds.map { "retry: \($0 * 1000)\n" } ?? "id: refused\n"
        return Array("\(again)event: end\ndata: ".utf8) + writer.bytes + Array("\n\n".utf8)
    }
}
