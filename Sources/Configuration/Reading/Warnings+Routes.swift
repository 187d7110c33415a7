// Warnings of paths that are written as another router would have them.

extension Warnings {
    /// `:id` and `*` are literal text in a path here.
    static func lookAtPaths(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        for (index, route) in configuration.routes.enumerated() {
            for case .literal(let text) in route.path.segments {
                guard let meant = meantParameter(text) else { continue }
                diagnostics.warning(
                    diagnostics.place(of: "routes[\(index)].match"),
                    "takes \(Units.quoted(text)) as it stands; if a parameter is meant, write \(meant)")
            }
        }
    }

    /// How the parameter is written that a literal segment looks like, or nil.
    private static func meantParameter(_ segment: String) -> String? {
        if segment.hasPrefix(":"), segment.count > 1 { return "{\(segment.dropFirst())}" }
        if segment == "*" { return "{name}, or {rest...} at the end for all that is left" }
        return segment == "**" ? "{rest...}" : nil
    }
}
