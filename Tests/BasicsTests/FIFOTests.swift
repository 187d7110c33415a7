import Basics
import Testing

@Suite("FIFO") struct FIFOTests {
    /// Numbers that are the same in every run (SplitMix64).
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    @Test("it does what an array does, whatever the order of operations", arguments: 1...40 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = Seeded(state: seed)
        var fifo = FIFO<Int>()
        var array: [Int] = []
        // Odd seeds let it grow, even ones keep it short, so that it wraps and is empty often.
        let growth = seed % 2 == 0 ? 5 : 7
        for number in 0..<2_000 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<growth:
                fifo.append(number)
                array.append(number)
            case 7..<10: #expect(fifo.popFirst() == (array.isEmpty ? nil : array.removeFirst()))
            case 10 where !array.isEmpty:
                let index = array.indices.randomElement(using: &random) ?? 0
                #expect(fifo.remove(at: index) == array.remove(at: index))
            case 10:
                fifo.append(contentsOf: [number, number])
                array += [number, number]
            case 11 where number % 7 == 0:
                let goes = { (element: Int) in element % 3 == 0 }
                #expect(fifo.removeAll(where: goes) == array.filter(goes))
                array.removeAll(where: goes)
            case 11 where number % 61 == 0:
                fifo.removeAll()
                array.removeAll()
            default:
                fifo.prepend(number)
                array.insert(number, at: 0)
            }
            #expect(fifo.count == array.count)
            #expect(fifo.first == array.first)
            if number % 16 == 0 { #expect(Array(fifo) == array) }
        }
        #expect(Array(fifo) == array)
    }

    @Test("a copy is a value of its own")
    func copies() {
        var fifo: FIFO = [1, 2, 3]
        let copy = fifo
        _ = fifo.popFirst()
        fifo.append(4)
        #expect(Array(copy) == [1, 2, 3])
        #expect(Array(fifo) == [2, 3, 4])
    }

    @Test("an object that was taken out is let go")
    func objects() {
        final class Thing {}
        var thing: Thing? = Thing()
        weak let watched = thing
        var fifo: FIFO<Thing> = []
        if let thing { fifo.append(thing) }
        fifo.append(Thing())
        thing = nil
        #expect(watched != nil)
        _ = fifo.popFirst()
        #expect(watched == nil)
    }

    @Test("a queue that is used for ever stays small, and one that was long gives its memory back when it is empty")
    func memory() {
        var fifo = FIFO<Int>()
        for number in 0..<10_000 {
            fifo.append(number)
            if fifo.count > 10 { _ = fifo.popFirst() }
        }
        #expect(fifo.capacity <= 16)
        fifo.append(contentsOf: 0..<10_000)
        while fifo.popFirst() != nil {}
        #expect(fifo.capacity == 0)
        #expect(MemoryLayout<FIFO<Int>>.size == 16)
    }
}
