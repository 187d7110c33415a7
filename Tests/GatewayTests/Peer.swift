// A worker, or a client, of ZeroMQ in the test's own hands.

import Glibc
import Testing
import ZeroMQ

enum Endpoints {
    /// A path for a socket, used once.
    static func fresh() -> String { "ipc:///tmp/zmq-gateway-test-\(getpid())-\(UInt64.random(in: 0 ... .max))" }
}

/// The other end: sends and receives whole messages.
final class Peer<Role: SocketRole> {
    let socket: Socket<Role>
    /// Where it is, as libzmq has it.
    let endpoint: String

    init(_ context: Context, connect endpoint: String, identity: String? = nil) throws {
        var options = SocketOptions()
        options.immediate = false
        options.identity = identity.map { Array($0.utf8) }
        socket = try Socket<Role>(context, options)
        try socket.connect(endpoint)
        self.endpoint = endpoint
    }

    init(_ context: Context, bind endpoint: String) throws {
        socket = try Socket<Role>(context, SocketOptions())
        self.endpoint = try socket.bind(endpoint)
    }

    func send(_ frames: [[UInt8]]) {
        for (index, bytes) in frames.enumerated() {
            var frame = Frame(copying: bytes.span)
            #expect(socket.send(&frame, more: index < frames.count - 1) == .sent)
        }
    }

    /// The next message; empty if there is none yet.
    func receive() -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var frame = Frame()
        repeat {
            guard socket.receive(into: &frame) else { return [] }
            frames.append([UInt8](copying: frame.bytes))
        } while frame.hasMore
        return frames
    }
}
