import Model

/// How the requests of one backend were answered within the last minute, from sums that are looked at once a second.
///
/// Ten samples a second apart for what is decided at once, seven ten seconds apart for what people read.
struct AnswerRecord {
    private var seconds: [Sample] = []
    private var tens: [Sample] = []

    private struct Sample {
        let number: UInt64
        let sum: RecentAnswers
    }

    private static let secondsKept: UInt64 = 10
    private static let tensKept: UInt64 = 60

    /// Within the last ten seconds.
    var recent: RecentAnswers { Self.difference(seconds) }
    /// Within the last minute, or up to ten seconds less.
    private(set) var lately = RecentAnswers()

    /// - Parameters:
    ///   - sum: of all that it was ever asked; less than before is another count's beginning.
    ///   - number: of the look, one more each second.
    /// - Returns: whether there is anything to look at.
    mutating func note(_ sum: RecentAnswers, number: UInt64) -> Bool {
        if let last = seconds.last ?? tens.last, sum.all < last.sum.all || sum.failed < last.sum.failed {
            seconds.removeAll()
            tens.removeAll()
        }
        let sample = Sample(number: number, sum: sum)
        seconds.append(sample)
        seconds.removeAll { number - $0.number > Self.secondsKept }
        if tens.isEmpty || number - (tens.last?.number ?? 0) >= 10 { tens.append(sample) }
        while tens.count > 1, number - tens[0].number > Self.tensKept { tens.removeFirst() }
        let before = lately
        lately = Self.difference(tens.prefix(1) + [sample])
        return before != lately || recent.all > 0
    }

    /// What was answered until now counts no more for what is decided at once.
    mutating func forget() { seconds.removeAll() }

    private static func difference(_ samples: [Sample]) -> RecentAnswers {
        guard let first = samples.first?.sum, let last = samples.last?.sum else { return RecentAnswers() }
        return RecentAnswers(all: last.all &- first.all, failed: last.failed &- first.failed)
    }
}
