import Foundation
import Testing

@testable import Proxy

@Suite struct AvailabilityJournalTests {
    @Test func everyReaderHearsOfEveryChangeInItsOrder() {
        let table = LiveTable()
        let journal = table.journal
        var early = journal.end
        table.setAvailability(7, .serving)
        table.setAvailability(9, .serving)
        var late = journal.end
        table.setAvailability(7, .unhealthy)
        #expect((0..<4).map { _ in journal.next(&early) } == [.slot(7), .slot(9), .slot(7), .none])
        #expect((0..<2).map { _ in journal.next(&late) } == [.slot(7), .none])
        #expect(journal.isRead(to: early) && journal.isRead(to: late))
    }

    @Test func whatStaysAsItIsIsNoChange() {
        let table = LiveTable()
        var cursor = table.journal.end
        table.setAvailability(3, .starting)
        #expect(table.journal.next(&cursor) == .none)
    }

    @Test func aReaderThatWasOvertakenIsTold() {
        let table = LiveTable()
        let capacity = UInt32(AvailabilityJournal.capacity)
        var cursor = table.journal.end
        for slot in 0..<capacity { table.setAvailability(slot, .serving) }
        var exact = cursor
        #expect(table.journal.next(&exact) == .slot(0))
        table.setAvailability(capacity, .serving)
        #expect(table.journal.next(&cursor) == .overrun)
        cursor = table.journal.end
        #expect(table.journal.next(&cursor) == .none)
    }

    /// Two threads write, one reads: at the end it knows what is true, whatever it has missed on the way.
    @Test func aReaderBesideWritersEndsUpWithTheTruth() {
        let table = LiveTable()
        let journal = table.journal
        var cursor = journal.end
        var seen = [Availability](repeating: .starting, count: 64)
        let writers = (0..<2).map { writer in
            let thread = Thread {
                for step in 0..<20_000 {
                    let slot = UInt32(step % 32 * 2 + writer)
                    table.setAvailability(slot, (step / 32) % 2 == 0 ? .serving : .unhealthy)
                }
            }
            thread.start()
            return thread
        }
        while true {
            let areDone = writers.allSatisfy(\.isFinished)
            switch journal.next(&cursor) {
            case .slot(let slot): seen[Int(slot)] = table.backends[Int(slot)].availability
            case .overrun:
                cursor = journal.end
                for slot in seen.indices { seen[slot] = table.backends[slot].availability }
            case .none:
                if areDone {
                    #expect(seen == seen.indices.map { table.backends[$0].availability })
                    #expect(Set(seen).isSubset(of: [.serving, .unhealthy]))
                    return
                }
            }
        }
    }
}
