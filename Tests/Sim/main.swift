// Simulations of the whole balancer from seeds, as many as one likes: `make sim SEEDS=100000`.
//
//   lb-sim --seeds N [--from N] [--jobs N] [--failures N] [--brief]   hunts, and reports what it has covered and found;
//                                                                     briefly: without looking for the smallest play
//   lb-sim --seed N [--without PART,PART…]                            replays one, and tells its history
//
// Seeds run in child processes, so that one that traps or hangs is a failure like any other, with its seed.

import Foundation
import Simulator

let arguments = Array(CommandLine.arguments.dropFirst())

func value(_ name: String) -> String? {
    guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
    return arguments[index + 1]
}

func number(_ name: String) -> UInt64? {
    guard let text = value(name) else { return nil }
    guard let number = UInt64(text) else {
        print("\(name) takes a number, not \"\(text)\"")
        exit(2)
    }
    return number
}

if let seed = number("--seed") {
    exit(Replay(seed: seed, without: value("--without")).run(isQuiet: arguments.contains("--quiet")))
} else if let first = number("--block"), let last = number("--to") {
    Block(first: first, last: last).run()
} else if let count = number("--seeds"), count > 0 {
    let first = number("--from") ?? 1
    let jobs = number("--jobs").map { Int($0) } ?? ProcessInfo.processInfo.activeProcessorCount
    let hunt = Hunt(
        first: first,
        last: first + count - 1,
        failuresMax: Int(number("--failures") ?? 3),
        explains: !arguments.contains("--brief")
    )
    exit(hunt.run(jobs: max(1, jobs)))
} else {
    print(
        "usage: lb-sim --seeds N [--from N] [--jobs N] [--failures N] [--brief] | lb-sim --seed N [--without PART,PART...]"
    )
    exit(2)
}
