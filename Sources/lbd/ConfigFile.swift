import Model

/// A configuration file on its way from bytes to values, with what there is to say about it.
struct ConfigFile {
    /// Nil when it cannot be served.
    let config: Config?
    /// For the person at the terminal: issues, or why it cannot be read; empty when there is nothing to say.
    let report: String

    /// Reads the file at `path`.
    init(path: String) {
        let bytes: [UInt8]
        do {
            bytes = try System.contents(of: path, bytesMax: YAMLReader.bytesMax)
        } catch {
            config = nil
            report = "\(path): cannot be read: \(error.text)\n"
            return
        }
        self = ConfigFile(name: path, bytes: bytes)
    }

    /// Reads the bytes of a file that is called `name` in the report.
    init(name: String, bytes: [UInt8]) {
        let report = IssueReport(name: name, source: bytes)
        let node: ConfigNode
        do {
            node = try YAMLReader.read(bytes)
        } catch {
            config = nil
            self.report = report.text(error)
            return
        }
        var reader = SpecReader()
        config = reader.config(node)
        self.report = report.text(reader.issues)
    }

    /// Why a file that names no backends is not taken; nil for one that does, or is meant so.
    static func emptiness(of config: Config, name: String, _ arguments: Arguments) -> String? {
        guard arguments.config != nil, !config.namesBackends, !arguments.allowsEmpty else { return nil }
        return "\(name): it names no backends: is it whole? If that is meant, write backends: {} or say --allow-empty\n"
    }

    /// One line such as `lb.yaml: ok: 3 backends, 1 pool, listening on [::]:80`.
    static func summary(of config: Config, name: String) -> String {
        func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        let addresses = config.process.listeners.map(\.description).joined(separator: ", ")
        return "\(name): ok: \(count(config.desired.backends.count, "backend")), "
            + "\(count(config.desired.pools.count, "pool")), listening on \(addresses)\n"
    }
}
