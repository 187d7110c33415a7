import Glibc
import Testing
@testable import Reactors

@Suite("Reactor") struct ReactorTests {
    let reactor: Reactor
    let handler = Handler()

    init() throws { reactor = try Reactor.bounded() }

    @Test("a handler is called when its descriptor is readable, each turn while it is")
    func levelTriggered() throws {
        let pair = SocketPair()
        var told: [Readiness] = []
        handler.onReady = { told.append($0) }
        _ = try reactor.watch(pair.near, .readable, handler)
        pair.writeFar()
        reactor.turn()
        reactor.turn()
        #expect(told == [.readable, .readable])
    }

    @Test("an edge-triggered handler is called once, and again for new input or when rearmed")
    func edgeTriggered() throws {
        let pair = SocketPair()
        var told = 0
        handler.onReady = { _ in told += 1 }
        let registration = try reactor.watch(pair.near, [.readable, .edgeTriggered], handler)
        pair.writeFar()
        reactor.turn()
        reactor.pollOnce()
        #expect(told == 1)
        pair.writeFar()
        reactor.turn()
        #expect(told == 2)
        reactor.change(registration, to: [.readable, .edgeTriggered])
        reactor.turn()
        #expect(told == 3)
    }

    @Test("the peer's close is peerClosed where asked for, and hangup in any case")
    func peerClosed() throws {
        let pair = SocketPair()
        var told: Readiness = []
        handler.onReady = { told = $0 }
        let registration = try reactor.watch(pair.near, .peerClosed, handler)
        pair.closeFar()
        reactor.turn()
        #expect(told == [.peerClosed, .hangup])
        reactor.change(registration, to: [])
        reactor.turn()
        #expect(told == .hangup)
    }

    @Test("EPOLLERR counts as hangup")
    func errorBits() {
        #expect(Readiness(eventBits: 0x8) == .hangup)
        #expect(Readiness(eventBits: 0x18 | 0x1) == [.hangup, .readable])
        #expect(Readiness(eventBits: 0x5) == [.readable, .writable])
    }

    @Test("a descriptor unwatched earlier in the turn gets no event, even if its slot is in use again")
    func staleEvents() throws {
        let pairs = (0..<8).map { _ in SocketPair() }
        var registrations: [Registration] = []
        var told = 0
        let late = Handler()
        var lateTold = 0
        late.onReady = { _ in lateTold += 1 }
        let idle = SocketPair()
        handler.onReady = { [reactor] _ in
            told += 1
            guard told == 1 else { return }
            for registration in registrations { reactor.unwatch(registration) }
            // Takes one of the freed slots, in the same turn; nothing has come for it.
            _ = try? reactor.watch(idle.near, .readable, late)
        }
        for pair in pairs {
            registrations.append(try reactor.watch(pair.near, .readable, handler))
            pair.writeFar()
        }
        reactor.turn()
        #expect(told == 1)
        #expect(lateTold == 0)
        for registration in registrations { reactor.unwatch(registration) }
        idle.writeFar()
        reactor.turn()
        #expect(lateTold == 1)
    }

    @Test("with more events than a turn takes, none starves")
    func fairness() throws {
        let reactor = try Reactor.bounded(maxEventsPerTurn: 2)
        let pairs = (0..<7).map { _ in SocketPair() }
        var told: [Int: Int] = [:]
        var handlers: [Handler] = []
        for (index, pair) in pairs.enumerated() {
            let handler = Handler()
            handler.onReady = { _ in told[index, default: 0] += 1 }
            handlers.append(handler)
            _ = try reactor.watch(pair.near, .readable, handler)
            pair.writeFar()
        }
        for _ in 0..<28 { reactor.turn() }
        #expect(told.count == 7 && told.values.allSatisfy { $0 >= 4 })
    }

    @Test("a handler is released when it is unwatched, a timer's when it has fired or is cancelled")
    func ownership() throws {
        let pair = SocketPair()
        var handler: Handler? = Handler()
        weak let watched = handler
        let registration = try reactor.watch(pair.near, .readable, handler!)
        let (fired, cancelled) = (
            reactor.schedule(at: 0, handler!, key: 1), reactor.schedule(at: .max / 2, handler!, key: 2)
        )
        handler = nil
        #expect(watched != nil)
        reactor.turn()
        reactor.cancel(cancelled)
        reactor.cancel(fired)
        #expect(watched != nil)
        reactor.unwatch(registration)
        #expect(watched == nil)
    }

    @Test("a descriptor that is watched already, or a plain file, is refused, and its slot is free again")
    func rejectedDescriptors() throws {
        let pair = SocketPair()
        let first = try reactor.watch(pair.near, .readable, handler)
        #expect(throws: SystemError(operation: "epoll_ctl", code: EEXIST)) {
            try reactor.watch(pair.near, .readable, handler)
        }
        // SAFETY: the path is NUL-terminated.
        let file = unsafe open("/proc/self/exe", O_RDONLY)
        defer { close(file) }
        #expect(throws: SystemError(operation: "epoll_ctl", code: EPERM)) {
            try reactor.watch(file, .readable, handler)
        }
        let other = SocketPair()
        let second = try reactor.watch(other.near, .readable, handler)
        #expect(second.slot == first.slot + 1)
    }

    @Test("without descriptors there is no reactor, no mailbox and no signal source, but an error")
    func noDescriptors() {
        errno = EMFILE
        #expect(throws: SystemError(operation: "epoll_create1", code: EMFILE)) { try Reactor(epoll: -1) }
        #expect(throws: SystemError(operation: "eventfd", code: EMFILE)) { try Mailbox<Int>(descriptor: -1) }
        #expect(throws: SystemError(operation: "signalfd", code: EMFILE)) {
            try SignalSource([SIGUSR2]) { _ in
                errno = EMFILE
                return -1
            }
        }
        #expect(
            SystemError(operation: "eventfd", code: EMFILE).description == "eventfd: Too many open files (errno 24)")
    }
}
