import Testing

@testable import Bridge

/// Names that come as bytes find what is theirs.
struct NameTableTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func insertedNamesAreFoundAndRemovedOnesAreNot() {
        var table = NameTable<Int>()
        #expect(table.find(bytes("a").span) == nil)
        table.insert(1, as: bytes("a"))
        table.insert(2, as: [])
        table.insert(3, as: bytes("a"))
        #expect(table.find(bytes("a").span) == 3)
        #expect(table.find([UInt8]().span) == 2)
        #expect(table.count == 2)
        table.remove(bytes("a"))
        table.remove(bytes("never there"))
        #expect(table.find(bytes("a").span) == nil)
        #expect(table.count == 1 && table.values == [2])
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6])
    func aRandomLifeAgreesWithADictionary(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var table = NameTable<UInt64>()
        var model: [[UInt8]: UInt64] = [:]
        for step in 0..<4_000 {
            // Few names, so that their places collide and what is removed leaves holes before others.
            let name = bytes("\(random.next() % (seed * 40))")
            if random.next() % 2 == 0 {
                table.insert(UInt64(step), as: name)
                model[name] = UInt64(step)
            } else {
                table.remove(name)
                model[name] = nil
            }
            let asked = bytes("\(random.next() % (seed * 40))")
            #expect(table.find(asked.span) == model[asked])
        }
        for (name, value) in model { #expect(table.find(name.span) == value) }
        #expect(table.count == model.count && table.values.sorted() == model.values.sorted())
    }
}
