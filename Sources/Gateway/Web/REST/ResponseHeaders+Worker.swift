// What a worker's reply envelope adds to a response, by the table in WorkerField.

import HTTP

extension ResponseHeaders {
    /// Adds what a worker's envelope sets, by the table. These fields are ours; `names` of the envelope that replace
    /// one of them are to be left out of them before.
    mutating func add(_ fields: [(name: String, value: String)]) {
        for (name, value) in fields where WorkerField.rule(for: name) != .ours {
            add(name: Array(name.utf8).span, value: Array(value.utf8).span)
        }
    }
}

extension ReplyEnvelope {
    /// What is wrong with its header fields as an answer to `request`, or nil.
    func fault(answering request: Request) -> String? {
        let bytes = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        guard bytes > request.roomForHeader else { return nil }
        let room = max(0, request.roomForHeader)
        return "the reply envelope's headers have \(bytes) bytes, and \(room) fit beside this request's own header "
            + "(limits.max_header_bytes)"
    }
}
