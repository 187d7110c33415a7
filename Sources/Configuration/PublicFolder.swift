// The folder of static files. The default folder may be missing (then nothing is served); a configured folder must
// exist, or `load` reports an error.

/// `public`: a folder, or off.
public enum PublicFolder: Sendable, Equatable {
    /// No static files.
    case off

    /// The default: that folder, relative to the working directory, if it exists; otherwise off.
    case folderIfPresent(String)

    /// A configured folder; `load` has checked that it exists.
    case folder(String)

    /// The folder to serve now; nil for none. Accesses the file system: for startup, not for requests.
    public var path: String? {
        switch self {
        case .off: nil
        case .folderIfPresent(let path): System.isFolder(path) ? path : nil
        case .folder(let path): path
        }
    }
}
