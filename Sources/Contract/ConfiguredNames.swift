// Aliases for names of the Configuration room that would be ambiguous here.

package import Configuration

/// An address in the configuration. The HTTP room has a bound address of its own.
package typealias ConfiguredAddress = ListenAddress

extension PathTemplate {
    /// The path as OpenAPI writes it, which does not know `{rest...}`.
    var openAPIText: String {
        description.split(separator: "...}", omittingEmptySubsequences: false).joined(separator: "}")
    }
}
