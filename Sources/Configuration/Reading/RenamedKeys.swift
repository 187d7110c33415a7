// Keys of earlier versions; only this file knows them. A file, a variable or a flag that has one gets an error with the
// new key. An old name may be a valid key elsewhere (`sessions.max_message_bytes` is), so it counts as renamed only in
// a section that has the new key and not the old one.

/// A key that was renamed.
struct RenamedKey {
    /// The old key, from its service on: `socket.immediate`.
    let path: String
    /// The new key, in the same section.
    let newName: String
    /// How to write an old value, if the meaning changed with the name.
    var note = ""

    static let all = [
        RenamedKey(path: "hosts", newName: "allowed_hosts"),
        RenamedKey(path: "origins", newName: "allowed_origins"),
        RenamedKey(path: "answers", newName: "ready_carries_reply"),
        RenamedKey(path: "heartbeat.lives", newName: "liveness"),
        RenamedKey(
            path: "socket.immediate", newName: "queue_while_down",
            note: " and means the opposite: write queue_while_down: true for immediate: false"),
        RenamedKey(path: "socket.max_message_bytes", newName: "max_reply_bytes"),
    ]

    /// The error message for the old key.
    var advice: String { "\(oldName) is now \(newName)\(note)" }

    private var oldName: String { path.split(separator: ".").last.map(String.init) ?? path }

    /// The advice for a key in a section whose keys are `known`; nil if it was not renamed there.
    static func advice(on name: String, among known: [String]) -> String? {
        all.first { $0.oldName == name && known.contains($0.newName) }?.advice
    }

    /// The advice for a variable without our prefix, or a flag without its dashes: none of these keys can be set that
    /// way.
    static func advice(outsideFile name: String) -> String? {
        let wanted = words(of: name.lowercased())
        guard let key = all.first(where: { words(of: $0.path) == wanted }) else { return nil }
        return "\(key.advice); write it into the configuration file"
    }

    private static func words(of name: String) -> [Substring] { name.split { "._-".contains($0) } }
}

extension ConfigurationOverrides {
    /// The errors for flags named after keys of earlier versions (`--hosts`, `--hosts=a.example`).
    public static func renamedFlags(in arguments: some Sequence<String>) -> [ConfigurationError] {
        arguments.compactMap { argument in
            guard argument.hasPrefix("--") else { return nil }
            let flag = argument.prefix { $0 != "=" }
            return RenamedKey.advice(outsideFile: String(flag.dropFirst(2))).map {
                ConfigurationError(file: "command line", key: String(flag), message: $0)
            }
        }
    }
}
