/// The walls of the house as checks that take sources and return what stands on the wrong side.
///
/// To let a new file or folder through, add it to the table it is about, and say there why it belongs.
enum Walls {
    /// One thing on the wrong side of a wall.
    struct Finding: Equatable, CustomStringConvertible {
        let path: String
        let line: Int
        let message: String

        var description: String { "\(path):\(line): \(message)" }
    }

    // MARK: - Imports

    /// Who may import what.
    ///
    /// The longest prefix of a file's path decides; a file that has none is a finding.
    static let imports: [(prefix: String, modules: Set<String>)] = [
        ("Sources/HTTPWire/", []),
        ("Sources/Model/", []),
        ("Sources/Proxy/", ["HTTPWire", "Model"]),
        // The tables are made of zeroed pages, which is a call of libc.
        ("Sources/Proxy/Memory/", ["HTTPWire", "Model", "Synchronization", "CLinux"]),
        ("Sources/Proxy/Shared/", ["HTTPWire", "Model", "Synchronization"]),
        ("Sources/Proxy/Linux/", ["HTTPWire", "Model", "Synchronization", "CLinux", "Glibc"]),
        // The two root files start the threads, and join what the threads share.
        ("Sources/Proxy/Proxy.swift", ["HTTPWire", "Model", "Synchronization", "CLinux"]),
        ("Sources/Proxy/Proxy+Metrics.swift", ["HTTPWire", "Model", "Synchronization", "CLinux"]),
        ("Sources/Proxy/Proxy+Drain.swift", ["HTTPWire", "Model", "Synchronization", "CLinux"]),
        ("Sources/Proxy/Proxy+StandIn.swift", ["HTTPWire", "Model", "Synchronization", "CLinux"]),
        ("Sources/Proxy/LinuxWorker.swift", ["HTTPWire", "Model", "Synchronization", "CLinux"]),
        (
            "Sources/AdminAPI/",
            ["HTTPWire", "Model", "CSQLite", "CCrypto", "Glibc", "FoundationEssentials", "Synchronization"]
        ),
        ("Sources/lbctl/", ["HTTPWire", "Model", "Glibc", "FoundationEssentials"]),
        ("Sources/lbd/", ["Proxy", "AdminAPI", "Model", "Glibc", "FoundationEssentials", "Synchronization"]),
        // libyaml's memory is the business of one file.
        ("Sources/lbd/YAMLEvents.swift", ["CYAML"]),
        ("Tests/Simulator/", ["Proxy", "HTTPWire", "Model"]),
    ]

    static func importFindings(in source: SwiftSource) -> [Finding] {
        let rules = imports.filter { source.path.hasPrefix($0.prefix) }
        guard let rule = rules.max(by: { $0.prefix.count < $1.prefix.count }) else {
            return [Finding(path: source.path, line: 1, message: "no rule says what may be imported here")]
        }
        return source.lines.compactMap { line in
            guard let module = importedModule(line.text), !rule.modules.contains(module) else { return nil }
            return Finding(path: source.path, line: line.number, message: "may not import \(module)")
        }
    }

    /// The module of `import X`, `package import X`, `@testable import X` and `import struct X.Y`.
    private static func importedModule(_ line: Substring) -> String? {
        let words = SwiftSource.words(of: line)
        let before: Set<Substring> = [
            "package", "public", "internal", "private", "fileprivate", "preconcurrency", "testable", "exported",
            "_exported",
            "unsafe", "safe",
        ]
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor"]
        guard let index = words.firstIndex(of: "import"), words[..<index].allSatisfy({ before.contains($0) }) else {
            return nil
        }
        return words[(index + 1)...].first { !kinds.contains($0) }.map(String.init)
    }

    // MARK: - Words and where they may stand

    /// Words that are allowed in some places only: folders end in a slash, anything else is one file.
    struct Confinement {
        /// What is looked for, in code without comments and literals, where a word would begin.
        let needles: [String]
        let places: [String]
        let message: String
        /// Where the rule holds at all.
        var scope = ["Sources/"]
    }

    /// Where memory safety is ours to prove and not the compiler's.
    static let unsafePlaces = [
        "Sources/HTTPWire/Bytes/", "Sources/Proxy/Memory/", "Sources/Proxy/Linux/", "Sources/Proxy/Shared/",
        // SQLite's handles and texts.
        "Sources/AdminAPI/Store/SQLiteDatabase.swift",
        // stat(2), mkdir(2) and flock(2) of the state directory.
        "Sources/AdminAPI/Store/StateDirectory.swift",
        // open(2), read(2) and mkdtemp(3) of its copy.
        "Sources/AdminAPI/Store/StateCopy.swift",
        // OpenSSL's digest and comparison.
        "Sources/AdminAPI/Server/Digest.swift",
        // open(2) and stat(2) of the token file.
        "Sources/AdminAPI/Server/FileBytes.swift",
        // pthread_create(3).
        "Sources/AdminAPI/Server/Threads.swift",
        // sockaddr, recv(2) and send(2).
        "Sources/AdminAPI/Server/Sockets.swift",
        // clock_gettime(2).
        "Sources/AdminAPI/Server/Clock.swift",
        // C strings and buffers of libc, one wrapper each.
        "Sources/lbctl/System/",
        "Sources/lbd/System.swift",
        // libyaml's memory.
        "Sources/lbd/YAMLEvents.swift",
        // Sockets and threads of the built-in backends.
        "Sources/lbd/DemoBackends.swift",
        // sigwait(3), and the thread that watches health.
        "Sources/lbd/Signals.swift", "Sources/lbd/Journal.swift",
    ]

    static let confinements: [Confinement] = [
        Confinement(
            needles: ["unsafe"],
            places: unsafePlaces,
            message: "unsafe code is confined to the places in Walls.unsafePlaces"
        ),
        Confinement(
            needles: ["Atomic<", "Atomic("],
            // Proxy.swift has two flags of the whole process, which every thread of it may ask for.
            places: ["Sources/Proxy/Shared/", "Sources/Proxy/Linux/", "Sources/Proxy/Proxy.swift"],
            message: "atomics are confined to Proxy/Shared and Proxy/Linux"
        ),
        Confinement(
            needles: ["@unchecked"],
            places: ["Sources/Proxy/Shared/", "Sources/Proxy/Linux/", "Sources/Proxy/Memory/"],
            message: "unchecked sendability is confined to Proxy/Shared, Proxy/Linux and Proxy/Memory"
        ),
        Confinement(
            needles: [
                "clock_gettime", "gettimeofday", "timespec_get", "Date(", "Date.now", "ContinuousClock",
                "SuspendingClock",
                "DispatchTime", ".random(", ".randomElement()", ".shuffled()", ".shuffle()",
                "SystemRandomNumberGenerator",
                "getrandom", "getentropy", "arc4random",
            ],
            places: ["Sources/Proxy/Linux/", "Sources/AdminAPI/", "Sources/lbctl/", "Sources/lbd/"],
            message: "time and chance come through World",
            scope: ["Sources/", "Tests/Simulator/"]
        ),
    ]

    static func confinementFindings(in source: SwiftSource, of rules: [Confinement] = confinements) -> [Finding] {
        var found: [Finding] = []
        for rule in rules {
            guard rule.scope.contains(where: { source.path.hasPrefix($0) }) else { continue }
            if rule.places.contains(where: { $0.hasSuffix("/") ? source.path.hasPrefix($0) : source.path == $0 }) {
                continue
            }
            for line in source.lines {
                guard let needle = rule.needles.first(where: { isWord($0, in: line.text) }) else { continue }
                found.append(Finding(path: source.path, line: line.number, message: "\(needle): \(rule.message)"))
            }
        }
        return found
    }

    /// Whether the needle is there with no letter of a longer word before or after it.
    private static func isWord(_ needle: String, in line: Substring) -> Bool {
        func isPart(_ character: Character) -> Bool { character.isLetter || character.isNumber || character == "_" }
        var rest = line
        while let range = rest.firstRange(of: needle) {
            let before = range.lowerBound == line.startIndex ? nil : line[line.index(before: range.lowerBound)]
            let after = range.upperBound == line.endIndex ? nil : line[range.upperBound]
            let begins = !(before.map(isPart) ?? false) || !(needle.first.map(isPart) ?? false)
            let ends = !(after.map(isPart) ?? false) || !(needle.last.map(isPart) ?? false)
            if begins && ends { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    /// A file that is unsafe says at least once why it is safe: `// SAFETY: …`, or `// SAFETY (of what): …`.
    static func safetyFindings(in source: SwiftSource) -> [Finding] {
        guard let line = source.lines.first(where: { isWord("unsafe", in: $0.text) }) else { return [] }
        guard !["// SAFETY:", "// SAFETY ("].contains(where: { source.text.contains($0) }) else { return [] }
        return [Finding(path: source.path, line: line.number, message: "unsafe code without a SAFETY comment")]
    }

    // MARK: - Loose ends

    /// Marks of what was left for later, in comments too: an issue is the place for that.
    static func looseEndFindings(path: String, text: String) -> [Finding] {
        let marks = ["TO" + "DO", "FIX" + "ME"]
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            guard let mark = marks.first(where: { isWord($0, in: line) }) else { return nil }
            return Finding(path: path, line: index + 1, message: "\(mark): finish it, or open an issue")
        }
    }

    /// `Package.swift` depends on no package.
    static func dependencyFindings(in manifest: SwiftSource) -> [Finding] {
        manifest.lines.compactMap { line in
            guard line.text.contains(".package(") || line.text.contains(".binaryTarget(") else { return nil }
            return Finding(path: manifest.path, line: line.number, message: "a package dependency: there are none")
        }
    }

    // MARK: - Layers of the proxy

    /// The folders of `Sources/Proxy` from the top to the bottom.
    ///
    /// A folder may mention its own layer and those below.
    static let layers: [Set<String>] = [
        ["Worker"],
        ["Downstream", "Exchange", "Upstream", "Health"],
        ["Routing", "Balancing"],
        ["Snapshot", "Shared", "Observe"],
        ["World", "Memory"],
    ]
    /// The kernel implements the seam, and the logs and wake-ups of what threads share.
    static let linuxMayMention: Set<String> = ["Linux", "World", "Memory", "Shared"]
    /// The root files that know everything.
    static let rootFiles = [
        "Sources/Proxy/Proxy.swift", "Sources/Proxy/Proxy+Metrics.swift", "Sources/Proxy/Proxy+Drain.swift",
        "Sources/Proxy/Proxy+StandIn.swift", "Sources/Proxy/LinuxWorker.swift",
    ]

    /// Mentions of types that are declared in a folder above.
    static func layerFindings(in sources: [SwiftSource]) -> [Finding] {
        let proxy = sources.filter { $0.path.hasPrefix("Sources/Proxy/") }
        var owners: [String: Set<String>] = [:]
        for source in proxy {
            for name in source.topLevelTypes { owners[name, default: []].insert(area(of: source)) }
        }
        var found: [Finding] = []
        for source in proxy where !rootFiles.contains(source.path) {
            let own = area(of: source)
            guard let allowed = allowed(for: own) else {
                let message = "the folder \"\(own)\" has no layer in Walls.layers"
                found.append(Finding(path: source.path, line: 1, message: message))
                continue
            }
            for (word, line) in source.words {
                guard let homes = owners[String(word)], homes.isDisjoint(with: allowed) else { continue }
                let home = homes.sorted().joined(separator: ", ")
                let message =
                    "\(own.isEmpty ? "the root" : own) may not mention \(word) of \(home.isEmpty ? "the root" : home)"
                found.append(Finding(path: source.path, line: line, message: message))
            }
        }
        // The words of a file are a dictionary's, in no order of their own.
        return found.sorted { ($0.path, $0.line, $0.message) < ($1.path, $1.line, $1.message) }
    }

    /// The folder right below `Sources/Proxy`, empty for a file at its root.
    private static func area(of source: SwiftSource) -> String {
        let parts = source.path.split(separator: "/")
        return parts.count > 3 ? String(parts[2]) : ""
    }

    private static func allowed(for area: String) -> Set<String>? {
        if area == "Linux" { return linuxMayMention }
        // Any further file at the root may know all but the kernel.
        if area.isEmpty { return layers.reduce(into: [""]) { $0.formUnion($1) } }
        guard let layer = layers.firstIndex(where: { $0.contains(area) }) else { return nil }
        return layers[layer...].reduce(into: []) { $0.formUnion($1) }
    }
}
