// Handlers made of closures, and socket pairs that close themselves.

import Glibc
import Reactors

final class Handler: ReadinessHandler, TimerHandler {
    var onReady: (Readiness) -> Void = { _ in }
    var onTimer: (UInt64) -> Void = { _ in }

    func ready(_ readiness: Readiness) { onReady(readiness) }
    func timerFired(_ key: UInt64) { onTimer(key) }
}

/// A connected pair of stream sockets, non-blocking.
final class SocketPair {
    let near: Int32
    let far: Int32
    private var isFarOpen = true

    init() {
        var pair: (Int32, Int32) = (-1, -1)
        // SAFETY: two Int32 in a row are what socketpair(2) fills.
        unsafe withUnsafeMutableBytes(of: &pair) { pair in
            let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            _ = unsafe socketpair(AF_UNIX, type, 0, pair.baseAddress!.assumingMemoryBound(to: Int32.self))
        }
        (near, far) = pair
    }

    deinit {
        close(near)
        closeFar()
    }

    func writeFar() {
        // SAFETY: one byte of ours.
        unsafe _ = write(far, [UInt8(1)], 1)
    }

    func readNear() {
        var bytes = [UInt8](repeating: 0, count: 64)
        // SAFETY: as many bytes as the array has.
        unsafe _ = read(near, &bytes, bytes.count)
    }

    func closeFar() {
        if isFarOpen { close(far) }
        isFarOpen = false
    }
}

extension Reactor {
    /// A reactor that stops, and sleeps no longer, after ten seconds: so that what never comes fails a test and does
    /// not hang it.
    static func bounded(maxEventsPerTurn: Int = 256) throws -> Reactor {
        let reactor = try Reactor(maxEventsPerTurn: maxEventsPerTurn)
        let limit = Handler()
        limit.onTimer = { [unowned reactor, unowned limit] _ in
            reactor.stop()
            _ = reactor.schedule(at: reactor.now + 100_000_000, limit, key: 0)
        }
        _ = reactor.schedule(at: reactor.now + 10_000_000_000, limit, key: 0)
        return reactor
    }

    var isInTime: Bool { Clocks.monotonic < startOfTests + 60_000_000_000 }

    /// One turn that does not sleep.
    func pollOnce() {
        _ = schedule(at: 0, Handler(), key: 0)
        turn()
    }
}

private let startOfTests = Clocks.monotonic
