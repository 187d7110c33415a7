import Testing
import ZeroMQ

@Suite("Frames") struct FrameTests {
    @Test(
        "a frame holds a copy of its bytes, within itself up to 33 and in a block above",
        arguments: [0, 1, 33, 34, 5000])
    func copies(size: Int) {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        let frame = Frame(copying: bytes.span)
        #expect(frame.count == size)
        #expect((frame.isEmpty) == (size == 0))
        #expect(frame.hasMore == false)
        #expect(array(frame.bytes) == bytes)
    }

    @Test("what is written through mutableBytes is there, wherever the frame is moved", arguments: [5, 33, 34, 5000])
    func survivesMoves(size: Int) {
        var frame = Frame(byteCount: size)
        var bytes = frame.mutableBytes
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 7) }
        let box = FrameBox(moved(frame))
        #expect(array(box.frame.bytes) == (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        let taken = box.take()
        #expect(box.frame.count == 0)
        #expect(array(taken.bytes) == (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    }

    @Test("the bytes are those of the frame itself, not of a copy of it")
    func spansPointIntoTheFrame() {
        var frame = Frame("abc")
        var first: UInt = 0
        var second: UInt = 0
        // SAFETY: the addresses are compared, never followed.
        unsafe frame.bytes.withUnsafeBytes { bytes in first = UInt(bitPattern: bytes.baseAddress) }
        var writable = frame.mutableBytes
        unsafe writable.withUnsafeMutableBytes { bytes in second = UInt(bitPattern: bytes.baseAddress) }
        #expect(first == second)
        writable[0] = UInt8(ascii: "x")
        #expect(frame.text == "xbc")
    }

    @Test("a frame is 64 bytes, and an array of nothing else")
    func layout() {
        #expect(MemoryLayout<Frame>.size == 64)
        #expect(MemoryLayout<Frame>.stride == 64)
    }

    @inline(never)
    private func moved(_ frame: consuming Frame) -> Frame { frame }

    private func array(_ bytes: Span<UInt8>) -> [UInt8] {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        return copy
    }
}
