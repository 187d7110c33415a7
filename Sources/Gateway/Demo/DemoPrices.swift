// The demo's publisher: random prices on three topics, published in turn.

import ZeroMQ

/// Publishes `[topic][{"symbol":...,"bid":...,"ask":...,"volume":...}]`, about three times a second for each topic.
enum DemoPrices {
    private struct Quote {
        let topic: String
        let symbol: String
        var cents: Int
        var volume = 0

        /// Moves the price up or down by at most a quarter of a per cent, but never below 10.
        mutating func wander() {
            let most = cents / 400
            cents = max(1_000, cents + Int.random(in: -most...most))
            volume += Int.random(in: 1...40) * 100
        }

        var body: String {
            let (bid, ask) = (DemoPrices.decimal(cents), DemoPrices.decimal(cents + 2))
            return "{\"symbol\":\"\(symbol)\",\"bid\":\(bid),\"ask\":\(ask),\"volume\":\(volume)}"
        }
    }

    private static let pause = Duration.milliseconds(110)

    static func run(_ context: Context, endpoint: String, while isRunning: () -> Bool) throws {
        let socket = try PublisherSocket(context)
        try socket.bind(endpoint)
        var quotes = [
            Quote(topic: "nasdaq.AAPL", symbol: "AAPL", cents: 22_910),
            Quote(topic: "nasdaq.MSFT", symbol: "MSFT", cents: 41_734),
            Quote(topic: "nyse.IBM", symbol: "IBM", cents: 23_058),
        ]
        var turn = 0
        while isRunning() {
            if socket.wait(for: .readable, timeout: pause) { takeSubscriptions(socket) }
            quotes[turn].wander()
            send(socket, quotes[turn])
            turn = (turn + 1) % quotes.count
        }
    }

    /// Reads the subscription messages. libzmq itself keeps the list of subscribers.
    private static func takeSubscriptions(_ socket: borrowing PublisherSocket) {
        var subscription = Frame()
        while socket.receive(into: &subscription) {}
    }

    private static func send(_ socket: borrowing PublisherSocket, _ quote: Quote) {
        var topic = Frame(quote.topic)
        var body = Frame(quote.body)
        if case .sent = socket.send(&topic, more: true) { _ = socket.send(&body, more: false) }
    }

    private static func decimal(_ cents: Int) -> String {
        let rest = String(cents % 100)
        return "\(cents / 100).\(rest.count < 2 ? "0" : "")\(rest)"
    }
}
