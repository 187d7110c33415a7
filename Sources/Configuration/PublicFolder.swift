// The folder of static files. The default folder may be absent (then nothing is served); a folder that somebody
// named must be there, and `load` reports it where it is not.

/// `public`: a folder, or off.
public enum PublicFolder: Sendable, Equatable {
    /// No static files.
    case off

    /// The default: that folder, relative to the working directory, where it exists; otherwise off.
    case folderIfPresent(String)

    /// A folder that was configured; `load` has found that it exists.
    case folder(String)

    /// The folder to serve now, or nil. Looks at the file system: for the start, not for a request.
    public var path: String? {
        switch self {
        case .off: nil
        case .folderIfPresent(let path): System.isFolder(path) ? path : nil
        case .folder(let path): path
        }
    }
}
