// Adds the fields of a worker's reply envelope to a response, by the table in WorkerField.

package import Contract
package import HTTP

extension ResponseHeaders {
    /// Adds the fields of a worker's envelope by the table. A field of ours that one of them replaces must not have
    /// been added before.
    package mutating func add(_ fields: [(name: String, value: String)]) {
        for (name, value) in fields where WorkerField.rule(for: name) != .ours {
            add(name: Array(name.utf8).span, value: Array(value.utf8).span)
        }
    }
}

extension ReplyEnvelope {
    /// What is wrong with the envelope's header fields as a response to `request`, or nil.
    package func fault(answering request: Request) -> String? {
        let bytes = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        guard bytes > request.roomForHeader else { return nil }
        let room = max(0, request.roomForHeader)
        return "the reply envelope's headers have \(bytes) bytes, but only \(room) fit beside this request's own "
            + "header (limits.max_header_bytes)"
    }
}
