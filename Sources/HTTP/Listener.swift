// One libmicrohttpd daemon in external epoll mode: no thread of its own, no time-out of its own, no listening socket of
// its own. The owner watches `epollDescriptor` and `listeningDescriptor`, calls `run` when one is readable (telling
// which), when `wantsRun` says so, and when `timeout` has passed; everything else (requests, bodies, ends) comes out of
// `run` through the handler. Confined to the thread that runs it.
//
// The library holds two unretained pointers of ours: the listener (cls of every callback) and, for each connection, its
// Request. Both are safe because stop() closes all connections before it returns, and must be called before the last
// reference goes.

internal import CMicroHTTPD
import Glibc

@safe public final class Listener {
    /// Numbers since the start; read them at any time on the listener's thread.
    public var counters: ListenerCounters {
        var counters = tally
        counters.requests = lastRequestID
        return counters
    }
    /// Writes the bodies of rejections; nil gives plain ones.
    public var rejectionWriter: (any RejectionWriter)?
    /// `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`, as bound.
    public let boundAddress: String
    /// The port in force (when 0 was asked for), 0 for a unix socket.
    public let port: UInt16
    public let options: ListenerOptions

    let handler: any RequestHandler
    // What every request asks of the options: copying all of them each time is not free.
    let headerLimits: HeaderLimits
    let maxDiscardedBytes: UInt64
    var tally = ListenerCounters()
    /// The time of the last run, in nanoseconds of CLOCK_MONOTONIC.
    var now: UInt64
    let deadlines = Deadlines()
    var ledger = ConnectionsByAddress()
    /// The connections by slot; a hole for each free one.
    var table: [Request?] = []
    var freeSlots: [Int] = []
    /// Request objects that wait for a connection.
    var spare: [Request] = []
    var lastRequestID: UInt64 = 0
    /// The slot of the request that began last.
    var lastSlot = 0
    var isRunning = false
    var isStopping = false
    /// Callbacks of the library so far, but for those that ask for a response: a run without one made no progress that
    /// we can see.
    var activity: UInt64 = 0
    var resumes = ResumeQueue()
    var polls = PolledConnections()
    /// A body was moved on in this run, in or out: there is more to do at once.
    var isMoving = false
    var isPending = false
    /// Callbacks of the library in the last run, other than its asking for responses.
    var wasActive = false
    /// A connection was given up or away: the library marks it in its next run, and closes it in the one after.
    var closingRuns = 0
    var spin = SpinGuard()

    // SAFETY: from start() to stop(), and used on our thread only.
    var daemon: OpaquePointer?
    private let callbacks = UnsafeMutablePointer<cmhd_callbacks>.allocate(capacity: 1)
    private let unixPath: String?
    let durations: [6 of UInt64]

    // How connections come in: Listener+Accepting.swift.
    var listening: Int32
    /// Given up for a moment when no descriptor is left, so that the connections that wait can be rejected; -1 then.
    var spareDescriptor: Int32 = -1
    /// Connections may wait.
    var hasArrivals = false
    /// Not even the spare descriptor was to be had: nothing is accepted before.
    var pausedUntil: UInt64?
    /// The connection on its way to the library may ask for probes only.
    var letsInForProbes = false
    var probesOpen = 0
    /// Connections that rested and are being closed.
    var leaving = 0

    /// Binds, listens and starts. The handler is held until the listener goes: a handler that holds its listener in
    /// turn lets go of it after stop().
    public init(_ options: ListenerOptions, handler: any RequestHandler) throws(HTTPError) {
        precondition((512...48 * 1024).contains(options.maxHeaderBytes) && (1...254).contains(options.maxHeaderFields))
        precondition(options.maxConnections > 0 && options.maxConnectionsPerAddress > 0)
        self.options = options
        self.handler = handler
        headerLimits = HeaderLimits(
            bytes: options.maxHeaderBytes, fields: options.maxHeaderFields, pool: options.poolBytes)
        maxDiscardedBytes = options.maxDiscardedBytes
        now = MonotonicClock.now
        durations = [
            options.headerDeadline.nanoseconds, options.idleTimeout.nanoseconds, options.bodyDeadline.nanoseconds,
            options.sendTimeout.nanoseconds, 2_000_000_000, options.headerDeadline.nanoseconds,
        ]
        let socket = try ListeningSocket(options)
        boundAddress = socket.description
        port = socket.port
        listening = socket.descriptor
        unixPath = socket.unixPath
        try start()
    }

    private func start() throws(HTTPError) {
        // SAFETY: the library keeps us unretained; see the head of this file. The callbacks live as long as we do.
        unsafe callbacks.initialize(to: Self.callbacks(for: self))
        // The bound is ours to keep; the library's own is above it.
        let most = UInt32(clamping: options.maxConnections + ListenerOptions.probeConnections + 2 * Self.maxLeaving)
        unsafe daemon = unsafe cmhd_start(-1, most, options.poolBytes, callbacks)
        takeSpare()
        if unsafe daemon == nil {
            _ = close(listening)
            dropSpare()
            removeSocketFile()
            throw HTTPError(
                operation: "start an HTTP listener on \(boundAddress)", code: 0,
                message: "libmicrohttpd refuses; it needs epoll, and memory for its records")
        }
    }

    deinit {
        precondition(unsafe daemon == nil, "a Listener must be stopped before it goes")
        // SAFETY: allocated with this object, and the daemon is stopped.
        unsafe callbacks.deallocate()
    }

    // MARK: running

    /// Becomes readable when `run` has work to do. Nest it in the reactor's set, level-triggered.
    public var epollDescriptor: Int32 {
        guard let daemon = unsafe daemon else { return -1 }
        return unsafe cmhd_epoll_descriptor(daemon)
    }

    /// Does what there is to do, without blocking. `now` is in nanoseconds of CLOCK_MONOTONIC. Never from inside a
    /// callback.
    public func run(now: UInt64) {
        precondition(!isRunning, "Listener.run from inside one of its callbacks")
        guard let daemon = unsafe daemon else { return }
        self.now = now
        isRunning = true
        expire()
        let before = activity
        if hasArrivals || isPauseOver { takeArrivals(atMost: Self.arrivalsPerRun) }
        var rounds = 0
        repeat {
            resumeDue()
            closingRuns -= closingRuns > 0 ? 1 : 0
            polls.owesRun = false
            isMoving = false
            // SAFETY: not from inside a callback; the daemon lives until stop().
            _ = unsafe MHD_run(daemon)
            // While some are polled the library always wants to be run, and does not tell what for.
            isPending = polls.isEmpty ? unsafe cmhd_wants_run(daemon) != 0 : isMoving
            rounds += 1
        } while (isPending || closingRuns > 0 || isResumeDue) && rounds < 4 && !spin.isSpinning
        isRunning = false
        wasActive = activity != before
        spin.ran(pending: isPending && resumes.isEmpty, progress: wasActive, now: now)
        if spin.caught { tally.spinsCaught += 1 }
        if spin.isDue(now) { lookForSpinners() }
    }

    /// Something was answered or resumed, or the library has more to do: call `run` again in this turn or the next
    /// one, without waiting.
    public var wantsRun: Bool {
        polls.owesRun || isResumeDue || closingRuns > 0 || (isPending && !spin.isSpinning) || hasArrivals
            || isPauseOver
    }

    private var isResumeDue: Bool { resumes.due.map { $0 <= now } ?? false }

    private func resumeDue() {
        guard isResumeDue else { return }
        for request in resumes.take(now) {
            // SAFETY: suspended since it asked for this, for only here are connections resumed.
            if let connection = unsafe request.connection { unsafe MHD_resume_connection(connection) }
        }
    }

    /// Nanoseconds until `run` must be called even when nothing happens; 0 at once, nil for no limit.
    public func timeout(now: UInt64) -> UInt64? {
        if wantsRun { return 0 }
        // It may have read less than there is: a run that finds nothing to do says so.
        if !polls.isEmpty && wasActive { return 0 }
        var due = deadlines.earliest ?? .max
        if !polls.isEmpty { due = min(due, self.now &+ PolledConnections.interval) }
        if let resume = resumes.due { due = min(due, resume) }
        if let pausedUntil { due = min(due, pausedUntil) }
        if isPending { due = min(due, self.now &+ spin.backOff) }
        return due == .max ? nil : due > now ? due - now : 0
    }

    // MARK: stopping

    /// Takes no further connection; those that are open go on, and those that wait in the queue are let in: the kernel
    /// resets what is left there. Not from inside a callback. Unwatch `listeningDescriptor` before.
    public func stopAccepting() {
        precondition(!isRunning, "Listener.stopAccepting from inside one of its callbacks")
        guard listening >= 0 else { return }
        removeSocketFile()
        takeArrivals(atMost: .max)
        _ = close(listening)
        listening = -1
        hasArrivals = false
        pausedUntil = nil
        dropSpare()
    }

    /// Ends every request (`closed` with `.shutdown`), closes every connection and the daemon. Not from inside a
    /// callback. What a response still had to send is lost: drain first. Unwatch the descriptors before.
    public func stop() {
        precondition(!isRunning, "Listener.stop from inside one of its callbacks")
        guard let daemon = unsafe daemon else { return }
        isStopping = true
        isRunning = true
        // A daemon that is stopped with a suspended connection aborts the process.
        for request in table { request?.resume() }
        now = .max
        resumeDue()
        unsafe MHD_stop_daemon(daemon)
        unsafe self.daemon = nil
        if listening >= 0 { _ = close(listening) }
        dropSpare()
        isRunning = false
        isPending = false
        closingRuns = 0
        removeSocketFile()
        listening = -1
        table.removeAll()
        spare.removeAll()
    }

    private func removeSocketFile() {
        // SAFETY: a path of ours.
        if let unixPath, listening >= 0 || isStopping { _ = unsafe unlink(unixPath) }
    }

    // MARK: for requests

    func count(_ kind: RejectionKind) { tally.count(kind) }

    func problem(_ rejection: Rejection, of request: Request) -> [UInt8] {
        problem(rejection, from: request.remoteAddress)
    }

    func problem(_ rejection: Rejection, from remote: String) -> [UInt8] {
        let kind = rejection.kind
        return rejectionWriter?.problem(status: kind.status, code: kind.code, detail: rejection.detail, remote: remote)
            ?? rejection.plainProblem()
    }

    func wait(for kind: DeadlineKind, _ request: Request) {
        deadlines.set(request.slot, kind, now &+ durations[kind.rawValue])
    }

    func waitForNothing(_ request: Request) { deadlines.clear(request.slot) }

    /// A request ended; its connection may bring another one.
    func rest(_ request: Request) {
        wait(for: .idle, request)
    }
}

@available(*, unavailable)
extension Listener: Sendable {}

enum MonotonicClock {
    static var now: UInt64 {
        var time = timespec()
        // SAFETY: fills the structure.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
