// Micro-benchmarks of what every request passes through.
//
//   lb-bench                 all of them, in nanoseconds of this machine
//   lb-bench NAME COUNT      one of them COUNT times and nothing else: what instructions.sh runs under callgrind

import Glibc

let words = CommandLine.arguments.dropFirst()
if let name = words.first {
    guard let work = works.first(where: { $0.name == name }), let count = words.dropFirst().first.flatMap({ Int($0) })
    else {
        print("usage: lb-bench [NAME COUNT], NAME one of \(works.map(\.name).joined(separator: ", "))")
        exit(2)
    }
    work.run(count)
} else {
    for work in works {
        let (best, rounds) = fastest(of: work)
        print(
            work.name + String(repeating: " ", count: max(1, 32 - work.name.count))
                + "\(padded(best, to: 8)) ns   (the fastest of \(rounds) rounds)"
        )
    }
}

/// The fastest round: the others have been interrupted by somebody.
func fastest(of work: Work) -> (nanoseconds: Double, rounds: Int) {
    work.run(work.count / 10)
    let rounds = 15
    var best = Double.infinity
    for _ in 0..<rounds {
        let start = nanoseconds()
        work.run(work.count)
        best = min(best, Double(nanoseconds() - start) / Double(work.count))
    }
    return (best, rounds)
}

/// CPU time of this thread: waiting does not count.
func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

func padded(_ value: Double, to width: Int) -> String {
    let tenths = Int((value * 10).rounded())
    let text = "\(tenths / 10).\(tenths % 10)"
    return String(repeating: " ", count: max(0, width - text.count)) + text
}
