// Workers that live in the gateway's process and talk to it as any other worker does: over real sockets.
//
//     echo    DEALER, connects     ticker  ROUTER, binds
//     slow    REP x 4, connects    flaky   DEALER, connects
//     pool    REQ x 3, connect     prices  XPUB, binds

import Glibc
import JSON
import Logging
import Reactors
import Synchronization
import ZeroMQ

/// The demo's workers, from `start` to `stop`.
final class DemoWorkers {
    static func endpoint(_ name: String) -> String { "ipc://@zmq-gateway-demo-\(getpid())-\(name)" }

    private final class Flag: Sendable {
        let isRunning = Atomic<Bool>(true)
    }

    private let flag = Flag()
    private var threads: [ThreadHandle] = []

    /// Starts the workers in `context`, which they share with the gateway.
    func start(_ context: Context, log: Logger) throws {
        let flag = self.flag
        func run(_ name: String, _ body: @escaping @Sendable (Flag) throws -> Void) throws {
            threads.append(
                Threads.start(name: name) {
                    do { try body(flag) } catch { log.error("demo worker \(name): \(error)") }
                })
        }
        try run("echo") { try Self.answer(DealerSocket(context, SocketOptions()), "echo", $0) { request in request } }
        try run("flaky") { try Self.answer(DealerSocket(context, SocketOptions()), "flaky", $0, Self.misbehave) }
        for _ in 0..<4 { try run("slow") { try Self.sleep(RepSocket(context, SocketOptions()), $0) } }
        try run("ticker") { flag in
            try DemoTicker.run(context, endpoint: Self.endpoint("ticker")) { flag.isRunning.load(ordering: .relaxed) }
        }
        for number in 1...DemoPool.workers {
            try run("pool") { flag in
                try DemoPool.run(context, number: number, endpoint: Self.endpoint("pool")) {
                    flag.isRunning.load(ordering: .relaxed)
                }
            }
        }
        try run("prices") { flag in
            try DemoPrices.run(context, endpoint: Self.endpoint("prices")) { flag.isRunning.load(ordering: .relaxed) }
        }
    }

    func stop() {
        flag.isRunning.store(false, ordering: .relaxed)
        for thread in threads { thread.join() }
        threads = []
    }

    /// A DEALER that receives `[ticket][body]` and sends `[ticket][reply]`, or nothing.
    private static func answer(
        _ socket: consuming DealerSocket, _ name: String, _ flag: Flag, _ reply: ([UInt8]) -> [UInt8]?
    ) throws {
        try socket.connect(endpoint(name))
        while flag.isRunning.load(ordering: .relaxed) {
            var ticket = Frame()
            var body = Frame()
            guard socket.wait(for: .readable, timeout: .milliseconds(100)), socket.receive(into: &ticket),
                socket.receive(into: &body), let bytes = reply(copy(body))
            else { continue }
            var answer = Frame(copying: bytes.span)
            if case .sent = socket.send(&ticket, more: true) { _ = socket.send(&answer, more: false) }
        }
    }

    private static func misbehave(_ request: [UInt8]) -> [UInt8]? {
        let mode = (try? Document(parsing: request.span))?["mode"]?.stringValue
        switch mode {
        case "silence": return nil
        case "garbage": return Array("this is not {JSON".utf8)
        case "error": return Array("{\"error\":\"as you wished\"}".utf8)
        default: return Array("{\"ok\":true}".utf8)
        }
    }

    private static func sleep(_ socket: consuming RepSocket, _ flag: Flag) throws {
        try socket.connect(endpoint("slow"))
        while flag.isRunning.load(ordering: .relaxed) {
            var request = Frame()
            guard socket.wait(for: .readable, timeout: .milliseconds(100)), socket.receive(into: &request) else {
                continue
            }
            let asked = (try? Document(parsing: request.bytes))?["seconds"]?.intValue ?? 1
            let seconds = max(0, min(asked, 20))
            var waited = 0
            while waited < seconds * 10 && flag.isRunning.load(ordering: .relaxed) {
                usleep(100_000)
                waited += 1
            }
            var reply = Frame(copying: Array("{\"slept\":\(seconds)}".utf8).span)
            _ = socket.send(&reply, more: false)
        }
    }

    static func copy(_ frame: borrowing Frame) -> [UInt8] {
        let bytes = frame.bytes
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for position in 0..<bytes.count { copy.append(bytes[position]) }
        return copy
    }
}
