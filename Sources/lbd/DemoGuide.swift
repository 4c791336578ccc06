import Model

/// What to try next, printed once the demo serves.
enum DemoGuide {
    /// A few lines to type, each with what it shows.
    ///
    /// `listener` is where clients connect, as it was bound, and `admin` where `lbctl` connects; `lbctl` is the command
    /// as it can be typed here, and `backends` is what `DemoBackends.start` returned.
    static func text(
        listener: ListenAddress,
        admin: ListenAddress,
        lbctl: String,
        backends: [(name: String, url: BackendURL)]
    ) -> String {
        var command = lbctl
        switch admin.place {
        case .network where admin == .loopback(port: 9900): break
        case .network: command += " --addr http://\(admin)"
        case .unix: command += " --addr \(admin)"
        }
        var rows = [
            (curl(listener), "again and again: \(backends.map(\.name).joined(separator: ", "))"),
            ("\(command) list", "the backends and how they are"),
        ]
        if backends.count > 1 {
            let chosen = backends[1]
            rows.append(("\(command) remove backend \(chosen.name)", "and curl again: it is gone, and nobody noticed"))
            rows.append(("\(command) add backend \(chosen.name) \(chosen.url) --wait", "and it is back"))
        }
        let width = rows.map(\.0.count).max() ?? 0
        let typed = rows.map { line, meaning in
            "  \(line)\(String(repeating: " ", count: width - line.count))   # \(meaning)\n"
        }
        return "Try, in another terminal:\n\(typed.joined())Ctrl-C stops it.\n"
    }

    private static func curl(_ listener: ListenAddress) -> String {
        switch listener.place {
        case .unix(let path):
            return "curl --unix-socket \(path) http://localhost"
        case .network(let address, let port):
            // All addresses include this machine's own; one that is not loopback does not.
            let isHere = address.isLoopback || address == .v4(0) || address == .v6(high: 0, low: 0)
            let suffix = port == 80 ? "" : ":\(port)"
            if isHere { return "curl localhost\(suffix)" }
            if case .v6 = address { return "curl 'http://[\(address)]\(suffix)'" }
            return "curl \(address)\(suffix)"
        }
    }

    /// `lbctl` when the shell finds it, else the one that was built beside this program, as it can be typed.
    ///
    /// `program` is how this program was called, `CommandLine.arguments[0]`, and `path` is `$PATH`.
    static func lbctl(program: String, path: String, isExecutable: (String) -> Bool) -> String {
        let found = path.split(separator: ":").contains { isExecutable("\($0)/lbctl") }
        guard !found, let slash = program.lastIndex(of: "/") else { return "lbctl" }
        let beside = program[..<slash] + "/lbctl"
        guard isExecutable(String(beside)) else { return "lbctl" }
        let isPlain = beside.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || [0x2F, 0x2E, 0x2D, 0x5F].contains(byte)
        }
        return isPlain ? String(beside) : "\"\(beside)\""
    }
}
