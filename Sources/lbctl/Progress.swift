import Model

/// A line on the terminal that moves while something is waited for, and is gone afterwards.
final class Progress {
    private let stderr: Sink
    private let subject: String
    private let frames: [String]
    private let look: () -> String?
    private let started = monotonicNanoseconds()
    private var lookedAt: Int64 = 0
    private var words = ""
    private var frame = 0
    private var isShown = false

    /// Nothing is shown of what is over sooner.
    private static let patience: Int64 = 400_000_000
    private static let lookInterval: Int64 = 1_000_000_000

    init(_ subject: String, speaksUTF8: Bool, stderr: Sink, look: @escaping () -> String?) {
        self.subject = subject
        self.stderr = stderr
        self.look = look
        frames = speaksUTF8 ? ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] : ["|", "/", "-", "\\"]
    }

    func tick() {
        let now = monotonicNanoseconds()
        guard now - started >= Self.patience else { return }
        if now - lookedAt >= Self.lookInterval {
            lookedAt = now
            words = look() ?? words
        }
        let detail = words.isEmpty ? "" : ": " + visible(words)
        isShown = true
        stderr.write(
            "\r\u{1B}[K\(frames[frame % frames.count]) \(visible(subject))\(detail)  \(elapsedText(nanoseconds: now - started))"
        )
        frame += 1
    }

    func end() {
        if isShown { stderr.write("\r\u{1B}[K") }
    }
}

extension Session {
    /// Does the work, with a moving line while it waits, if there is a terminal to show it.
    /// - Parameters:
    ///   - subject: What is waited for: `web-3 starts to serve`.
    ///   - backend: The one whose state is told meanwhile.
    func showingProgress<Result>(
        _ subject: String,
        of backend: String? = nil,
        _ work: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard settings.console.showsErrors, !settings.isQuiet, !settings.isVerbose,
            environment["TERM"] != "dumb"
        else { return try work() }
        let progress = Progress(subject, speaksUTF8: settings.console.speaksUTF8, stderr: stderr) {
            backend.flatMap { glance(at: $0) }
        }
        client.interrupts.pulse = { progress.tick() }
        defer {
            client.interrupts.pulse = nil
            progress.end()
        }
        return try work()
    }

    /// A short look at a backend on a connection of its own, for a person who waits; nil when it does not come at once.
    private func glance(at name: String) -> String? {
        let hurried = Client(
            address: settings.address,
            token: settings.token,
            timeout: .milliseconds(200),
            interrupts: .none(),
            trace: { _ in }
        )
        do {
            let answer = try hurried.exchange(AdminRequest(.get, AdminRequest.path(ofBackend: name)))
            guard answer.status == 200 else { return nil }
            let backend = BackendView(name: name, try JSONReader.read(answer.body))
            var words = backend.phase
            if let reason = backend.health?.reason { words += ", " + reason }
            if backend.phase == "draining" { words += ", \(backend.inFlight) in flight" }
            return words
        } catch {
            return nil
        }
    }
}
