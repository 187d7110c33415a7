// Warnings about what others can reach: files that are served, ports where anyone can be a worker.

extension Warnings {
    /// Folders that hold more than pages; `secret` ones including their subfolders.
    private static let crowded = ["/", "/home", "/usr", "/var", "/opt", "/run", "/tmp"]
    private static let secret = ["/etc", "/root", "/boot", "/proc", "/sys", "/dev"]

    static func lookAtPublic(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        guard let folder = configuration.publicFolder.path, let path = System.resolved(folder) else { return }
        let place = diagnostics.place(of: "public")
        if crowded.contains(path) || secret.contains(where: { isWithin(path, $0) }) || isHome(path) {
            diagnostics.warning(
                place, "serves every file below \(path) to every client; name a folder that holds pages only")
        } else if let file = System.resolved(diagnostics.file), isWithin(file, path) {
            diagnostics.warning(place, "serves this configuration file to every client; move it out of \(path)")
        }
    }

    static func lookAtBinds(_ service: ServiceConfiguration, _ configuration: Configuration, _ diagnostics: Diagnostics)
    {
        for (key, endpoint) in [("bind", service.bind), ("clients", service.clients)] {
            guard let endpoint, endpoint.hasPrefix("tcp://") else { continue }
            let (written, port) = HostAndPort.parts(String(endpoint.dropFirst(6)))
            let host = written.hasPrefix("[") ? String(written.dropFirst().dropLast()) : written
            let place = diagnostics.place(of: "\(service.key).\(key)")
            let number = port.flatMap { UInt16($0) } ?? 0
            if let address = configuration.listen.first(where: { clashes(host, number, with: $0) }) {
                diagnostics.warning(
                    place, "is the address for HTTP clients, \(address) (`listen`); choose another port")
            } else if !ListenAddress.tcp(host: host, port: number).isLoopback {
                let who = key == "clients" ? "a client" : service.peer == .publisher ? "a publisher" : "a worker"
                diagnostics.warning(
                    place,
                    "is not loopback: anyone who reaches the port can act as \(who), without authentication; "
                        + "bind 127.0.0.1, or restrict the port to a network that you trust")
            }
        }
    }

    private static func clashes(_ host: String, _ port: UInt16, with address: ListenAddress) -> Bool {
        guard case .tcp(let other, port) = address, port != 0 else { return false }
        let any = ["*", "0.0.0.0", "::"]
        return host == other || any.contains(host) || any.contains(other)
    }

    private static func isWithin(_ path: String, _ folder: String) -> Bool {
        path == folder || path.hasPrefix(folder + "/")
    }

    private static func isHome(_ path: String) -> Bool {
        path.hasPrefix("/home/") && !path.dropFirst(6).contains("/")
    }
}
