/// A JSON file that a command was given with `-f`.
struct Document {
    /// As it was typed; `standard input` for `-`.
    let name: String
    let path: String
    let bytes: [UInt8]
    let json: JSON
    private let lines: [String: Int]

    init(_ invocation: Invocation) throws(Failure) {
        guard let path = invocation.value("file") else {
            throw Failure(.usage, "\(invocation.command.name) needs a file: -f FILE, or -f - for standard input")
                .suggesting("lbctl export > lb.json   for one to begin with")
        }
        try self.init(path: path)
    }

    init(path: String) throws(Failure) {
        self.path = path
        name = path == "-" ? "standard input" : path
        bytes = try contents(ofFile: path)
        var lines: [String: Int] = [:]
        do {
            json = try JSONReader.read(bytes, lines: &lines)
        } catch {
            let line = bytes.prefix(error.offset).count { $0 == UInt8(ascii: "\n") } + 1
            let start = bytes.prefix(error.offset).lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let failure = Failure(
                .usage,
                "\(name):\(line):\(error.offset - start + 1): this is no JSON: \(error.message)"
            )
            let isYAML = path.hasSuffix(".yaml") || path.hasSuffix(".yml")
            throw isYAML ? failure.suggesting("lbctl export > lb.json   YAML is what lbd --config reads") : failure
        }
        self.lines = lines
        guard json.members != nil else {
            throw Failure(.usage, "\(name) holds no object with \"pools\" and \"backends\"")
                .suggesting("lbctl export > lb.json   for one to begin with")
        }
    }

    /// The line where the value of a JSON pointer begins, or what it is in.
    func line(of pointer: String) -> Int? {
        var rest = pointer[...]
        while true {
            if let line = lines[String(rest)] { return line }
            guard let slash = rest.lastIndex(of: "/") else { return nil }
            rest = rest[..<slash]
        }
    }
}
