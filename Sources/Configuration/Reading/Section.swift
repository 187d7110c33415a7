// A section of the file: one YAML mapping that returns its keys by name, remembers which keys it knows, and finally
// reports all others. Each section is read by one function that is a table of `read` lines: key, property, reader. The
// order of the lines does not matter, and every error is reported.

/// One value of the file, with its place.
struct Entry {
    let node: YAMLNode
    let place: Place
}

/// One mapping of the file, while it is read.
final class Section {
    let diagnostics: Diagnostics

    /// Where the section begins, with its dotted key.
    let place: Place

    private var entries: [String: Entry] = [:]
    private var order: [String] = []
    private var known: [String] = []

    /// Takes the mapping's pairs. A repeated key is reported; its first value counts.
    init(_ mapping: [(key: YAMLNode, value: YAMLNode)], at place: Place, _ diagnostics: Diagnostics) {
        self.diagnostics = diagnostics
        self.place = place
        for (key, value) in mapping {
            guard let written = key.scalar else {
                diagnostics.error(diagnostics.place(of: key, key: place.key), "a key must be a word")
                continue
            }
            add(written.text, key, value)
        }
    }

    private func add(_ name: String, _ key: YAMLNode, _ value: YAMLNode) {
        let entry = Entry(node: value, place: diagnostics.place(of: key, key: dotted(name)))
        if let first = entries[name] {
            diagnostics.error(entry.place, "is set twice, first in line \(first.place.line); keep one of the two")
            return
        }
        entries[name] = entry
        order.append(name)
        diagnostics.places[entry.place.key] = entry.place
    }

    /// Whether the section has the key.
    func has(_ key: String) -> Bool {
        entries[key] != nil
    }

    /// Reads a scalar; an absent key leaves the target unchanged.
    func read<Value>(_ key: String, into target: inout Value, _ reader: ScalarReader<Value>) {
        if let value = value(key, reader) { target = value }
    }

    /// Reads a scalar into an optional property.
    func read<Value>(_ key: String, into target: inout Value?, _ reader: ScalarReader<Value>) {
        if let value = value(key, reader) { target = value }
    }

    /// Reads a scalar; nil if it is absent, or wrong (and reported).
    func value<Value>(_ key: String, _ reader: ScalarReader<Value>) -> Value? {
        known.append(key)
        return entries[key].flatMap { scalar($0, reader) }
    }

    /// Reads a list of scalars, or a single scalar.
    func list<Value>(
        _ key: String, into target: inout [Value], of reader: ScalarReader<Value>, _ count: ClosedRange<Int>
    ) {
        known.append(key)
        guard let entry = entries[key] else { return }
        guard let sequence = entry.node.sequence else {
            if entry.node.isNull, count.lowerBound == 0 { return }
            if let value = scalar(entry, reader) { target = [value] }
            return
        }
        guard count.contains(sequence.count) else {
            let wanted = "\(count.lowerBound) to \(count.upperBound)"
            return diagnostics.error(entry.place, "has \(sequence.count) items; write \(wanted)")
        }
        target = items(sequence, entry).compactMap { scalar($0, reader) }
    }

    /// Visits the section under a key, unless it is absent or empty.
    func section(_ key: String, _ body: (Section) -> Void) {
        known.append(key)
        guard let entry = entries[key], !entry.node.isNull else { return }
        visit(entry, body)
    }

    /// Visits the sections of a map (`services`), in file order.
    func named(_ key: String, _ most: Int, _ body: (String, Section) -> Void) {
        section(key) { map in
            if map.order.count > most {
                diagnostics.error(map.place, "has \(map.order.count) entries; write at most \(most)")
            }
            for name in map.order.prefix(most) {
                map.section(name) { body(name, $0) }
                if let entry = map.entries[name], entry.node.isNull {
                    diagnostics.error(entry.place, "is empty; indent its keys below it, or leave it out")
                }
            }
            map.known += map.order
        }
    }

    /// Visits the sections in a list (`routes`), in file order.
    func each(_ key: String, _ most: Int, _ body: (Section) -> Void) {
        known.append(key)
        guard let entry = entries[key], !entry.node.isNull else { return }
        guard let sequence = entry.node.sequence else {
            return diagnostics.error(entry.place, "takes a list, not \(entry.node.kind); begin each item with \"- \"")
        }
        guard sequence.count <= most else {
            return diagnostics.error(entry.place, "has \(sequence.count) items; write at most \(most)")
        }
        for item in items(sequence, entry) { visit(item, body) }
    }

    /// Reports an error at a key, or at the section if the key is absent.
    func report(_ key: String, _ message: String) {
        diagnostics.error(place(of: key), message)
    }

    /// The place of a key; if it is absent, the place of the section with that key's name.
    func place(of key: String) -> Place {
        if let entry = entries[key] { return entry.place }
        var place = place
        place.key = dotted(key)
        return place
    }

    // MARK: - Inside

    private func dotted(_ key: String) -> String {
        place.key.isEmpty ? key : "\(place.key).\(Self.written(key))"
    }

    /// A key as part of a dotted one: quoted if it has dots itself.
    static func written(_ key: String) -> String { key.contains(".") ? "\"\(key)\"" : key }

    private func scalar<Value>(_ entry: Entry, _ reader: ScalarReader<Value>) -> Value? {
        guard let scalar = entry.node.scalar else {
            diagnostics.error(entry.place, "takes \(reader.takes), not \(entry.node.kind)")
            return nil
        }
        if entry.node.isNull, !(reader.acceptsNull && scalar.text == "null") {
            diagnostics.error(entry.place, "has no value; write \(reader.takes), or leave the key out")
            return nil
        }
        do {
            return try reader.parse(scalar)
        } catch {
            diagnostics.error(entry.place, error.message)
            return nil
        }
    }

    private func visit(_ entry: Entry, _ body: (Section) -> Void) {
        guard let mapping = entry.node.mapping else {
            return diagnostics.error(entry.place, "takes a section of keys, not \(entry.node.kind)")
        }
        let section = Section(mapping, at: entry.place, diagnostics)
        body(section)
        section.close()
    }

    private func items(_ sequence: [YAMLNode], _ entry: Entry) -> [Entry] {
        sequence.enumerated().map { index, node in
            Entry(node: node, place: diagnostics.place(of: node, key: "\(entry.place.key)[\(index)]"))
        }
    }

    /// Reports the keys that the section does not know.
    func close() {
        for name in order where !known.contains(name) {
            guard let entry = entries[name] else { continue }
            diagnostics.error(entry.place, advice(name))
        }
    }

    private func advice(_ name: String) -> String {
        if name == "<<" { return "merge keys are not supported; write the keys out, or alias the whole section" }
        if let advice = RenamedKey.advice(on: name, among: known) { return advice }
        if let guess = Suggestions.closest(to: name, among: known) {
            return "is not a key here; did you mean \(guess)?"
        }
        return "is not a key here; the keys are \(known.sorted().joined(separator: ", "))"
    }
}
