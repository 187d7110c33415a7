// The smallest possible client: one blocking GET on a socket of its own, with a time limit. For the command that checks
// a gateway's health, in a process without a reactor; the serving code never uses it.

// For MSG_NOSIGNAL, which sys/socket.h has and the Glibc module lacks.
internal import CMicroHTTPD
import Glibc

/// Sends an HTTP request to another process.
public enum Probe {
    private static let statusLine = Array("HTTP/1.1 200".utf8).count

    /// Sends a GET for `path`.
    /// - Parameter time: the limit for everything except the look-up of a name (getaddrinfo(3) has no time limit).
    /// - Returns: the status code of the response.
    public static func status(
        of path: String, at address: BindAddress, within time: Duration
    ) throws(HTTPError) -> Int {
        let deadline = ContinuousClock.now + time
        let operation = "ask \(address.text)"
        let descriptor = try open(address, deadline, operation)
        defer { _ = close(descriptor) }
        let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        try send(Array(request.utf8), to: descriptor, operation)
        let line = try receive(from: descriptor, deadline, operation)
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard words.count == 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw HTTPError(operation: operation, code: 0, message: "the server there does not speak HTTP/1.1")
        }
        return status
    }

    // MARK: Connecting

    private static func open(
        _ address: BindAddress, _ deadline: ContinuousClock.Instant, _ operation: String
    ) throws(HTTPError) -> Int32 {
        switch address {
        case .tcp(let host, let port): return try openTCP(host, port, deadline, operation)
        case .unix(let path):
            guard !path.isEmpty, path.utf8.count <= 107, !path.utf8.contains(0) else {
                throw HTTPError(
                    operation: operation, code: ENAMETOOLONG, message: "a socket path must have 1 to 107 bytes")
            }
            let descriptor = try socket(AF_UNIX, deadline, operation)
            // SAFETY: withUnixAddress lends an address for the duration of the call.
            let status = unsafe ListeningSocket.withUnixAddress(path) { unsafe connect(descriptor, $0, $1) }
            guard status == 0 else { throw failure(operation, closing: descriptor) }
            return descriptor
        }
    }

    /// Connects to the first of the name's addresses that accepts: a gateway on `localhost` listens on one of two.
    private static func openTCP(
        _ host: String, _ port: UInt16, _ deadline: ContinuousClock.Instant, _ operation: String
    ) throws(HTTPError) -> Int32 {
        // SAFETY: a plain structure; what is not set stays zero or nil.
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_NUMERICSERV
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // SAFETY: getaddrinfo fills the list or leaves it; freed below.
        guard unsafe getaddrinfo(host, "\(port)", &hints, &list) == 0, let first = unsafe list else {
            throw HTTPError(operation: operation, code: 0, message: "the name has no address")
        }
        // SAFETY: getaddrinfo(3) made the list; it is read before it is freed here, once.
        defer { unsafe freeaddrinfo(first) }
        var entry = unsafe first
        while true {
            let descriptor = try unsafe socket(entry.pointee.ai_family, deadline, operation)
            // SAFETY: the entry holds an address and its length.
            if unsafe connect(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0 { return descriptor }
            let failure = failure(operation, closing: descriptor)
            guard let next = unsafe entry.pointee.ai_next else { throw failure }
            unsafe entry = next
        }
    }

    private static func socket(
        _ family: Int32, _ deadline: ContinuousClock.Instant, _ operation: String
    ) throws(HTTPError) -> Int32 {
        let descriptor = Glibc.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure(operation) }
        // connect(2) and send(2) respect SO_SNDTIMEO, recv(2) SO_RCVTIMEO (socket(7)).
        limit(descriptor, SO_SNDTIMEO, until: deadline)
        return descriptor
    }

    private static func limit(_ descriptor: Int32, _ option: Int32, until deadline: ContinuousClock.Instant) {
        // Zero would mean no limit.
        let left = max(.milliseconds(1), ContinuousClock.now.duration(to: deadline)).components
        var time = timeval(tv_sec: Int(left.seconds), tv_usec: Int(left.attoseconds / 1_000_000_000_000))
        // SAFETY: the kernel reads one timeval.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    // MARK: Asking

    /// A request fits any socket buffer, so it is sent whole or not at all.
    private static func send(_ bytes: [UInt8], to descriptor: Int32, _ operation: String) throws(HTTPError) {
        // SAFETY: the kernel reads at most `bytes.count` bytes of the array.
        let count = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        guard count == bytes.count else { throw failure(operation) }
    }

    private static func receive(
        from descriptor: Int32, _ deadline: ContinuousClock.Instant, _ operation: String
    ) throws(HTTPError) -> [UInt8] {
        var line: [UInt8] = []
        var block = [UInt8](repeating: 0, count: statusLine)
        while line.count < statusLine {
            guard ContinuousClock.now < deadline else { throw timedOut(operation) }
            limit(descriptor, SO_RCVTIMEO, until: deadline)
            // SAFETY: the kernel writes at most the missing part of the line, which fits the block.
            let count = unsafe recv(descriptor, &block, statusLine - line.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure(operation) }
            guard count > 0 else {
                throw HTTPError(operation: operation, code: 0, message: "the connection was closed without a response")
            }
            line.append(contentsOf: block[..<count])
        }
        return line
    }

    // MARK: Failing

    private static func timedOut(_ operation: String) -> HTTPError {
        HTTPError(operation: operation, code: ETIMEDOUT, message: "no response in time")
    }

    private static func failure(_ operation: String, closing descriptor: Int32 = -1) -> HTTPError {
        let code = errno
        if descriptor >= 0 { _ = close(descriptor) }
        // The errno of a socket whose time limit has passed (socket(7), connect(2)).
        if code == EAGAIN || code == EINPROGRESS { return timedOut(operation) }
        // SAFETY: strerror returns a C string that is copied at once.
        return HTTPError(operation: operation, code: code, message: unsafe String(cString: strerror(code)))
    }
}

extension BindAddress {
    /// As text: `127.0.0.1:8080` or `unix:/path`.
    fileprivate var text: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
