// How a reactor shuts down. What is in flight finishes within `timeouts.drain`; then the rest is cut and counted.

import Bridge
import Configuration
import HTTP
import Services

extension Core {
    func beginDrain() {
        drainsSince = drainsSince ?? now
        drainState.begin(at: now, patience: configuration.timeouts.drain.inNanoseconds)
        for watch in listeners { watch.stopAccepting() }
        for service in services { service.drainBegan() }
        sessions.drain()
    }

    func finishIfDrained() {
        guard drainState.phase != .running else { return }
        var inFlight = requesters.count + sessions.count + (handler?.openRequests ?? 0) + requestsToCome
        let busyPeers = shared.reactorCount - 1 - idlePeers
        if endsAt == nil, drainState.isOver(at: now, inFlight: inFlight + busyPeers) {
            shared.cut.add(exchanges: openExchanges, sessions: sessions.count)
            for requester in requesters.all { requester.finish(because: .shutdown) }
            handler?.admission.rejectAll()
            sessions.closeAll()
            flushSessions()
            sendLastWords()
            endsAt = now + Self.lastPatience
            inFlight = 0
        }
        if inFlight == 0 && !hasSaidIdle {
            hasSaidIdle = true
            for other in 0..<shared.reactorCount where other != index { post(.idle, to: other) }
        }
        // Exchanges of other reactors, and cancels for those that did not finish, may still need one of our sockets.
        guard let endsAt, busyPeers == 0 || now >= endsAt else { return }
        sessions.stop()
        for watch in listeners { watch.stop() }
        for service in services { service.stop() }
        closing.removeAll()
        accessLog.flush()
        reactor.stop()
    }

    /// Sends the last responses, as far as clients accept them at once.
    private func sendLastWords() {
        for _ in 0..<Self.lastRounds where (handler?.openRequests ?? 0) > 0 {
            for watch in listeners { watch.runIfNeeded(always: true) }
        }
    }

    /// Open exchanges, requests of native clients included.
    private var openExchanges: Int {
        let natives = metrics.services.reduce(0) { $0 + max(0, $1.counts.nativeOpen) }
        return requesters.all.count { $0 is Exchange } + natives
    }

    /// Connections accepted during the drain or just before. Their requests are still on their way.
    private var requestsToCome: Int {
        guard let drainsSince, now.since(drainsSince) < Self.tickInterval else { return 0 }
        return listeners.reduce(0) { $0 + $1.listener.counters.connectionsFresh }
    }

    private static let lastRounds = 16
    /// How long a reactor that has nothing left to do waits for the others.
    private static let lastPatience: Nanoseconds = 1_000_000_000
}
