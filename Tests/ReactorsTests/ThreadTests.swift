import Glibc
import Synchronization
import Testing
@testable import Reactors

@Suite("Between threads") struct ThreadTests {
    @Test("a letter from another thread wakes a reactor that sleeps without a limit")
    func wakeUp() throws {
        let reactor = try Reactor.bounded()
        let mailbox = try Mailbox<Int>()
        let handler = Handler()
        var letters: [Int] = []
        handler.onReady = { _ in
            mailbox.drain { letter in letters.append(letter) }
            reactor.stop()
        }
        _ = try reactor.watch(mailbox.descriptor, .readable, handler)
        let thread = Threads.start(name: "poster") { mailbox.post(1) }
        reactor.run()
        thread.join()
        #expect(letters == [1])
    }

    @Test("letters of four threads all arrive, each thread's in its order")
    func manyPosters() throws {
        let reactor = try Reactor.bounded()
        let mailbox = try Mailbox<(Int, Int)>()
        let handler = Handler()
        var next = [0, 0, 0, 0]
        var isInOrder = true
        handler.onReady = { _ in
            mailbox.drain { thread, number in
                if next[thread] != number { isInOrder = false }
                next[thread] = number + 1
            }
        }
        _ = try reactor.watch(mailbox.descriptor, .readable, handler)
        let threads = (0..<4).map { thread in
            Threads.start(name: "poster \(thread)") { for number in 0..<5000 { mailbox.post((thread, number)) } }
        }
        while next != [5000, 5000, 5000, 5000], reactor.isInTime { reactor.turn() }
        #expect(next == [5000, 5000, 5000, 5000])
        for thread in threads { thread.join() }
        #expect(isInOrder)
    }

    @Test("a letter posted while draining waits for the next drain, and wakes for it")
    func postWhileDraining() throws {
        let mailbox = try Mailbox<Int>()
        var letters: [Int] = []
        mailbox.post(1)
        mailbox.drain { letter in
            letters.append(letter)
            mailbox.post(2)
        }
        #expect(letters == [1])
        #expect(isReadable(mailbox.descriptor))
        mailbox.drain { letter in letters.append(letter) }
        #expect(letters == [1, 2])
        #expect(!isReadable(mailbox.descriptor))
    }

    @Test("letters posted together arrive in order, and wake once for all")
    func together() throws {
        let mailbox = try Mailbox<Int>()
        var letters: [Int] = []
        var batch = [2, 3]
        mailbox.post(1)
        mailbox.post(contentsOf: &batch)
        #expect(batch.isEmpty)
        var wakes: UInt64 = 0
        // SAFETY: eight bytes of ours, which is what an eventfd gives.
        _ = unsafe read(mailbox.descriptor, &wakes, 8)
        #expect(wakes == 1)
        mailbox.drain { letter in letters.append(letter) }
        mailbox.post(contentsOf: &batch)
        #expect(letters == [1, 2, 3] && !isReadable(mailbox.descriptor))
        batch = [4]
        mailbox.post(contentsOf: &batch)
        #expect(isReadable(mailbox.descriptor))
    }

    @Test("what is left in a mailbox goes with it")
    func leftovers() throws {
        weak var letter: Letter?
        do {
            let mailbox = try Mailbox<Letter>()
            let last = Letter()
            letter = last
            mailbox.post(last)
        }
        #expect(letter == nil)
    }

    @Test("a thread has its name, cut to what the kernel keeps")
    func names() {
        let name = Mutex("")
        Threads.start(name: "a name that is rather long") {
            // SAFETY: the path is NUL-terminated, and the array has as many bytes as it says.
            let file = unsafe open("/proc/thread-self/comm", O_RDONLY)
            var bytes = [UInt8](repeating: 0, count: 32)
            let count = unsafe read(file, &bytes, bytes.count)
            close(file)
            name.withLock { $0 = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) }
        }.join()
        #expect(name.withLock { $0 } == "a name that is \n")
    }

    @Test("a signal is read, not handled, once")
    func signals() throws {
        // Signals are the thread's: its own, so that the test's other threads do not take it.
        let seen = Mutex<[Int32?]>([])
        Threads.start(name: "signals") {
            guard let source = try? SignalSource([SIGUSR1, SIGUSR2]) else { return }
            let before = source.next()
            pthread_kill(pthread_self(), SIGUSR1)
            let isReadable = isReadable(source.descriptor)
            let (first, second) = (source.next(), source.next())
            seen.withLock { $0 = [before, isReadable ? 1 : 0, first, second] }
        }.join()
        #expect(seen.withLock { $0 } == [nil, 1, SIGUSR1, nil])
    }

    @Test("a number that is no signal is refused")
    func noSignal() {
        #expect(throws: SystemError(operation: "pthread_sigmask", code: EINVAL)) { try SignalSource([999]) }
    }

    @Test("the descriptor limit is the hard one afterwards")
    func descriptorLimit() {
        let limit = DescriptorLimit.raiseToHard()
        #expect(limit >= 1024)
        #expect(sysconf(Int32(_SC_OPEN_MAX)) == limit)
    }
}

private final class Letter: Sendable {}

private func isReadable(_ descriptor: Int32) -> Bool {
    var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // SAFETY: one item, ours.
    return unsafe poll(&item, 1, 0) == 1
}
