import AdminAPI
import Model
import Proxy

/// HUP: reads the configuration file again and makes what it says so, as far as that goes without a restart. No
/// connection is closed by it, and a file with mistakes changes nothing.
struct Reload {
    /// They beat the file, as at the start.
    let arguments: Arguments
    /// By what the process runs now; the file's word becomes this where it can.
    private(set) var running: ProcessSettings
    var state: ConfigState
    let plane: Proxy
    let say: @Sendable (String) -> Void

    init(
        arguments: Arguments,
        running: ProcessSettings,
        state: ConfigState,
        plane: Proxy,
        say: @escaping @Sendable (String) -> Void
    ) {
        self.arguments = arguments
        self.running = running
        self.state = state
        self.plane = plane
        self.say = say
    }

    mutating func run() {
        guard let path = arguments.config else {
            let flag = arguments.isDemo ? "--demo" : "--backend"
            say("HUP: there is no file to read again: started with \(flag); change backends with lbctl")
            return
        }
        let file = ConfigFile(path: path)
        for line in file.report.split(separator: "\n") { say(String(line)) }
        guard var config = file.config else {
            say("reload refused: \(path) has mistakes; nothing has changed")
            state.reject(file: path, mistakes: file.report.split(separator: "\n").map(String.init))
            return
        }
        if let text = ConfigFile.emptiness(of: config, name: path, arguments) {
            let line = String(text.dropLast())
            say("reload refused: \(line); nothing has changed")
            state.reject(file: path, mistakes: [line])
            return
        }
        arguments.apply(to: &config)
        let own = OwnAddresses(listeners: plane.listeners, admin: [running.admin], isLocal: System.isLocal)
        let refusals = own.refusals(of: config.desired)
        guard refusals.isEmpty else {
            for line in refusals { say("\(path): \(line)") }
            say("reload refused: \(path) has mistakes; nothing has changed")
            state.reject(file: path, mistakes: refusals)
            return
        }
        let result: ReloadResult
        do {
            result = try state.reload(declared: config.desired, to: plane)
        } catch let error as PlaneError {
            switch error {
            case .stopping: say("reload refused: the process is stopping")
            case .notAdopted(let workers): say("reload kept, but \(workers) event loops have not adopted it in time")
            case .full(let draining):
                say(
                    "reload kept, but it is not live: \(draining) backends that were removed still finish what they have"
                )
            }
            return
        } catch {
            say("reload refused: \(error); nothing has changed")
            return
        }
        for conflict in result.conflicts { say("config conflict: \(conflict)") }
        let more = adopt(config.process)
        var parts = result.changes.isEmpty ? [] : [Self.shortened(result.changes)]
        parts += more
        var text = "reloaded \(path): \(parts.isEmpty ? "nothing changed" : parts.joined(separator: ", "))"
        text += " (revision \(result.revision))"
        let waiting = Self.keysThatNeedRestart(from: running, to: config.process)
        if !waiting.isEmpty { text += "; a restart is needed for \(waiting.joined(separator: ", "))" }
        say(text)
    }

    /// Takes over what can change while it runs, and says what has.
    private mutating func adopt(_ next: ProcessSettings) -> [String] {
        var changes: [String] = []
        changes += adoptPatience(next)
        if case .path(let path) = next.accessLog, case .path(let before) = running.accessLog, path != before {
            if let text = plane.moveLog(to: next.accessLog) {
                say("the access log \(path) cannot be opened: \(text); it stays at \(before)")
            } else {
                running.accessLog = next.accessLog
                changes.append("access log goes to \(path)")
            }
        }
        return changes
    }

    /// Limits, timeouts and who is believed: the next snapshot carries them.
    private mutating func adoptPatience(_ next: ProcessSettings) -> [String] {
        var changes: [String] = []
        if next.limits != running.limits {
            // The tables were made for so many clients.
            let most = running.limits.connectionsMax
            var wanted = next.limits
            wanted.connectionsMax = most
            if wanted != running.limits { changes.append("limits") }
            running.limits = wanted
        }
        if next.timeouts != running.timeouts {
            changes.append("timeouts")
            running.timeouts = next.timeouts
        }
        if next.trustedProxies != running.trustedProxies {
            changes.append("trusted_proxies")
            running.trustedProxies = next.trustedProxies
        }
        if next.sendsForwarded != running.sendsForwarded {
            changes.append("forwarded")
            running.sendsForwarded = next.sendsForwarded
        }
        if next.accessLogFormat != running.accessLogFormat {
            changes.append("access_log.format is \(next.accessLogFormat.rawValue)")
            running.accessLogFormat = next.accessLogFormat
        }
        guard !changes.isEmpty else { return [] }
        do {
            try plane.adopt(running)
        } catch {
            say("the new \(changes.joined(separator: ", ")) may not be in force on every event loop: \(error)")
        }
        return changes
    }

    /// The keys, as the file spells them, whose new value has to wait for a restart.
    static func keysThatNeedRestart(from running: ProcessSettings, to next: ProcessSettings) -> [String] {
        var keys: [String] = []
        func compare<Value: Equatable>(_ key: String, _ path: KeyPath<ProcessSettings, Value>) {
            if running[keyPath: path] != next[keyPath: path] { keys.append(key) }
        }
        compare("listeners", \.listeners)
        compare("listeners.proxy_protocol", \.proxyProtocol)
        compare("admin", \.admin)
        compare("admin.token_file", \.adminTokenFile)
        compare("admin.hosts", \.adminHosts)
        compare("admin.require_if_match", \.adminRequiresIfMatch)
        compare("workers", \.workers)
        compare("io", \.io)
        // Absent, it is where the process found a place at its start.
        if next.stateDirectory != nil { compare("state", \.stateDirectory) }
        if (running.accessLog == .off) != (next.accessLog == .off) { keys.append("access_log") }
        compare("limits.connections_max", \.limits.connectionsMax)
        return keys
    }

    private static func shortened(_ words: [String]) -> String {
        let more = words.count > 8 ? ", and \(words.count - 8) more" : ""
        return words.prefix(8).joined(separator: ", ") + more
    }
}
