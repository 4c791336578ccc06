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
    /// What the file declared when it was last read again; nil when it never was.
    private(set) var declared: DesiredState?
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
            return
        }
        arguments.apply(to: &config)
        let result: ReloadResult
        do {
            result = try state.reload(declared: config.desired, to: plane)
        } catch let error as PlaneError {
            switch error {
            case .stopping: say("reload refused: the process is stopping")
            case .notAdopted(let workers): say("reload kept, but \(workers) event loops have not adopted it in time")
            }
            return
        } catch {
            say("reload refused: \(error); nothing has changed")
            return
        }
        declared = config.desired
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
        if next.timeouts.stop != running.timeouts.stop {
            running.timeouts.stop = next.timeouts.stop
            changes.append("timeouts.stop is \(next.timeouts.stop)")
        }
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

    /// The keys, as the file spells them, whose new value has to wait for a restart.
    static func keysThatNeedRestart(from running: ProcessSettings, to next: ProcessSettings) -> [String] {
        var keys: [String] = []
        func compare<Value: Equatable>(_ key: String, _ path: KeyPath<ProcessSettings, Value>) {
            if running[keyPath: path] != next[keyPath: path] { keys.append(key) }
        }
        compare("listeners", \.listeners)
        compare("listeners.proxy_protocol", \.proxyProtocol)
        compare("trusted_proxies", \.trustedProxies)
        compare("forwarded", \.sendsForwarded)
        compare("admin", \.admin)
        compare("workers", \.workers)
        compare("io", \.io)
        // Absent, it is where the process found a place at its start.
        if next.stateDirectory != nil { compare("state", \.stateDirectory) }
        if (running.accessLog == .off) != (next.accessLog == .off) { keys.append("access_log") }
        compare("access_log.format", \.accessLogFormat)
        compare("limits.request_line_bytes_max", \.limits.requestLineBytesMax)
        compare("limits.head_bytes_max", \.limits.headBytesMax)
        compare("limits.fields_max", \.limits.fieldsMax)
        compare("limits.body_bytes_max", \.limits.bodyBytesMax)
        compare("limits.connections_max", \.limits.connectionsMax)
        compare("limits.queue_max", \.limits.queueMax)
        compare("timeouts.connect", \.timeouts.connect)
        compare("timeouts.queue", \.timeouts.queue)
        compare("timeouts.client_head", \.timeouts.clientHead)
        compare("timeouts.client_idle", \.timeouts.clientIdle)
        compare("timeouts.client_stall", \.timeouts.clientStall)
        compare("timeouts.response_first_byte", \.timeouts.responseFirstByte)
        compare("timeouts.response_stall", \.timeouts.responseStall)
        compare("timeouts.upstream_idle", \.timeouts.upstreamIdle)
        compare("timeouts.tunnel_idle", \.timeouts.tunnelIdle)
        compare("timeouts.tunnel_end", \.timeouts.tunnelEnd)
        return keys
    }

    private static func shortened(_ words: [String]) -> String {
        let more = words.count > 8 ? ", and \(words.count - 8) more" : ""
        return words.prefix(8).joined(separator: ", ") + more
    }
}
