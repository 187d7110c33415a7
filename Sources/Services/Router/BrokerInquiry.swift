// Asks a Majordomo broker whether a worker offers a service (RFC 8, `mmi.service`). A broker queues requests for names
// without workers forever, and reports nothing.
//
//     link up --ask--> 200: offered    404: not offered    anything else, or silence: unknown, so requests are sent

import Bridge
import JSON
package import Reactors
import ZeroMQ

/// The inquiries about one name at one broker.
package final class BrokerInquiry: ReadinessHandler {
    /// The time between two questions, and the longest wait for an answer.
    private static let interval: UInt64 = 1_000_000_000

    /// The broker can be reached and does not deny that the service is offered.
    package private(set) var isUp = false
    private unowned let host: any ServiceHost
    private let link: MonitoredDealer
    private let question: [[UInt8]]
    /// The name is `mmi.service` or the like, which the broker itself serves and does not list (RFC 8).
    private let isBrokersOwn: Bool
    private let onChange: () -> Void
    private var ear: DescriptorWatch
    private var isOffered: Bool?
    private var askedAt: UInt64?
    private var isWaiting = false
    private var message = Message()

    /// - Parameter name: the service's name at the broker.
    init(
        _ host: any ServiceHost, _ link: MonitoredDealer, _ version: MajordomoVersion, _ name: String,
        onChange: @escaping () -> Void
    ) {
        self.host = host
        self.link = link
        self.onChange = onChange
        ear = DescriptorWatch(link.socket.descriptor)
        isBrokersOwn = name.hasPrefix("mmi.")
        question = version.request(for: "mmi.service") + [Array(name.utf8)]
    }

    package func start() {
        tick()
    }

    package func stop() { ear.stop(host) }

    package func ready(_ readiness: Readiness) { tick() }

    /// The link came up or went down, or some time has passed.
    package func tick() {
        ear.listen(host, self)
        read()
        if isBrokersOwn {
            isOffered = true
        } else if !link.isUp {
            (isOffered, askedAt, isWaiting) = (nil, nil, false)
        } else if askedAt.map({ host.reactor.now - $0 >= Self.interval }) ?? true {
            // A broker that does not answer does not know the question.
            if isWaiting { isOffered = true }
            ask()
        }
        let isUp = link.isUp && isOffered ?? false
        guard isUp != self.isUp else { return }
        self.isUp = isUp
        onChange()
    }

    private func ask() {
        guard link.socket.send(question) == .sent else { return }
        askedAt = host.reactor.now
        isWaiting = true
        read()
    }

    private func read() {
        while message.receive(from: link.socket) {
            guard message.count > 1 else { continue }
            isWaiting = false
            isOffered = !message.bytes(message.count - 1).equals(Array("404".utf8))
        }
    }
}
