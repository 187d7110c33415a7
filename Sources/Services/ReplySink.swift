// Where an exchange's replies go: an HTTP response or a session. An exchange is not its connection: while it is open, a
// sink may be replaced by another one (Exchange.replaceSink).

package import Bridge
package import Contract
import JSON

/// Receives the replies of one exchange, and its end once.
package protocol ReplySink: AnyObject {
    /// The client that the memory of the replies counts for (MemoryLedger).
    var memoryKey: UInt64 { get }
    /// When `look` should be called next, to maintain the client's connection; `distantFuture` for never.
    var nextLook: Instant { get }
    /// The time `nextLook` has come.
    func look()
    /// Delivers a reply. `body` is valid during the call only.
    func deliver(_ body: Span<UInt8>, _ inspection: Inspection)
    /// The request, which waited for an identity, was sent.
    func requestWasSent()
    /// The exchange is over; the last call.
    /// - Parameters:
    ///   - reply: the reply that ended the exchange and is not delivered: a worker's error, or an invalid reply.
    ///   - fault: what is wrong with it, or another detail for the problem than the usual one.
    func ended(_ end: End, _ reply: Span<UInt8>, _ fault: String?)
}
