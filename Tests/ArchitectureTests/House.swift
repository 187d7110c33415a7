// The layer table of docs/architecture.md as data: who may import whom, and what else a room may do.
//
// A room that stands here and is not built yet is no mistake; a folder in Sources/ that does not stand here is one.

/// What one folder below Sources/ may do.
struct Room {
    /// Modules of this package and of its dependencies.
    var imports: Set<String> = []
    /// Modules of the system that come with Swift.
    var system: Set<String> = []
    /// On the way of a request: nothing in it waits for another thread.
    var isHotPath = false
    /// Columns of the longest line. 120 is the rule; a larger number says how far its oldest lines are from it.
    var columns = 120

    /// Only whoever wraps a C library may write `unsafe`.
    var wrapsC: Bool { imports.contains { House.isDoor($0) } }
}

enum House {
    private static let libc: Set<String> = ["Glibc", "Synchronization"]

    static let rooms: [String: Room] = [
        "Basics": Room(isHotPath: true),
        "Reactors": Room(imports: ["CLinux", "CMimalloc"], system: libc),
        "ZeroMQ": Room(imports: ["Basics", "CZeroMQ"], system: libc, isHotPath: true),
        "HTTP": Room(imports: ["CMicroHTTPD"], system: libc, isHotPath: true),
        "WebSocket": Room(imports: ["CZlib", "CGnuTLS"], system: libc, isHotPath: true),
        "JSON": Room(imports: ["CJansson"], system: libc, isHotPath: true),
        "Bridge": Room(imports: ["Basics"], isHotPath: true),
        "Configuration": Room(imports: ["CYAML", "JSON"], columns: 121),
        "Contract": Room(imports: ["Basics", "JSON", "Bridge", "Configuration"], isHotPath: true),
        "Operations": Room(
            imports: ["Basics", "Reactors", "ZeroMQ", "HTTP", "JSON", "Bridge", "Configuration", "Contract", "Logging"],
            system: libc, isHotPath: true),
        "Services": Room(
            imports: [
                "Basics", "Reactors", "ZeroMQ", "JSON", "Bridge", "Configuration", "Contract", "Operations", "Logging",
            ],
            system: libc, isHotPath: true),
        "Web": Room(
            imports: [
                "Basics", "Reactors", "ZeroMQ", "HTTP", "WebSocket", "JSON", "Bridge", "Configuration", "Contract",
                "Operations", "Services",
            ],
            isHotPath: true),
        "Gateway": Room(
            imports: [
                "Basics", "Reactors", "ZeroMQ", "HTTP", "JSON", "Bridge", "Configuration", "Contract", "Operations",
                "Services", "Web", "Logging",
            ],
            system: libc, isHotPath: true),
        "zmq-gateway": Room(
            imports: ["Gateway", "Configuration", "ArgumentParser", "Logging"], system: libc),
    ]

    /// The folders that hold no Swift: a module map and a shim each.
    static let doors: Set<String> = [
        "CZeroMQ", "CMicroHTTPD", "CJansson", "CYAML", "CZlib", "CGnuTLS", "CLinux", "CMimalloc",
    ]

    /// Imports beyond the table, by file, each with its reason.
    static let exceptions: [String: Set<String>] = [
        // It asks the machine how many cores and which addresses it has: facts that are checked with the rest.
        "Configuration/System.swift": ["Glibc"]
    ]

    /// Lines with `unsafe` that nobody had argued for when the rule came. A number here may fall and not rise.
    static let unargued: [String: Int] = [
        "HTTP/DirectReply.swift": 1, "HTTP/Listener+Callbacks.swift": 1, "HTTP/Listener+Connections.swift": 4,
        "HTTP/Listener.swift": 2, "HTTP/ListeningSocket.swift": 3, "HTTP/PeerAddress.swift": 2,
        "HTTP/Request+Turns.swift": 2, "HTTP/ResponseHeaders.swift": 2, "HTTP/RequestValidator.swift": 4,
        "JSON/Document.swift": 8, "JSON/JSONWriter.swift": 1, "ZeroMQ/SocketHandle.swift": 2,
    ]

    /// What has no place on the way of a request: it waits, or it makes somebody wait.
    static let hotPathWords: Set<String> = ["async", "await", "actor", "Task", "Mutex", "NSLock", "DispatchQueue"]
    static let hotPathPrefixes = ["pthread_mutex"]

    /// The folders inside a room, and the sibling folders whose types each may name. All may name what stands in the
    /// room itself, and the room may name all of them.
    static let folders: [String: [String: Set<String>]] = [
        "Operations": ["Memory": []],
        "Services": [
            "Dealer": ["Pools"], "Router": ["Majordomo"], "Ready": ["Pools"],
            "Majordomo": ["Pools", "Publisher", "Router"], "Publisher": [], "Pools": [],
        ],
        "Web": [
            "Admission": ["REST"], "Pages": ["REST"], "Sessions": ["REST"], "REST": ["Admission", "Pages", "Sessions"],
        ],
    ]

    /// Where the kinds of peers live, one folder each.
    static let kindFolders = Set(
        ["Dealer", "Router", "Ready", "Majordomo", "Publisher"].map { "Services/\($0)" })
    /// Who leads from a configuration to its kind.
    static let kindTables: Set<String> = [
        "Services/ServiceKind.swift", "Gateway/Core+Services.swift",
    ]

    /// Words that make a comment read like a translation; a subject should be a thing with a name.
    static let bannedWords = ["nobody", "somebody", "whoever", "is told", "of which", "where that can be"]

    static let mostLines = 400
    static let mostCharterLines = 15

    static func isDoor(_ module: String) -> Bool { doors.contains(module) }
}
