// The demo's ROUTER: it serves many requests at once, each with its own replies, 200 ms apart.

import JSON
import Reactors
import ZeroMQ

/// Sends ticks to every client until it has reached its count or cancels.
enum DemoTicker {
    private struct Job {
        let client: [UInt8]
        let count: Int
        var sent: Int
        var dueAt: UInt64
    }

    private static let interval: UInt64 = 200_000_000

    static func run(_ context: Context, endpoint: String, while isRunning: () -> Bool) throws {
        let socket = try RouterSocket(context, SocketOptions())
        _ = try socket.bind(endpoint)
        var jobs: [Job] = []
        while isRunning() {
            if socket.wait(for: .readable, timeout: .milliseconds(20)) { receive(socket, &jobs) }
            let now = Clocks.monotonic
            for position in jobs.indices where jobs[position].dueAt <= now {
                jobs[position].sent += 1
                jobs[position].dueAt += interval
                send(socket, jobs[position])
            }
            jobs.removeAll { $0.sent >= $0.count }
        }
    }

    private static func receive(_ socket: borrowing RouterSocket, _ jobs: inout [Job]) {
        var identity = Frame()
        var body = Frame()
        while socket.receive(into: &identity), socket.receive(into: &body) {
            let client = DemoWorkers.copy(identity)
            let request = try? Document(parsing: body.bytes)
            jobs.removeAll { $0.client == client }
            if request?["cancel"] != nil { continue }
            let count = max(1, min(request?["count"]?.intValue ?? 10, 1000))
            jobs.append(Job(client: client, count: count, sent: 0, dueAt: Clocks.monotonic + interval))
        }
    }

    private static func send(_ socket: borrowing RouterSocket, _ job: Job) {
        let done = job.sent == job.count
        var identity = Frame(copying: job.client.span)
        var body = Frame(copying: Array("{\"tick\":\(job.sent),\"of\":\(job.count),\"done\":\(done)}".utf8).span)
        if case .sent = socket.send(&identity, more: true) { _ = socket.send(&body, more: false) }
    }
}
