// One libmicrohttpd daemon in external epoll mode, without a thread, a timeout or a listening socket of its own. The
// owner watches `epollDescriptor` and `listeningDescriptor` and calls `run` when one is readable, when `wantsRun` is
// true, and when `timeout` has passed; `run` calls the handler with everything else (requests, bodies, ends). Confined
// to the thread that runs it.
//
// The library holds two kinds of unretained pointers: the listener (cls of every callback) and each connection's
// Request. Both are safe because stop() closes all connections before it returns. The owner must call stop() before it
// releases the listener.

internal import CMicroHTTPD
import Glibc

@safe public final class Listener {
    /// Counters since the start. Read them at any time, on the listener's thread.
    public var counters: ListenerCounters {
        var counters = tally
        counters.requests = lastRequestID
        return counters
    }
    /// Writes the bodies of rejections; nil for plain ones.
    public var rejectionWriter: (any RejectionWriter)?
    /// `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`, as bound.
    public let boundAddress: String
    /// The bound port (if 0 was requested, the kernel's choice); 0 for a unix socket.
    public let port: UInt16
    public let options: ListenerOptions

    let handler: any RequestHandler
    // Copied from `options` because every request reads them, and copying all options each time is not free.
    let headerLimits: HeaderLimits
    let maxDiscardedBytes: UInt64
    var tally = ListenerCounters()
    /// The time of the last run, in nanoseconds of CLOCK_MONOTONIC.
    var now: UInt64
    let deadlines = Deadlines()
    var ledger = ConnectionsByAddress()
    /// The connections by slot; nil for a free slot.
    var table: [Request?] = []
    var freeSlots: [Int] = []
    /// Request objects for reuse.
    var spare: [Request] = []
    var lastRequestID: UInt64 = 0
    /// The slot of the request that began last.
    var lastSlot = 0
    var isRunning = false
    var isStopping = false
    /// Callbacks of the library so far, except those that ask for a response. A run without any made no progress that
    /// we can see.
    var activity: UInt64 = 0
    var resumes = ResumeQueue()
    var polls = PolledConnections()
    /// This run has moved part of a body, in or out: there is more to do at once.
    var isMoving = false
    var isPending = false
    /// Whether the last run had callbacks other than those that ask for a response.
    var wasActive = false
    /// A connection was given up or handed over: the library marks it in its next run and closes it in the one after
    /// that.
    var closingRuns = 0
    var spin = SpinGuard()

    // SAFETY: valid from start() to stop(), and used only on our thread.
    var daemon: OpaquePointer?
    private let callbacks = UnsafeMutablePointer<cmhd_callbacks>.allocate(capacity: 1)
    private let unixPath: String?
    let durations: [6 of UInt64]

    // Accepting: Listener+Accepting.swift.
    var listening: Int32
    /// Used when descriptors run out, to reject the waiting connections; -1 while in use.
    var spareDescriptor: Int32 = -1
    /// Connections may be waiting in the queue.
    var hasArrivals = false
    /// Out of descriptors, even of the spare one: accept nothing before this time.
    var pausedUntil: UInt64?
    /// The connection being added is admitted for probes only.
    var letsInForProbes = false
    var probesOpen = 0
    /// Idle connections that are being closed.
    var leaving = 0

    /// Binds, listens and starts. The listener retains its handler; a handler that retains its listener must release it
    /// after stop().
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
        // We enforce the limit; the library's own limit is above it.
        let most = UInt32(clamping: options.maxConnections + ListenerOptions.probeConnections + 2 * Self.maxLeaving)
        unsafe daemon = unsafe cmhd_start(-1, most, options.poolBytes, callbacks)
        takeSpare()
        if unsafe daemon == nil {
            _ = close(listening)
            dropSpare()
            removeSocketFile()
            throw HTTPError(
                operation: "start an HTTP listener on \(boundAddress)", code: 0,
                message: "libmicrohttpd did not start; it needs epoll and memory")
        }
    }

    deinit {
        precondition(unsafe daemon == nil, "a Listener must be stopped before it goes")
        // SAFETY: allocated with this object, and the daemon is stopped.
        unsafe callbacks.deallocate()
    }

    // MARK: running

    /// Readable when `run` has work to do. Nest it in the reactor's epoll set, level-triggered.
    public var epollDescriptor: Int32 {
        guard let daemon = unsafe daemon else { return -1 }
        return unsafe cmhd_epoll_descriptor(daemon)
    }

    /// Does all pending work, without blocking. `now` is in nanoseconds of CLOCK_MONOTONIC. Never call it from inside a
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
            // While connections are polled, the library always wants to run and does not say why.
            isPending = polls.isEmpty ? unsafe cmhd_wants_run(daemon) != 0 : isMoving
            rounds += 1
        } while (isPending || closingRuns > 0 || isResumeDue) && rounds < 4 && !spin.isSpinning
        isRunning = false
        wasActive = activity != before
        spin.ran(pending: isPending && resumes.isEmpty, progress: wasActive, now: now)
        if spin.caught { tally.spinsCaught += 1 }
        if spin.isDue(now) { lookForSpinners() }
    }

    /// A response was queued, a connection was resumed, or the library has more to do: call `run` again in this turn or
    /// the next one, without waiting.
    public var wantsRun: Bool {
        polls.owesRun || isResumeDue || closingRuns > 0 || (isPending && !spin.isSpinning) || hasArrivals
            || isPauseOver
    }

    private var isResumeDue: Bool { resumes.due.map { $0 <= now } ?? false }

    private func resumeDue() {
        guard isResumeDue else { return }
        for request in resumes.take(now) {
            // SAFETY: suspended since it asked for this; connections are resumed only here.
            if let connection = unsafe request.connection { unsafe MHD_resume_connection(connection) }
        }
    }

    /// Nanoseconds until `run` must be called even without an event; 0 for at once, nil for no limit.
    public func timeout(now: UInt64) -> UInt64? {
        if wantsRun { return 0 }
        // The library may have read less than there is; a run that finds nothing to do ends this.
        if !polls.isEmpty && wasActive { return 0 }
        var due = deadlines.earliest ?? .max
        if !polls.isEmpty { due = min(due, self.now &+ PolledConnections.interval) }
        if let resume = resumes.due { due = min(due, resume) }
        if let pausedUntil { due = min(due, pausedUntil) }
        if isPending { due = min(due, self.now &+ spin.backOff) }
        return due == .max ? nil : due > now ? due - now : 0
    }

    // MARK: stopping

    /// Stops accepting. Open connections continue, and those in the accept queue are still admitted, because the kernel
    /// would reset them. Not from inside a callback. Unwatch `listeningDescriptor` first.
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

    /// Ends every request (`closed` with `.shutdown`) and closes every connection and the daemon. Unsent parts of
    /// responses are lost: drain first. Not from inside a callback. Unwatch the descriptors first.
    public func stop() {
        precondition(!isRunning, "Listener.stop from inside one of its callbacks")
        guard let daemon = unsafe daemon else { return }
        isStopping = true
        isRunning = true
        // Stopping a daemon that has a suspended connection aborts the process.
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

    /// A request has ended; the connection may bring another one.
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
