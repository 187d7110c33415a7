// Handles signals on a thread of their own, so that shutdown is certain even if a reactor hangs or nothing reads the
// log's pipe.
//
//     SIGHUP             log a line: the configuration is only read at startup
//     SIGTERM, SIGINT    drain: finish what is open, for up to `timeouts.drain`; the exit status is 0
//       a second one     cut what is open and tell the clients; the exit status is 128 + the signal's number
//                        (143, 130), half a second later at the latest
//       a third one      exit with that status at once

import Configuration
import Glibc
import Reactors
import Synchronization

/// The thread that reads the signals.
final class SignalWatch: Sendable {
    static let signals = [SIGTERM, SIGINT, SIGHUP]
    /// How long the reactors have to cut open exchanges.
    private static let patienceMilliseconds: Int32 = 500

    private let cutBy = Atomic<Int32>(0)

    /// The process's exit status after its reactors have ended: 0 unless a second signal cut them short.
    var status: Int32 {
        let signal = cutBy.load(ordering: .relaxed)
        return signal == 0 ? 0 : 128 + signal
    }

    func start(_ source: SignalSource, _ shared: SharedState) {
        _ = Threads.start(name: "signals") { self.run(source, shared) }
    }

    private func run(_ source: SignalSource, _ shared: SharedState) {
        let patience = shared.configuration.timeouts.drain.components.seconds
        waitForEnd(source, shared)
        shared.log.notice("draining for up to \(patience)s; send the signal again to stop at once")
        shared.mailboxes.forEach { $0.post(.drain) }
        cutBy.store(waitForEnd(source, shared), ordering: .relaxed)
        shared.log.notice("stopping at once")
        shared.mailboxes.forEach { $0.post(.drain) }
        while let signal = source.wait(atMost: Self.patienceMilliseconds), signal == SIGHUP {}
        _exit(status)
    }

    /// Waits for a signal that requests shutdown. - Returns: its number.
    @discardableResult
    private func waitForEnd(_ source: SignalSource, _ shared: SharedState) -> Int32 {
        while true {
            let signal = source.wait()
            guard signal == SIGHUP else {
                shared.log.notice("\(signal == SIGINT ? "SIGINT" : "SIGTERM") received")
                return signal
            }
            shared.log.warning("SIGHUP received: the configuration is not read again; restart to apply changes")
        }
    }
}
