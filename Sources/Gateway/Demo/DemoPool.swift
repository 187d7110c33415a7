// The demo's ready workers: REQ sockets that announce that they are ready, once at the start and then with each reply.

import Glibc
import ZeroMQ

/// The workers of `pool`. Each echoes one request at a time, after 50 to 400 ms.
enum DemoPool {
    static let workers = 3

    /// Runs one worker, with the identity `worker-number`.
    static func run(_ context: Context, number: Int, endpoint: String, while isRunning: () -> Bool) throws {
        var options = SocketOptions()
        options.identity = Array("worker-\(number)".utf8)
        // The first message may be sent before the gateway listens; it then waits for the connection.
        options.immediate = false
        let socket = try ReqSocket(context, options)
        try socket.connect(endpoint)
        var words = Frame("ready")
        _ = socket.send(&words, more: false)
        while isRunning() {
            guard socket.wait(for: .readable, timeout: .milliseconds(100)), socket.receive(into: &words) else {
                continue
            }
            usleep(UInt32.random(in: 50_000...400_000))
            _ = socket.send(&words, more: false)
        }
    }
}
