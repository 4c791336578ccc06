import Foundation
import Simulator

/// One seed, whole or without some parts.
struct Replay {
    let seed: UInt64
    /// Names of parts, with commas.
    let without: String?

    /// - Returns: the exit status: 1 when a rule was broken.
    func run(isQuiet: Bool) -> Int32 {
        var play = Mix.play(seed: seed)
        for name in (without ?? "").split(separator: ",") {
            guard let part = Play.Part(name) else {
                print("\"\(name)\" is no part of a play: c1, c1.2, s1, weather, faults, checks")
                return 2
            }
            play.without.insert(part)
        }
        Block.restartClocks()
        let (simulation, violations) = play.run()
        if !isQuiet {
            for line in play.lines { print("  " + line) }
            print("history:")
            for line in simulation.history() { print("  " + line) }
            print(
                "fingerprint \(String(simulation.network.hash.value, radix: 16)), \(simulation.network.hash.count) events"
            )
        }
        for violation in violations { print("broken: \(violation)") }
        return violations.isEmpty ? 0 : 1
    }
}

/// A range of seeds in a process of its own: what happens is told line by line, with tabs, to the process that hunts.
struct Block {
    let first: UInt64
    let last: UInt64
    /// Of processor time for one seed, past which it is taken to spin; most take a fiftieth of one.
    private static let busySecondsMax = 60
    /// Of real time, past which it is taken to hang, on however busy a machine.
    private static let secondsMax: UInt32 = 1800

    /// From now on the next seed has its time.
    static func restartClocks() {
        var timer = itimerval()
        timer.it_value.tv_sec = busySecondsMax
        setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
        alarm(secondsMax)
    }

    func run() {
        var coverage = Coverage()
        for seed in first...last {
            tell(["seed", "\(seed)"])
            Self.restartClocks()
            let play = Mix.play(seed: seed)
            let (simulation, violations) = play.run()
            if let violation = violations.first { tell(["fail", "\(seed)", violation]) }
            coverage.add(play, simulation)
        }
        for (key, count) in coverage.counts.sorted(by: { $0.key < $1.key }) {
            tell(["cover", key.cause, String(key.phase), key.outcome, "\(count)"])
        }
        for (stroke, count) in coverage.strokes.sorted(by: { $0.key < $1.key }) {
            tell(["stroke", stroke, "\(count)"])
        }
        tell(["total", "\(coverage.requests)", "\(coverage.arrivals)", "\(coverage.virtualNs)"])
    }

    /// At once: what a process has not written when it traps is lost.
    private func tell(_ words: [String]) {
        let line = words.map { $0.replacing("\n", with: " ").replacing("\t", with: " ") }.joined(separator: "\t")
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
