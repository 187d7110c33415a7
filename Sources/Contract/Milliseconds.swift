// Times as text, for the log and for Server-Timing.

package import Bridge
import JSON

extension [UInt8] {
    /// Appends a time in milliseconds, rounded to two or three decimals.
    package mutating func append(milliseconds time: Nanoseconds, decimals: Int) {
        let (unit, parts): (UInt64, UInt64) = decimals == 2 ? (10_000, 100) : (1_000, 1_000)
        let rounded = (time + unit / 2) / unit
        append(decimal: rounded / parts)
        append(UInt8(ascii: "."))
        append(decimal: rounded % parts, atLeast: decimals)
    }
}
