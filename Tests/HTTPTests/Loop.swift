// A listener, its handler and raw clients on one thread. Nothing sleeps: `run` polls the listener's epoll descriptor
// and the clients until a condition holds, and gives up after a time limit. The listener is run when it asks for it,
// and only then, as in the gateway.

import Glibc
import HTTP
import Testing

/// Answers as the test says and writes down what happened.
final class Script: RequestHandler, RequestConsumer {
    var log: [String] = []
    var bodies: [[UInt8]] = []
    var last: Request?
    var onAccept: (Request) -> Void = { _ in }
    var onBody: (Request) -> Void = { _ in }
    var onEnd: (Request) -> Void = {
        $0.respond(200, ResponseHeaders(["Content-Type": "text/plain"]), copying: "hello".utf8Span.span)
    }
    var onClosed: (Request) -> Void = { _ in }

    func accept(_ request: Request) {
        last = request
        log.append("accept \(text(request.methodName)) \(text(request.path))")
        bodies.append([])
        request.consumer = self
        onAccept(request)
    }

    func body(_ bytes: Span<UInt8>, of request: Request) {
        for i in bytes.indices { bodies[bodies.count - 1].append(bytes[i]) }
        onBody(request)
    }

    func bodyEnded(of request: Request) {
        log.append("end")
        onEnd(request)
    }

    func closed(_ request: Request, _ reason: RequestEnd) {
        log.append("closed \(reason)")
        onClosed(request)
    }

    var body: String { String(decoding: bodies.last ?? [], as: UTF8.self) }
}

func text(_ span: Span<UInt8>) -> String {
    var bytes: [UInt8] = []
    for i in span.indices { bytes.append(span[i]) }
    return String(decoding: bytes, as: UTF8.self)
}

final class House {
    let script = Script()
    let listener: Listener
    var clients: [RawClient] = []
    /// Added to the clock that the listener sees, nanoseconds.
    var clockOffset: UInt64 = 0
    /// How long ago a run began when it meets its clients, nanoseconds.
    var lag: UInt64 = 0
    private var isReadable = true
    private var hasArrivals = false

    init(_ adjust: (inout ListenerOptions) -> Void = { _ in }, address: BindAddress = .tcp(host: "127.0.0.1", port: 0))
        throws
    {
        var options = ListenerOptions(address: address)
        adjust(&options)
        listener = try Listener(options, handler: script)
    }

    deinit { listener.stop() }

    func connect() throws -> RawClient {
        let client = try RawClient(port: listener.port)
        clients.append(client)
        return client
    }

    /// Turns the loop until the condition holds. False when it did not within `seconds`.
    @discardableResult
    func run(seconds: Double = 5, until condition: () -> Bool) -> Bool {
        let limit = clock() + UInt64(seconds * 1e9)
        while true {
            let now = clock() + clockOffset - lag
            if hasArrivals { listener.arrivalsWait() }
            if isReadable || hasArrivals || listener.wantsRun || listener.timeout(now: now) == 0 {
                listener.run(now: now)
            }
            for client in clients { client.pump() }
            if condition() { return true }
            if clock() > limit { return false }
            var wait = listener.timeout(now: clock() + clockOffset) ?? .max
            wait = min(wait, 20_000_000)
            let arrivals = listener.isAccepting ? listener.listeningDescriptor : -1
            var polls = [listener.epollDescriptor, arrivals].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            for client in clients where client.descriptor >= 0 && !client.isAtEnd {
                polls.append(pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0))
            }
            _ = unsafe poll(&polls, nfds_t(polls.count), Int32((wait + 999_999) / 1_000_000))
            isReadable = polls[0].revents != 0
            hasArrivals = polls[1].revents != 0
        }
    }

    /// Turns the loop a few times, for what must not happen.
    func settle() {
        var turns = 0
        run(seconds: 1) {
            turns += 1
            return turns > 10
        }
    }

    /// Sends on a new connection, and gives what comes back until the server closes or `count` responses are whole.
    func exchange(_ bytes: String, responses: Int = 1) throws -> String {
        let client = try connect()
        client.send(bytes)
        run { client.isAtEnd || client.responses().count >= responses }
        return client.text
    }

    /// Sends on a new connection, and gives all that comes back until the server closes.
    func exchangeToEnd(_ bytes: String) throws -> String {
        let client = try connect()
        client.send(bytes)
        #expect(run { client.isAtEnd })
        return client.text
    }
}

func clock() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
