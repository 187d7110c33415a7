// Compressed messages (RFC 7692) with zlib: raw DEFLATE streams, each message without its last four bytes 00 00 FF FF.

internal import CZlib

/// Decompresses messages.
@safe final class Inflater {
    enum Outcome { case taken, tooLarge, corrupt }

    private let stream: UnsafeMutablePointer<z_stream>

    init?() {
        // SAFETY (all in this file): the stream is allocated here, zeroed as zlib requires, and freed in deinit only.
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe zlib_begin_inflate(stream, 15) == Z_OK else {
            unsafe stream.deallocate()
            return nil
        }
    }

    deinit {
        // SAFETY: begun in init, and ended once.
        _ = unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Appends the inflated `bytes` to `output`, which never exceeds `limit`: a decompression bomb stops there.
    func feed(_ bytes: Span<UInt8>, into output: inout [UInt8], limit: Int) -> Outcome {
        var outcome = Outcome.taken
        // SAFETY: zlib reads the input and writes the room during the calls only, within the given counts.
        unsafe bytes.withUnsafeBufferPointer { input in
            unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: input.baseAddress)
            unsafe stream.pointee.avail_in = UInt32(input.count)
            unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16_384) { room in
                repeat {
                    unsafe stream.pointee.next_out = room.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(room.count)
                    let result = unsafe inflate(stream, Z_SYNC_FLUSH)
                    // SAFETY: zlib's output is at the front of the room.
                    let made = unsafe room.count - Int(stream.pointee.avail_out)
                    guard output.count + made <= limit else { return outcome = .tooLarge }
                    unsafe output.append(contentsOf: UnsafeMutableBufferPointer(rebasing: room[..<made]))
                    if result == Z_STREAM_END {
                        // A block marked as the last one (section 7.2.3.4): what follows begins a new stream.
                        guard unsafe inflateReset(stream) == Z_OK else { return outcome = .corrupt }
                    } else if result != Z_OK && result != Z_BUF_ERROR {
                        return outcome = .corrupt
                    } else if made == 0 {
                        return
                    }
                } while unsafe stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
            }
        }
        return outcome
    }
}

/// Compresses messages.
@safe final class Deflater {
    private let stream: UnsafeMutablePointer<z_stream>

    init?(windowBits: Int, level: Int) {
        // SAFETY: as in Inflater. Memory level 5 takes 16 KiB instead of 128.
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe zlib_begin_deflate(stream, Int32(level), Int32(windowBits), 5) == Z_OK else {
            unsafe stream.deallocate()
            return nil
        }
    }

    deinit {
        // SAFETY: begun in init, and ended once.
        _ = unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Appends the compressed message, without the tail.
    func message(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        // SAFETY: zlib reads the input and writes the room during the calls only, within the given counts.
        unsafe bytes.withUnsafeBufferPointer { input in
            unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: input.baseAddress)
            unsafe stream.pointee.avail_in = UInt32(input.count)
            unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16_384) { room in
                repeat {
                    unsafe stream.pointee.next_out = room.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(room.count)
                    _ = unsafe deflate(stream, Z_SYNC_FLUSH)
                    // SAFETY: zlib's output is at the front of the room.
                    let made = unsafe room.count - Int(stream.pointee.avail_out)
                    unsafe output.append(contentsOf: UnsafeMutableBufferPointer(rebasing: room[..<made]))
                } while unsafe stream.pointee.avail_out == 0
            }
        }
        if output.suffix(4) == [0, 0, 0xFF, 0xFF] { output.removeLast(4) }
    }
}
