import Model
import Testing

@testable import Proxy

/// Drains when loops adopt late, or not at all.
@Suite struct DrainBookTests {
    private static func identity(_ name: String) throws -> Proxy.Identity {
        Proxy.Identity(name: name, pool: "default", url: try BackendURL("http://127.0.0.1:8000"))
    }

    private static func figures(_ attempts: UInt64, cut: UInt64 = 0, inFlight: Int = 0) -> DrainBook.Figures {
        var figures = DrainBook.Figures()
        figures.attempts = attempts
        figures.cut = cut
        figures.streamsClosed = cut
        figures.idleClosed = cut
        figures.inFlight = inFlight
        return figures
    }

    @Test func aDrainBeginsWithTheLastLoopThatAdoptsWhoeverWaitsForIt() throws {
        var book = DrainBook()
        let slot: UInt32 = 3
        var now = Self.figures(10, inFlight: 2)
        book.note([try Self.identity("a"): slot], serving: { _ in nil }, sequence: 5) { _ in now }
        #expect(book.held == [slot])
        // A loop is stuck: the write that removed it has given up waiting, and the backend gets two more.
        book.advance(adopted: 4) { _ in now }
        now = Self.figures(12, inFlight: 4)
        book.advance(adopted: 4) { _ in now }
        #expect(book.report { _ in now }.isEmpty && book.held == [slot])
        // It turns again, and what it was given before counts as carried at the start.
        book.advance(adopted: 6) { _ in now }
        let begun = try #require(book.report { _ in now }.first)
        #expect(begun.inFlightAtStart == 4 && begun.sentAfterStart == 0 && !begun.isOver)
        now = Self.figures(12, cut: 1)
        book.advance(adopted: 6) { _ in now }
        #expect(book.held.isEmpty)
        // The slot is another backend's now, whose counters begin at nothing.
        let end = try #require(book.report { _ in Self.figures(0) }.first)
        #expect(end.isOver && end.completed == 3 && end.cut == 1)
    }

    /// However the loops, the counters and the desired state come after each other.
    @Test func noOrderOfEventsTrapsAndNoFigureIsNegative() throws {
        var random = SplitMix(1)
        for _ in 0..<2000 {
            var book = DrainBook()
            var sequence: UInt64 = 0
            var adopted: UInt64 = 0
            var values: [UInt32: DrainBook.Figures] = [:]
            func figures(_ slot: UInt32) -> DrainBook.Figures { values[slot] ?? DrainBook.Figures() }
            for _ in 0..<20 {
                let slot = UInt32(random.next() % 3)
                switch random.next() % 6 {
                case 0:
                    sequence += 1
                    var finishing: [Proxy.Identity: UInt32] = [:]
                    for other: UInt32 in 0..<3 where random.next() % 2 == 0 {
                        finishing[try Self.identity("b\(other)")] = other
                    }
                    book.note(
                        finishing,
                        serving: { name in
                            UInt32(name.dropFirst()).flatMap { number in
                                finishing.values.contains(number) ? nil : number
                            }
                        },
                        sequence: sequence,
                        figures: figures
                    )
                case 1:
                    adopted = sequence == 0 ? 0 : max(adopted, random.next() % sequence + 1)
                    book.advance(adopted: adopted, figures: figures)
                case 2: values[slot] = Self.figures(random.next() % 100, cut: random.next() % 10)
                case 3: values[slot] = Self.figures(.max, cut: .max, inFlight: 1)
                case 4: _ = book.cut(random.next() % 5)
                default: values[slot] = nil
                }
                for drain in book.report(figures: figures) {
                    #expect(drain.completed >= 0 && drain.sentAfterStart >= 0 && drain.cut >= 0)
                    #expect(drain.streamsClosed >= 0 && drain.idleClosed >= 0)
                }
            }
        }
    }
}
