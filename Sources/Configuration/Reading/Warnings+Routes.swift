// Warnings about paths in the syntax of another router.

extension Warnings {
    /// `:id` and `*` are literal text here.
    static func lookAtPaths(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        for (index, route) in configuration.routes.enumerated() {
            for case .literal(let text) in route.path.segments {
                guard let meant = meantParameter(text) else { continue }
                diagnostics.warning(
                    diagnostics.place(of: "routes[\(index)].match"),
                    "matches \(Units.quoted(text)) literally; for a parameter write \(meant)")
            }
        }
    }

    /// The parameter syntax for a literal segment that looks like a parameter elsewhere; nil for others.
    private static func meantParameter(_ segment: String) -> String? {
        if segment.hasPrefix(":"), segment.count > 1 { return "{\(segment.dropFirst())}" }
        if segment == "*" { return "{name}, or {rest...} at the end for the rest" }
        return segment == "**" ? "{rest...}" : nil
    }
}
