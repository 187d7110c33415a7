// The demo's ready workers: REQ sockets that say once that they are ready, and again with each reply.

import Glibc
import ZeroMQ

/// Workers of `pool`: each echoes one request at a time, and takes 50 to 400 ms for it.
enum DemoPool {
    static let workers = 3

    /// One of them, under the name `worker-number`.
    static func run(_ context: Context, number: Int, endpoint: String, while isRunning: () -> Bool) throws {
        var options = SocketOptions()
        options.identity = Array("worker-\(number)".utf8)
        // What it says before the gateway listens waits for the connection.
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
