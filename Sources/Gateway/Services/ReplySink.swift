// Where an exchange's replies go: an HTTP response, a session. An exchange is not its connection: while it is open one
// sink may go and another come (Exchange.replaceSink).

import Bridge
import JSON

/// Takes the replies of one exchange, and hears its end once.
protocol ReplySink: AnyObject {
    /// The client that the memory of the replies counts for (MemoryLedger).
    var memoryKey: UInt64 { get }
    /// When it wants to look after its client's connection next; `distantFuture` if it never does.
    var nextLook: Instant { get }
    /// That time has come.
    func look()
    /// A reply to deliver. `body` is valid during the call only.
    func deliver(_ body: Span<UInt8>, _ inspection: Inspection)
    /// The request waited for an identity, and has left.
    func requestWasSent()
    /// The exchange is over; the last call.
    /// - Parameters:
    ///   - reply: what ended it where it is not delivered: a worker's error, or something unusable.
    ///   - fault: what is wrong with it, or other words for the problem than the usual ones.
    func ended(_ end: End, _ reply: Span<UInt8>, _ fault: String?)
}
