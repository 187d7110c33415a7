// A TCP or unix client that sends exactly the given bytes and keeps what it receives.

import Glibc

struct Failure: Error {
    let what: String
}

/// One response, as far as it is there.
struct Parsed: Equatable {
    var status = 0
    var headers: [String: String] = [:]
    var body = ""
    /// Length reached, or last chunk seen.
    var isWhole = false
    var chunks = 0
}

final class RawClient {
    private(set) var descriptor: Int32
    private(set) var bytes: [UInt8] = []
    private(set) var isAtEnd = false
    private(set) var wasReset = false
    private var unsent: [UInt8] = []
    /// Requests with HEAD: their responses have no body.
    var isHead = false

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &address) {
            unsafe Glibc.connect(
                descriptor, UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        guard status == 0 else { throw Failure(what: "connect: errno \(errno)") }
    }

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            for (i, byte) in path.utf8.enumerated() { unsafe room[i] = byte }
        }
        let status = unsafe withUnsafePointer(to: &address) {
            unsafe Glibc.connect(
                descriptor, UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
        guard status == 0 else { throw Failure(what: "connect: errno \(errno)") }
    }

    deinit { close() }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        unsent += bytes
        pump()
    }

    var hasUnsent: Bool { !unsent.isEmpty }

    /// Sends and receives what goes without waiting.
    func pump() {
        guard descriptor >= 0 else { return }
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        while !unsent.isEmpty {
            let count = unsafe unsent.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, flags) }
            if count <= 0 {
                if errno != EAGAIN { unsent = [] }
                break
            }
            unsent.removeFirst(count)
        }
        guard !isPaused else { return }
        var room = [UInt8](repeating: 0, count: 65_536)
        while !isAtEnd {
            let count = unsafe room.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            if count > 0 {
                bytes += room[0..<count]
            } else if count == 0 {
                isAtEnd = true
            } else {
                if errno != EAGAIN {
                    isAtEnd = true
                    wasReset = true
                }
                return
            }
        }
    }

    /// Reads nothing, as a client that does not take its response.
    var isPaused = false

    func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes with a reset.
    func reset() {
        var hard = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Whole responses so far (1xx left out); the last one may be incomplete.
    func responses() -> [Parsed] {
        var all: [Parsed] = []
        var rest = bytes[...]
        while let end = find("\r\n\r\n", rest) {
            let lines = String(decoding: rest[rest.startIndex..<end], as: UTF8.self).split(separator: "\r\n")
            rest = rest[(end + 4)...]
            var parsed = Parsed()
            parsed.status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { continue }
                parsed.headers[line[..<colon].lowercased()] = String(
                    line[line.index(after: colon)...].drop { $0 == " " })
            }
            if parsed.status < 200 { continue }
            rest = readBody(&parsed, rest)
            guard parsed.isWhole || isAtEnd else { break }
            all.append(parsed)
        }
        return all
    }

    private func readBody(_ parsed: inout Parsed, _ rest: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = rest
        if isHead || parsed.status == 204 || parsed.status == 304 {
            parsed.isWhole = true
        } else if let length = parsed.headers["content-length"].flatMap({ Int($0) }) {
            parsed.isWhole = rest.count >= length
            parsed.body = String(decoding: rest.prefix(length), as: UTF8.self)
            rest = rest.dropFirst(length)
        } else if parsed.headers["transfer-encoding"] == "chunked" {
            while let end = find("\r\n", rest),
                let size = Int(String(decoding: rest[rest.startIndex..<end], as: UTF8.self), radix: 16)
            {
                rest = rest[(end + 2)...]
                guard rest.count >= size + 2 else { break }
                parsed.body += String(decoding: rest.prefix(size), as: UTF8.self)
                rest = rest.dropFirst(size + 2)
                parsed.isWhole = size == 0
                if parsed.isWhole { break }
                parsed.chunks += 1
            }
        } else {
            parsed.body = String(decoding: rest, as: UTF8.self)
            parsed.isWhole = isAtEnd && !wasReset
            rest = rest.suffix(0)
        }
        return rest
    }

    private func find(_ pattern: String, _ bytes: ArraySlice<UInt8>) -> Int? {
        let pattern = Array(pattern.utf8)
        guard bytes.count >= pattern.count else { return nil }
        var i = bytes.startIndex
        while i <= bytes.endIndex - pattern.count {
            if bytes[i] == pattern[0], bytes[i..<(i + pattern.count)].elementsEqual(pattern) { return i }
            i += 1
        }
        return nil
    }
}
