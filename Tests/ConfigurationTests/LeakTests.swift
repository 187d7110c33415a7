// Memory is counted in a process of its own, where no other test takes any.

import Glibc
import Testing

@testable import Configuration

@Suite("Leaks of the YAML reader") struct LeakTests {
    @Test("texts that are read, refused by libyaml and refused by us leave no memory behind")
    func reader() async {
        await #expect(processExitsWith: .success) {
            let long = String(repeating: "x", count: 4_000)
            let good = "a: &x [\(long), '\(long)', {b: \"\(long)\"}]\nc: *x\n"
            let bad = ["}", "d: *y", "d: \u{1}", "d: \"\(long)", "---", String(repeating: "[", count: 70)]
            func round() {
                _ = try? YAMLReader.read(Array(good.utf8))
                for end in bad { _ = try? YAMLReader.read(Array((good + end).utf8)) }
            }
            for _ in 0..<20 { round() }
            let before = residentBytes()
            for _ in 0..<500 { round() }
            // Each text is 12 KB and a parser's buffers are larger: 3,500 of either are more than 40 MB.
            guard residentBytes() < before + (16 << 20) else { exit(1) }
        }
    }
}

private func residentBytes() -> Int {
    var usage = [UInt8](repeating: 0, count: 256)
    // SAFETY: the path is NUL-terminated, and the array has as many bytes as it says.
    let file = unsafe open("/proc/self/statm", O_RDONLY)
    defer { close(file) }
    let count = unsafe read(file, &usage, usage.count)
    // Total and resident pages come first.
    let fields = String(decoding: usage.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? .max) * Int(getpagesize()) : .max
}
