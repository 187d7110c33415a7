// Names that the Configuration room shares with others: here they can be said without ambiguity.

import Configuration

/// An address in the configuration; the HTTP room has its own, bound one.
typealias ConfiguredAddress = ListenAddress

extension PathTemplate {
    /// As OpenAPI writes it: it knows no `{rest...}`.
    var openAPIText: String {
        description.split(separator: "...}", omittingEmptySubsequences: false).joined(separator: "}")
    }
}
