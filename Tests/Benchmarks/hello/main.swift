// The ceiling: libmicrohttpd in the gateway's own reactor, and nothing else. It takes any request, reads its body, and
// answers with one prepared response. What the gateway costs beyond it is ours.
//
//     bench-hello            prints "listening on http://127.0.0.1:PORT", serves until it is killed

internal import CMicroHTTPD
import Glibc
import Reactors

/// The daemon, nested in the reactor's epoll set as the gateway nests it (external mode, no thread, no time-out).
@safe
final class Hello: ReadinessHandler, TurnParticipant {
    private let daemon: OpaquePointer

    init(listening: Int32) {
        // SAFETY: the body is a string literal's bytes and the response is never freed: both outlive the daemon. The
        // library keeps copies of the callbacks, which touch nothing of ours but that response.
        let body: StaticString = "{\"hello\":\"world\"}"
        let bytes = unsafe UnsafeMutableRawPointer(mutating: body.utf8Start)
        let response = unsafe MHD_create_response_from_buffer(body.utf8CodeUnitCount, bytes, .RESPMEM_PERSISTENT)
        unsafe MHD_add_response_header(response, "Content-Type", "application/json")
        var calls = unsafe cmhd_callbacks(
            owner: UnsafeMutableRawPointer(response), accept_policy: { _, _, _ in .YES }, handler: Self.handler,
            connection: { _, _, _, _ in }, completed: { _, _, _, _ in }, request_line: { _, _, _ in nil },
            logged: nil)
        guard let daemon = unsafe cmhd_start(listening, 10_000, 8 << 10, &calls) else {
            fatalError("libmicrohttpd does not start")
        }
        unsafe self.daemon = unsafe daemon
    }

    var epollDescriptor: Int32 { unsafe cmhd_epoll_descriptor(daemon) }

    func ready(_ readiness: Readiness) { _ = unsafe MHD_run(daemon) }

    func turnEnded() -> UInt64? { unsafe cmhd_wants_run(daemon) != 0 ? run() : nil }

    private func run() -> UInt64? {
        _ = unsafe MHD_run(daemon)
        return 0
    }

    /// The first call of a request has the header, the following ones pieces of the body, the last one nothing more.
    private static let handler: @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
        UnsafePointer<CChar>?, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> MHD_Result = { response, connection, _, _, _, _, count, context in
        // SAFETY: the library's own pointers, good for this call; the context is only a mark.
        guard unsafe context!.pointee != nil else {
            unsafe context!.pointee = response
            return .YES
        }
        guard unsafe count!.pointee == 0 else {
            unsafe count!.pointee = 0
            return .YES
        }
        return unsafe MHD_queue_response(connection, 200, OpaquePointer(response))
    }
}

/// A socket that listens on a free port of loopback, and that port.
func listenOnLoopback() -> (descriptor: Int32, port: UInt16) {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_INET, kind, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    // SAFETY: sockaddr_in may be read and written as a sockaddr of its size.
    unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            guard unsafe bind(descriptor, address, size) == 0, listen(descriptor, 4096) == 0,
                unsafe getsockname(descriptor, address, &size) == 0
            else { fatalError("cannot listen on 127.0.0.1") }
        }
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}

let (descriptor, port) = listenOnLoopback()
let hello = Hello(listening: descriptor)
let reactor = try Reactor()
reactor.participant = hello
_ = try reactor.watch(hello.epollDescriptor, .readable, hello)
let line = "listening on http://127.0.0.1:\(port)\n"
// SAFETY: the bytes are lent for the call.
_ = unsafe line.utf8.withContiguousStorageIfAvailable { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
reactor.run()
