// Every algorithm in front of simulated backends of unequal speed: the figures of docs/BALANCING.md, as CSV.
//
// The whole balancer runs, in virtual time and from a fixed seed, so the figures are the same on every machine. They say how
// the algorithms compare, and nothing about how fast lbd is. bench/balancing makes the table and the plot of them.

import Glibc
import Model

print("play,algorithm,requests_per_s,p50_ms,p99_ms,errors_percent")
var isAllWell = true
for play in plays {
    for algorithm in Algorithm.allCases {
        let figures = play.run(algorithm)
        for complaint in figures.complaints { complain("\(play.name), \(algorithm.rawValue): \(complaint)") }
        isAllWell = isAllWell && figures.complaints.isEmpty
        let row = [figures.requestsPerSecond, figures.p50Ms, figures.p99Ms, figures.errorsPercent].map(rounded)
        print(([play.name, algorithm.rawValue] + row).joined(separator: ","))
    }
}
// One file with two tables: the second has as its name how many clients there are.
print("\nclients,algorithm,canary_percent")
for clients in [1, 2, 4, 16, 64] {
    for algorithm in Algorithm.allCases {
        let (percent, complaints) = CanaryPlay(clients: clients).run(algorithm)
        for complaint in complaints { complain("\(clients) clients, \(algorithm.rawValue): \(complaint)") }
        isAllWell = isAllWell && complaints.isEmpty
        print("\(clients),\(algorithm.rawValue),\(rounded(percent))")
    }
}
exit(isAllWell ? 0 : 1)

/// With two decimals.
func rounded(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let fraction = "\(hundredths % 100)"
    return "\(hundredths / 100)." + (fraction.count == 1 ? "0" : "") + fraction
}

func complain(_ words: String) {
    var line = words + "\n"
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
