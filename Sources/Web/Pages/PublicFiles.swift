// The files of the public folder. They are read once at startup, so that no request waits for a disk, and a path in a
// request is a key in a table, never a path on the disk.

import Bridge
package import HTTP
import JSON
import Reactors

/// One file, ready to send.
package final class PublicFile: Sendable {
    package let contentType: String
    let tag: String
    package let body: SharedBody

    init(contentType: String, tag: String, body: SharedBody) {
        (self.contentType, self.tag, self.body) = (contentType, tag, body)
    }
}

/// The folder's files by their path in a URL.
package struct PublicFiles: Sendable {
    /// The most bytes of all files together.
    package static let maxBytes = 64 << 20

    private let files: [String: PublicFile]
    private let hasForeignReaders: Bool

    /// - Parameters:
    ///   - folder: nil if there is none.
    ///   - hasForeignReaders: whether pages of other origins may read the files (`allowed_origins`).
    init(folder: String?, hasForeignReaders: Bool) throws {
        var files: [String: PublicFile] = [:]
        var total = 0
        for (path, bytes) in try Self.contents(of: folder) {
            total += bytes.count
            let file = PublicFile(
                contentType: Self.contentType(path), tag: Self.tag(bytes), body: SharedBody(copying: bytes.span))
            files["/" + path] = file
            if path == "index.html" { files["/"] = file }
        }
        self.files = files
        self.hasForeignReaders = hasForeignReaders
    }

    private static func contents(of folder: String?) throws -> [(path: String, bytes: [UInt8])] {
        guard let folder else { return [] }
        return try FileTree.read(folder, atMost: maxBytes)
    }

    package func find(_ path: Span<UInt8>) -> PublicFile? { files[String(copying: path)] }

    /// A page may load resources from this origin only (Content Security Policy Level 3).
    static let policy =
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

    package func send(_ file: PublicFile, _ response: Response, ifNoneMatch: String?) {
        var headers = ResponseHeaders()
        headers.add("Content-Type", file.contentType)
        headers.add("Cache-Control", "no-cache")
        headers.add("ETag", file.tag)
        headers.add("X-Content-Type-Options", "nosniff")
        headers.add("Content-Security-Policy", Self.policy)
        headers.add("Referrer-Policy", "no-referrer")
        // A page of a configured origin imports the client module and reads its types. Every response has `Vary`, so
        // that no cache gives such a page a response without this field (Fetch, "HTTP CORS protocol and caches").
        if hasForeignReaders { headers.add("Vary", "Origin") }
        if let origin = response.origin { headers.add("Access-Control-Allow-Origin", origin) }
        headers.close = response.closes
        guard ifNoneMatch != file.tag else {
            return response.request.respond(304, headers, copying: Span())
        }
        response.request.respond(200, headers, sharing: file.body)
    }

    /// The entity tag, which changes with the file's contents.
    private static func tag(_ bytes: [UInt8]) -> String { "\"\(String(FNV1a.hash(bytes.span), radix: 16))\"" }

    private static func contentType(_ path: String) -> String {
        switch path.split(separator: ".").last.map({ $0.lowercased() }) {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        case "txt", "md", "ts": "text/plain; charset=utf-8"
        default: "application/octet-stream"
        }
    }
}
