// The listening socket and accept(2). The library could do both, but it does not support unix sockets, port 0 and
// SO_REUSEPORT as we need them, closes a socket whose queue is full, and leaves new connections waiting when there is
// no place for them.

internal import CMicroHTTPD
import Glibc

struct ListeningSocket {
    let descriptor: Int32
    /// The bound port; 0 for a unix socket.
    let port: UInt16
    /// `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`.
    let description: String
    /// The socket file, to be removed at the end.
    let unixPath: String?

    init(_ options: ListenerOptions) throws(HTTPError) {
        switch options.address {
        case .tcp(let host, let port): self = try Self.tcp(host, port, options)
        case .unix(let path): self = try Self.unix(path, options)
        }
    }

    private init(descriptor: Int32, port: UInt16, description: String, unixPath: String?) {
        self.descriptor = descriptor
        self.port = port
        self.description = description
        self.unixPath = unixPath
    }

    // MARK: TCP

    private static func tcp(
        _ host: String, _ port: UInt16, _ options: ListenerOptions
    ) throws(HTTPError) -> ListeningSocket {
        let operation = "listen on \(host.contains(":") ? "[\(host)]" : host):\(port)"
        // SAFETY: a plain structure; what is not set stays zero or nil.
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // SAFETY: getaddrinfo fills the list or leaves it; freed below.
        let status = unsafe getaddrinfo(host, "\(port)", &hints, &list)
        guard status == 0, let first = unsafe list else {
            let message = unsafe String(cString: gai_strerror(status))
            throw HTTPError(
                operation: operation, code: 0, message: "\(message); write a numeric address or a name of this host")
        }
        // SAFETY: getaddrinfo(3) made the list; it is read before it is freed here, once.
        defer { unsafe freeaddrinfo(first) }
        let descriptor = unsafe socket(first.pointee.ai_family, kind, 0)
        guard descriptor >= 0 else { throw failure(operation) }
        set(descriptor, SO_REUSEADDR)
        if options.portUse == .next { set(descriptor, SO_REUSEPORT) }
        guard unsafe bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0 else {
            throw failure(operation, closing: descriptor)
        }
        // Bound without it, the first listener fails if another process listens there, whether that shares its port or
        // not.
        if options.portUse == .first { set(descriptor, SO_REUSEPORT) }
        guard listen(descriptor, options.backlog) == 0 else { throw failure(operation, closing: descriptor) }
        let (address, bound) = name(of: descriptor)
        return ListeningSocket(descriptor: descriptor, port: bound, description: "\(address):\(bound)", unixPath: nil)
    }

    private static func set(_ descriptor: Int32, _ option: Int32) {
        var on: Int32 = 1
        // SAFETY: the kernel reads one Int32.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func name(of descriptor: Int32) -> (address: String, port: UInt16) {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // SAFETY: sockaddr_storage is large enough for every family and may be read as a sockaddr.
        return unsafe withUnsafeMutablePointer(to: &storage) { storage in
            let address = unsafe UnsafeMutableRawPointer(storage).assumingMemoryBound(to: sockaddr.self)
            guard unsafe getsockname(descriptor, address, &size) == 0 else { return ("?", 0) }
            return unsafe PeerAddress.text(of: address)
        }
    }

    // MARK: accepting

    /// The result of accept(2).
    enum Arrival {
        case connection(Int32)
        case none
        /// Out of descriptors or memory; the connection stays in the queue.
        case exhausted
    }

    /// Takes the next connection from the queue, non-blocking, with its address.
    static func accept(_ listening: Int32, _ address: inout sockaddr_storage, _ size: inout socklen_t) -> Arrival {
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        for _ in 0..<64 {
            size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            // SAFETY: the kernel writes at most `size` bytes, and sockaddr_storage may be written as a sockaddr.
            let descriptor = unsafe withUnsafeMutablePointer(to: &address) { storage in
                let generic = unsafe UnsafeMutableRawPointer(storage).assumingMemoryBound(to: sockaddr.self)
                return unsafe accept4(listening, generic, &size, flags)
            }
            if descriptor >= 0 { return .connection(descriptor) }
            switch errno {
            case EAGAIN, EBADF, EINVAL: return .none
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            // This connection is gone already; the next may not be (accept(2), "Error handling").
            default: continue
            }
        }
        return .none
    }

    // MARK: unix

    private static func unix(_ path: String, _ options: ListenerOptions) throws(HTTPError) -> ListeningSocket {
        let operation = "listen on unix:\(path)"
        guard !path.isEmpty, path.utf8.count <= 107, !path.utf8.contains(0) else {
            throw HTTPError(operation: operation, code: ENAMETOOLONG, message: "a socket path must have 1 to 107 bytes")
        }
        try removeStale(path, operation)
        let descriptor = openUnix()
        guard descriptor >= 0 else { throw failure(operation) }
        // SAFETY: the address is alive for the call; the path ends with a NUL in each of these calls.
        guard unsafe withUnixAddress(path, { unsafe bind(descriptor, $0, $1) }) == 0 else {
            throw failure(operation, closing: descriptor)
        }
        guard unsafe chmod(path, options.unixMode) == 0, listen(descriptor, options.backlog) == 0 else {
            _ = unsafe unlink(path)
            throw failure(operation, closing: descriptor)
        }
        return ListeningSocket(descriptor: descriptor, port: 0, description: "unix:\(path)", unixPath: path)
    }

    /// Removes a socket file without a listener. A file that is not a socket is left alone.
    private static func removeStale(_ path: String, _ operation: String) throws(HTTPError) {
        var file = stat()
        // SAFETY: lstat fills the structure.
        guard unsafe lstat(path, &file) == 0 else { return }
        guard file.st_mode & S_IFMT == S_IFSOCK else {
            throw HTTPError(
                operation: operation, code: EEXIST,
                message: "the path exists and is not a socket; remove it or choose another path")
        }
        let probe = openUnix()
        guard probe >= 0 else { throw failure(operation) }
        defer { _ = close(probe) }
        // SAFETY: withUnixAddress lends an address for the duration of the call.
        let status = unsafe withUnixAddress(path, { unsafe connect(probe, $0, $1) })
        if status == 0 || errno != ECONNREFUSED {
            throw HTTPError(operation: operation, code: EADDRINUSE, message: "another process is listening there")
        }
        _ = unsafe unlink(path)
    }

    private static func openUnix() -> Int32 {
        socket(AF_UNIX, kind, 0)
    }

    private static var kind: Int32 { Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue) }

    static func withUnixAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: the path was checked to fit with its final zero; sockaddr_un may be read as a sockaddr.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            for (i, byte) in path.utf8.enumerated() { unsafe room[i] = byte }
        }
        return unsafe withUnsafePointer(to: &address) { address in
            let generic = unsafe UnsafeRawPointer(address).assumingMemoryBound(to: sockaddr.self)
            return unsafe body(generic, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }

    private static func failure(_ operation: String, closing descriptor: Int32 = -1) -> HTTPError {
        let code = errno
        if descriptor >= 0 { _ = close(descriptor) }
        // SAFETY: strerror returns a C string that is copied at once.
        let text = unsafe String(cString: strerror(code))
        let advice =
            switch code {
            case EADDRINUSE: "; another program or another gateway is listening there: stop it or choose another port"
            case EMFILE, ENFILE: "; raise the limit of open files (ulimit -n)"
            default: ""
            }
        return HTTPError(operation: operation, code: code, message: text + advice)
    }
}
