// The findings of a load: errors, warnings, and the place of each key. One object is passed through all sections, so
// that all errors of a file end up in one list. Confined to the call of `load`.

/// A place in a file, in the environment, or on the command line.
struct Place {
    var file: String
    var line = 0
    var column = 0
    var key = ""
}

/// A sentence about one value, without its place: what is wrong and what to do.
struct InvalidValue: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// Collects the findings of a load.
final class Diagnostics {
    /// The name of the file being read.
    let file: String

    private(set) var errors: [ConfigurationError] = []
    private(set) var warnings: [ConfigurationError] = []

    /// Where each key was last set, by its dotted name; a key that was never set is absent.
    var places: [String: Place] = [:]

    init(file: String) {
        self.file = file
    }

    func error(_ place: Place, _ message: String) {
        errors.append(Self.make(place, message))
    }

    func warning(_ place: Place, _ message: String) {
        warnings.append(Self.make(place, message))
    }

    /// The place of a key, which may never have been set.
    func place(of key: String) -> Place {
        places[key] ?? Place(file: file, key: key)
    }

    /// The place of a node of the file.
    func place(of node: YAMLNode, key: String) -> Place {
        Place(file: file, line: node.mark.line, column: node.mark.column, key: key)
    }

    /// Sorts errors and warnings in file order; those without a line come last.
    func sort() {
        errors = Self.sorted(errors)
        warnings = Self.sorted(warnings)
    }

    private static func make(_ place: Place, _ message: String) -> ConfigurationError {
        ConfigurationError(file: place.file, line: place.line, column: place.column, key: place.key, message: message)
    }

    private static func sorted(_ list: [ConfigurationError]) -> [ConfigurationError] {
        let keyed = list.enumerated().map { index, error in
            (rank: (error.line > 0 ? error.line : Int.max, error.column, index), error: error)
        }
        return keyed.sorted { $0.rank < $1.rank }.map(\.error)
    }
}
