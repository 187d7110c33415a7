// What the reader has found so far: mistakes, warnings, and where each key stands. One object is passed through all
// sections of one load, so that every mistake of a file ends up in one list. Confined to the call of `load`.

/// Where something stands: in a file, in the environment, or on the command line.
struct Place {
    var file: String
    var line = 0
    var column = 0
    var key = ""
}

/// A sentence about one value, without its place: what is wrong and what to do.
struct Complaint: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// Collects what a load finds.
final class Findings {
    /// The file that is read, as it was named.
    let file: String

    private(set) var mistakes: [Mistake] = []
    private(set) var warnings: [Mistake] = []

    /// Where each key was set last, by its dotted name. What is absent here was never set.
    var places: [String: Place] = [:]

    init(file: String) {
        self.file = file
    }

    func mistake(_ place: Place, _ message: String) {
        mistakes.append(Self.make(place, message))
    }

    func warning(_ place: Place, _ message: String) {
        warnings.append(Self.make(place, message))
    }

    /// The place of a key that may never have been set.
    func place(of key: String) -> Place {
        places[key] ?? Place(file: file, key: key)
    }

    /// Brings mistakes and warnings into the order of the file; those without a line stay behind it.
    func sort() {
        mistakes = Self.sorted(mistakes)
        warnings = Self.sorted(warnings)
    }

    private static func make(_ place: Place, _ message: String) -> Mistake {
        Mistake(file: place.file, line: place.line, column: place.column, key: place.key, message: message)
    }

    private static func sorted(_ list: [Mistake]) -> [Mistake] {
        let keyed = list.enumerated().map { index, mistake in
            (rank: (mistake.line > 0 ? mistake.line : Int.max, mistake.column, index), mistake: mistake)
        }
        return keyed.sorted { $0.rank < $1.rank }.map(\.mistake)
    }
}
