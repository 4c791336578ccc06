import Foundation
import Simulator
import Synchronization

/// Many seeds over several child processes, and what they found.
final class Hunt: Sendable {
    private struct State {
        var next: UInt64
        var done = 0
        var coverage = Coverage()
        var failures: [(seed: UInt64, what: String)] = []

        /// Says so at once: a hunt may take hours.
        mutating func fail(_ seed: UInt64, _ what: String) {
            failures.append((seed, what))
            FileHandle.standardError.write(Data("seed \(seed) fails: \(what)\n".utf8))
        }
    }

    private let last: UInt64
    private let failuresMax: Int
    private let explains: Bool
    private let state: Mutex<State>
    private static let blockSeeds: UInt64 = 100

    /// - Parameter explains: looks for the smallest play that fails like a seed, which may take a hundred times as long as the seed.
    init(first: UInt64, last: UInt64, failuresMax: Int, explains: Bool) {
        self.last = last
        self.failuresMax = failuresMax
        self.explains = explains
        state = Mutex(State(next: first))
    }

    /// - Returns: the exit status.
    func run(jobs: Int) -> Int32 {
        let begin = ContinuousClock.now
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in
            while let block = takeBlock() { run(block) }
        }
        let spent = ContinuousClock.now - begin
        let (done, coverage, failures) = state.withLock { ($0.done, $0.coverage, $0.failures) }
        report(done, coverage, seconds: Double(spent.components.seconds) + Double(spent.components.attoseconds) / 1e18)
        for failure in failures.sorted(by: { $0.seed < $1.seed }).prefix(failuresMax) {
            print("")
            print("FAILED: seed \(failure.seed): \(failure.what)")
            if explains { explain(failure) }
        }
        return failures.isEmpty ? 0 : 1
    }

    private func takeBlock() -> ClosedRange<UInt64>? {
        state.withLock { state in
            guard state.next <= last, state.failures.count < failuresMax else { return nil }
            let first = state.next
            state.next = min(last + 1, first + Self.blockSeeds)
            return first...(state.next - 1)
        }
    }

    private var hasFoundEnough: Bool { state.withLock { $0.failures.count >= failuresMax } }

    /// Runs a block, and what is left of it behind a seed that ended its process.
    private func run(_ block: ClosedRange<UInt64>) {
        var first = block.lowerBound
        while first <= block.upperBound {
            let child = Child(["--block", "\(first)", "--to", "\(block.upperBound)"])
            var current = first
            while let line = child.nextLine() {
                let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                if words.first == "seed" { current = UInt64(words[1]) ?? current }
                note(words)
                // What the rest of it would have covered is nobody's concern then.
                if hasFoundEnough { return child.stop() }
            }
            guard let end = child.waitForTrap() else { return }
            state.withLock { state in
                state.done += 1
                state.fail(current, end)
            }
            first = current + 1
        }
    }

    private func note(_ words: [String]) {
        state.withLock { state in
            switch words.first {
            case "seed":
                state.done += 1
            case "fail":
                state.fail(UInt64(words[1]) ?? 0, words[2])
            case "cover":
                let key = Coverage.Key(cause: words[1], phase: words[2].first ?? "-", outcome: words[3])
                state.coverage.add(key, Int(words[4]) ?? 0)
            case "stroke":
                state.coverage.add(stroke: words[1], Int(words[2]) ?? 0)
            case "total":
                state.coverage.add(
                    requests: Int(words[1]) ?? 0,
                    arrivals: Int(words[2]) ?? 0,
                    virtualNs: UInt64(words[3]) ?? 0
                )
            default:
                break
            }
        }
    }

    private func report(_ done: Int, _ coverage: Coverage, seconds: Double) {
        print(String(format: "%d seeds in %.0f s: %.0f seeds/s", done, seconds, Double(done) / max(seconds, 0.001)))
        print(
            String(
                format: "%.1f hours of simulated time, %d requests, %d of them at backends",
                Double(coverage.virtualNs) / 3.6e12,
                coverage.requests,
                coverage.arrivals
            )
        )
        print("")
        for line in coverage.table { print(line) }
        print("")
        let strokes = coverage.strokes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        print("strokes: " + strokes.joined(separator: ", "))
    }

    /// The seed, the shortest play that fails like it, and how to see it again.
    private func explain(_ failure: (seed: UInt64, what: String)) {
        let kind = Shrink.kind(of: failure.what)
        let smallest = Shrink.smallest(Mix.play(seed: failure.seed)) { play in
            Self.failure(of: failure.seed, play.withoutText).map { Shrink.kind(of: $0) } == kind
        }
        let without = smallest.withoutText
        print("what is left of it: \(smallest.parts.map(\.description).joined(separator: " "))")
        let child = Child(["--seed", "\(failure.seed)", "--without", without])
        while let line = child.nextLine() { print("  " + line) }
        if let end = child.waitForTrap() { print("  \(end)") }
        print("replay:  make sim SEED=\(failure.seed)" + (without.isEmpty ? "" : " WITHOUT=\(without)"))
    }

    /// How a seed fails without some parts; nil when it does not.
    private static func failure(of seed: UInt64, _ without: String) -> String? {
        let child = Child(["--seed", "\(seed)", "--without", without, "--quiet"])
        var found: String?
        while let line = child.nextLine() {
            if found == nil, line.hasPrefix("broken: ") { found = String(line.dropFirst("broken: ".count)) }
        }
        return child.waitForTrap() ?? found
    }
}

extension Play {
    /// As `--without` takes it.
    var withoutText: String { without.map(\.description).sorted().joined(separator: ",") }
}

/// This program once more, read line by line.
final class Child {
    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()
    private var waiting = Data()

    init(_ arguments: [String]) {
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        // The message is enough, and a seed replays the rest.
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        process.standardOutput = output
        process.standardError = errors
        do {
            try process.run()
        } catch {
            fatalError("\(process.executableURL?.path ?? "") does not start: \(error)")
        }
    }

    func nextLine() -> String? {
        while true {
            if let end = waiting.firstIndex(of: 0x0A) {
                let line = String(decoding: waiting[..<end], as: UTF8.self)
                waiting = Data(waiting[(end + 1)...])
                return line
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            waiting.append(more)
        }
    }

    /// Ends it, whatever it is doing.
    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    /// Waits for its end: how it was ended, when that was not its own doing.
    func waitForTrap() -> String? {
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationReason == .uncaughtSignal else { return nil }
        guard process.terminationStatus != SIGALRM else { return "it hangs" }
        guard process.terminationStatus != SIGPROF else { return "it spins" }
        let reason =
            text.split(separator: "\n").first { $0.contains("Fatal error") } ?? "signal \(process.terminationStatus)"
        return "it traps: \(reason.split(separator: "/").last ?? reason)"
    }
}
