// A browser's EventSource hides every response but a 200 from the page, its status and body included. It therefore gets
// a rejection as a stream of one event, the end event that every stream has:
//
//   retry: 1000          come back after `Retry-After`;  or
//   id: refused          do not: an EventSource that comes back with a Last-Event-ID gets 204, which stops it
//   event: end
//   data: {"reason":"refused","ok":false,"replies":0,...,"problem":{...}}
//
// No header is specific to EventSource. Those of Chromium, Firefox and Safari send GET with `Accept: text/event-stream`
// and `Cache-Control: no-cache`; fetch does so only with `cache: "no-store"`. A page can say what it wants with
// `errors=event` or `errors=status`.

package import Bridge
package import Contract
import HTTP
import JSON

extension Response {
    private static let eventStream = Array("text/event-stream".utf8)
    private static let noCache = Array("no-cache".utf8)
    private static let cacheControl = Array("cache-control".utf8)

    /// Whether the client can see rejections as events only.
    var isEventSource: Bool {
        let request = request
        guard request.method == .get else { return false }
        if let isWanted = wantsEvents { return isWanted }
        guard let accept = request.value(of: .accept), accept.equals(Self.eventStream),
            request.value(of: .secFetchMode) != nil
        else { return false }
        return request.values(named: Self.cacheControl.span).map { $0 == Self.noCache } ?? false
    }

    /// The value of `errors`, if the query belongs to the gateway.
    private var wantsEvents: Bool? {
        let request = request
        guard String(copying: request.path).hasPrefix("/v1/services/") else { return nil }
        for pair in String(copying: request.query).split(separator: "&") {
            if pair == "errors=event" { return true }
            if pair == "errors=status" { return false }
        }
        return nil
    }

    /// Whether an EventSource has come back after its stream ended.
    var isEventSourceAgain: Bool {
        let request = request
        return request.method == .get && request.value(of: .lastEventID) != nil
    }

    /// A rejection as a stream; nil to tell the EventSource to stop.
    package func event(_ problem: Problem, retryAfter seconds: Int?, endedBy reason: EndReason?) -> [UInt8]? {
        if seconds == nil && isEventSourceAgain { return nil }
        var writer = JSONWriter()
        writer.beginObject()
        EndRecord.writeRejection(problem, reason, into: &writer, requestID: requestID.text)
        writer.endObject()
        let again = seconds.map { "retry: \($0 * 1000)\n" } ?? "id: refused\n"
        return Array("\(again)event: end\ndata: ".utf8) + writer.bytes + Array("\n\n".utf8)
    }
}
