// Reports that libzmq closed a peer's connection because of a frame larger than `socket.max_reply_bytes`: in the log,
// at most once a minute, and for a minute as the service's trouble.

package import Bridge
package import Contract
package import ZeroMQ

/// The oversized frames at one endpoint.
package struct OversizeNotice {
    private static let memory: Nanoseconds = 60_000_000_000

    private let sentence: String
    private var last: Instant?
    private var saidAt: Instant?

    init(_ endpoint: String, _ bound: Int) {
        sentence =
            "\(endpoint): a peer sent a frame of more than \(ByteCount.text(bound)), and its connection was closed; "
            + "send smaller frames, or raise `socket.max_reply_bytes`"
    }

    /// It has happened just now.
    mutating func happened(_ host: any ServiceHost) {
        last = host.now
        guard saidAt.map({ host.now.since($0) >= Self.memory }) ?? true else { return }
        saidAt = host.now
        host.log.warning("\(sentence)")
    }

    /// The sentence, for a minute after it has happened.
    package func trouble(at now: Instant) -> String? {
        guard let last, now.since(last) < Self.memory else { return nil }
        return sentence
    }
}

extension DisconnectReason {
    /// The end reason of exchanges that lost their worker.
    package var reason: EndReason { self == .rejected ? .limit : .workerLost }
}

extension ServicePlan {
    /// Why a worker's reply could not be received.
    package var frameTooLarge: String {
        "the worker sent a frame of more than \(ByteCount.text(configuration.socket.maxReplyBytes))"
            + " (`socket.max_reply_bytes` of service \"\(name)\"), and its connection was closed"
    }
}
