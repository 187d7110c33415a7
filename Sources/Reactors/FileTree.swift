// Reads whole files, at startup (opendir(3), read(2)). Blocks.

import Glibc

/// The files of a folder.
public enum FileTree {
    /// Every regular file below `folder`, with its relative path; hidden files and links are skipped.
    /// - Parameter limit: maximum total size in bytes; more is an error (EFBIG).
    public static func read(_ folder: String, atMost limit: Int) throws(SystemError) -> [(path: String, bytes: [UInt8])]
    {
        var files: [(String, [UInt8])] = []
        var folders = [""]
        var total = 0
        while let relative = folders.popLast() {
            for name in try names(in: "\(folder)/\(relative)") where !name.hasPrefix(".") {
                let path = relative.isEmpty ? name : "\(relative)/\(name)"
                switch kind("\(folder)/\(path)") {
                case S_IFDIR: folders.append(path)
                case S_IFREG:
                    let bytes = try contents("\(folder)/\(path)")
                    total += bytes.count
                    guard total <= limit else { throw SystemError(operation: "reading \(folder)", code: EFBIG) }
                    files.append((path, bytes))
                default: break
                }
            }
        }
        return files
    }

    /// A file's bytes.
    public static func contents(_ path: String) throws(SystemError) -> [UInt8] {
        // SAFETY: the text ends with a NUL for the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(operation: "opening \(path)", code: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            // SAFETY: the kernel writes at most `block.count` bytes into the block.
            let count = unsafe Glibc.read(descriptor, &block, block.count)
            if count == 0 { return bytes }
            guard count > 0 else { throw SystemError(operation: "reading \(path)", code: errno) }
            bytes.append(contentsOf: block[..<count])
        }
    }

    private static func kind(_ path: String) -> mode_t {
        var status = stat()
        // SAFETY: the call writes into the local `status`.
        return unsafe lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }

    private static func names(in folder: String) throws(SystemError) -> [String] {
        guard let stream = unsafe opendir(folder) else {
            throw SystemError(operation: "opening \(folder)", code: errno)
        }
        // SAFETY: the stream is opened and closed here; an entry's name ends with a NUL inside the entry.
        defer { _ = unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { buffer in
                unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }
}
