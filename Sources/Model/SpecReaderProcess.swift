/// How the process runs: listeners, admin, threads, logs, limits and timeouts.
extension SpecReader {
    mutating func process(_ fields: [String: Field], into process: inout ProcessSettings) {
        if let place = fields["trusted_proxies"] { process.trustedProxies = trustedProxies(place) }
        if let place = fields["forwarded"] { process.sendsForwarded = onOrOff(place) ?? process.sendsForwarded }
        if let place = fields["listeners"] {
            process.listeners = listeners(place, announced: &process.proxyProtocol) ?? process.listeners
            checkTrust(process, at: place)
        }
        if let place = fields["admin"] { admin(place, into: &process) }
        if let place = fields["workers"] { process.workers = workers(place) }
        if let place = fields["io"] { process.io = engine(place) ?? process.io }
        if let place = fields["state"] { process.stateDirectory = path(place) }
        if let place = fields["access_log"] {
            process.accessLog = accessLog(place, format: &process.accessLogFormat) ?? process.accessLog
        }
        if let place = fields["limits"] { limits(place, into: &process.limits) }
        if let place = fields["timeouts"] { timeouts(place, into: &process.timeouts) }
    }

    static let listenersMax = 64

    /// A listener whose trusted peers begin with a PROXY header has to have some: all its connections would be refused.
    private mutating func checkTrust(_ process: ProcessSettings, at place: Field) {
        for listener in process.proxyProtocol {
            switch listener.place {
            case .network where process.trustedProxies.networks.isEmpty:
                report(
                    place,
                    "proxy_protocol needs to know which peers of \(listener) to believe: name their networks in trusted_proxies",
                    suggestion: "trusted_proxies: [10.0.0.0/8]"
                )
            case .unix where !process.trustedProxies.includesUnix:
                report(
                    place,
                    "proxy_protocol needs to know that the peers of \(listener) are to be believed: name unix in trusted_proxies",
                    suggestion: "trusted_proxies: [unix]"
                )
            case .network, .unix:
                break
            }
        }
    }

    /// Networks in CIDR notation, and `unix`; what is none is reported and left out.
    private mutating func trustedProxies(_ field: Field) -> TrustedProxies {
        guard case .sequence(let nodes) = field.node.value else {
            report(
                field,
                "must be a list of networks, not \(field.node.kind)",
                got: field.node.written,
                suggestion: "[10.0.0.0/8]"
            )
            return TrustedProxies()
        }
        guard nodes.count <= Self.networksMax else {
            report(field, "must have at most \(Self.networksMax) networks, and has \(nodes.count)")
            return TrustedProxies()
        }
        var trusted = TrustedProxies()
        for (index, node) in nodes.enumerated() {
            let item = Field(node, at: "\(field.pointer)/\(index)")
            guard let text = string(item) else { continue }
            if text == "unix" {
                trusted.includesUnix = true
            } else if let network = Network(text) {
                trusted.networks.append(network)
            } else {
                report(
                    item,
                    "must be a network such as 10.0.0.0/8 or 2001:db8::/32, one address, or unix for peers on unix sockets",
                    got: text
                )
            }
        }
        return trusted
    }

    private static let networksMax = 256

    private mutating func onOrOff(_ field: Field) -> Bool? {
        switch field.node.value {
        case .bool(let value): return value
        case .string("on"): return true
        case .string("off"): return false
        case .null, .int, .double, .string, .sequence, .mapping:
            report(field, "must be on or off", got: field.node.written)
            return nil
        }
    }

    /// `announced` receives those whose connections begin with a PROXY header.
    private mutating func listeners(_ field: Field, announced: inout [ListenAddress]) -> [ListenAddress]? {
        let nodes: [ConfigNode]
        switch field.node.value {
        case .sequence(let items):
            nodes = items
        case .string, .int:
            return address(field).map { [$0] }
        case .null, .bool, .double, .mapping:
            report(
                field,
                "must be a list of addresses, not \(field.node.kind)",
                got: field.node.written,
                suggestion: "[\":80\"]"
            )
            return nil
        }
        guard (1...Self.listenersMax).contains(nodes.count) else {
            report(
                field,
                "must have from 1 to \(Self.listenersMax) addresses, and has \(nodes.count)",
                suggestion: nodes.isEmpty ? "[\":80\"]" : nil
            )
            return nil
        }
        var found: [ListenAddress] = []
        for (index, node) in nodes.enumerated() {
            var item = Field(node, at: "\(field.pointer)/\(index)")
            var isAnnounced = false
            if case .mapping = node.value {
                let keys = ["address", "proxy_protocol"]
                guard let fields = members(of: item, keys: keys, otherWords: ["port": "address"]) else { continue }
                if let place = fields["proxy_protocol"] { isAnnounced = onOrOff(place) ?? false }
                guard let place = fields["address"] else {
                    report(
                        Field(ConfigNode(.null), at: item.pointer + "/address", keyLine: item.line),
                        "is missing",
                        suggestion: "address: \":80\""
                    )
                    continue
                }
                item = place
            }
            guard let address = address(item) else { continue }
            if found.contains(address), !address.isAnyPort {
                report(item, "is given twice", got: "\(address)")
                continue
            }
            found.append(address)
            if isAnnounced { announced.append(address) }
        }
        return found.isEmpty ? nil : found
    }

    private mutating func admin(_ field: Field, into process: inout ProcessSettings) {
        var place: Field? = field
        switch field.node.value {
        case .bool(false), .string("off"):
            report(
                field,
                "cannot be switched off; on loopback, which is the default, only this machine reaches it",
                got: field.node.written
            )
            return
        case .string, .int:
            break
        case .null, .bool, .double, .sequence, .mapping:
            guard
                let fields = members(
                    of: field,
                    keys: ["address", "token_file", "hosts", "require_if_match"],
                    otherWords: ["token": "token_file", "tokens": "token_file", "port": "address", "host": "hosts"]
                )
            else { return }
            if let file = fields["token_file"] { process.adminTokenFile = path(file) }
            if let names = fields["hosts"] { process.adminHosts = hosts(names) }
            if let place = fields["require_if_match"], let flag = boolean(place) { process.adminRequiresIfMatch = flag }
            place = fields["address"]
        }
        guard let place, let address = address(place) else { return }
        if process.adminTokenFile == nil, let refusal = address.adminRefusal {
            report(place, refusal.message, got: "\(address)", suggestion: refusal.suggestion)
            return
        }
        process.admin = address
    }

    /// Names of this machine; what is none is reported and left out.
    private mutating func hosts(_ field: Field) -> [String] {
        guard case .sequence(let nodes) = field.node.value, nodes.count <= Self.hostsMax else {
            report(
                field,
                "must be a list of at most \(Self.hostsMax) host names, without a port",
                got: field.node.written,
                suggestion: "[lb-1.example.com]"
            )
            return []
        }
        return nodes.enumerated().compactMap { index, node in
            let item = Field(node, at: "\(field.pointer)/\(index)")
            guard let text = string(item) else { return nil }
            guard ListenAddress.isHostName(text) else {
                report(item, "must be a host name or an IP address, without a port", got: text)
                return nil
            }
            return text
        }
    }

    private static let hostsMax = 64

    private mutating func address(_ field: Field) -> ListenAddress? {
        switch field.node.value {
        case .string(let text):
            do {
                return try ListenAddress(reading: text)
            } catch let refusal {
                report(
                    field,
                    "is not an address to listen on: \(refusal.message)",
                    got: text,
                    suggestion: refusal.suggestion
                )
            }
        case .int(let port) where (1...65535).contains(port):
            report(field, "must be an address, not a number", got: "\(port)", suggestion: "\":\(port)\"")
        case .null, .bool, .int, .double, .sequence, .mapping:
            report(
                field,
                "must be an address such as \"0.0.0.0:80\", \":8080\" or unix:/PATH, not \(field.node.kind)",
                got: field.node.written
            )
        }
        return nil
    }

    /// Nil is one per core, also after an error.
    private mutating func workers(_ field: Field) -> Int? {
        switch field.node.value {
        case .string("auto"):
            return nil
        case .int:
            return integer(field, in: 1...ProcessSettings.workersMax)
        case .null, .bool, .double, .string, .sequence, .mapping:
            report(
                field,
                "must be auto (one per core) or a number from 1 to \(ProcessSettings.workersMax)",
                got: field.node.written,
                suggestion: field.node.written.flatMap { Spelling.nearest($0, among: ["auto"]) }
            )
            return nil
        }
    }

    private mutating func engine(_ field: Field) -> IOEngine? {
        guard let text = string(field) else { return nil }
        if let engine = IOEngine(rawValue: text) { return engine }
        let known = IOEngine.allCases.map(\.rawValue)
        report(
            field,
            "must be one of \(known.joined(separator: ", "))",
            got: text,
            suggestion: Spelling.nearest(text, among: known)
        )
        return nil
    }

    /// A path as the kernel takes it: not empty, no NUL, nothing that a shell would have expanded.
    private mutating func path(_ field: Field) -> String? {
        guard let text = string(field) else { return nil }
        if text.isEmpty || text.utf8.contains(0) || text.utf8.count > 4095 {
            report(field, "must be a path", got: text)
            return nil
        }
        if text.hasPrefix("~") || text.hasPrefix("$") {
            report(field, "is not expanded as a shell would: write the path in full", got: text)
            return nil
        }
        return text
    }

    private mutating func accessLog(_ field: Field, format: inout AccessLogFormat) -> AccessLogSpec? {
        switch field.node.value {
        case .bool(false), .string("off"):
            return .off
        case .bool(true), .string("on"):
            report(field, "must be off, stdout or a file's path", got: field.node.written, suggestion: "stdout")
            return nil
        case .mapping:
            guard let fields = members(of: field, keys: ["path", "format"], otherWords: ["file": "path"]) else {
                return nil
            }
            if let place = fields["format"], let text = string(place) {
                let known = AccessLogFormat.allCases.map(\.rawValue)
                if let found = AccessLogFormat(rawValue: text) {
                    format = found
                } else {
                    report(
                        place,
                        "must be one of \(known.joined(separator: ", "))",
                        got: text,
                        suggestion: Spelling.nearest(text, among: known)
                    )
                }
            }
            return fields["path"].flatMap { logPath($0) }
        case .null, .int, .double, .string, .sequence:
            return logPath(field)
        }
    }

    private mutating func logPath(_ field: Field) -> AccessLogSpec? {
        guard let text = path(field) else { return nil }
        // Not files anybody wants, though files they could be.
        let meant = ["-": "stdout", "stderr": "/dev/stderr", "none": "off", "off": "access_log: off", "true": "stdout"]
        if let meant = meant[text] {
            report(field, "must be off, stdout or a file's path", got: text, suggestion: meant)
            return nil
        }
        return .path(text)
    }

    // MARK: - Limits and timeouts

    /// A head is parsed in one buffer of the data plane, and its fields are listed in one table: these are their sizes.
    static let headBytes: ClosedRange<UInt64> = 1024...65_536
    static let fields = 8...128

    private mutating func limits(_ field: Field, into limits: inout Limits) {
        let keys = [
            "request_line_bytes_max", "head_bytes_max", "fields_max", "body_bytes_max", "connections_max", "queue_max",
        ]
        let words = [
            "body": "body_bytes_max", "head": "head_bytes_max", "fields": "fields_max", "headers": "fields_max",
            "connections": "connections_max", "request_line": "request_line_bytes_max", "queue": "queue_max",
        ]
        guard let fields = members(of: field, keys: keys, otherWords: words) else { return }
        if let place = fields["head_bytes_max"], let count = byteCount(place, in: Self.headBytes) {
            limits.headBytesMax = Int(count)
            // A small head alone shall not be an error about a request line that nobody wrote.
            limits.requestLineBytesMax = min(limits.requestLineBytesMax, limits.headBytesMax)
        }
        if let place = fields["request_line_bytes_max"],
            let count = byteCount(place, in: 256...Self.headBytes.upperBound)
        {
            if count > limits.headBytesMax {
                report(
                    place,
                    "must not be more than head_bytes_max, which is \(limits.headBytesMax): the request line is "
                        + "part of the head",
                    got: "\(count)"
                )
            }
            limits.requestLineBytesMax = Int(count)
        }
        if let place = fields["fields_max"], let count = integer(place, in: Self.fields) { limits.fieldsMax = count }
        if let place = fields["body_bytes_max"], !place.node.isOff {
            limits.bodyBytesMax = byteCount(place, in: 0...1 << 50, word: "off")
        }
        if let place = fields["connections_max"], place.node.value != .string("auto") {
            limits.connectionsMax = integer(place, in: 1...10_000_000)
        }
        if let place = fields["queue_max"], let count = integer(place, in: 0...1_000_000) { limits.queueMax = count }
    }

    private mutating func timeouts(_ field: Field, into timeouts: inout Timeouts) {
        let knobs: [(key: String, path: WritableKeyPath<Timeouts, TimeSpan>)] = [
            ("connect", \.connect), ("queue", \.queue), ("client_head", \.clientHead), ("client_idle", \.clientIdle),
            ("client_stall", \.clientStall), ("response_first_byte", \.responseFirstByte),
            ("response_stall", \.responseStall), ("upstream_idle", \.upstreamIdle), ("tunnel_idle", \.tunnelIdle),
            ("tunnel_end", \.tunnelEnd), ("stop", \.stop),
        ]
        guard let fields = members(of: field, keys: knobs.map(\.key)) else { return }
        for knob in knobs {
            // To stop at once is a wish one may have; a timeout of nothing anywhere else lets nothing through.
            let shortest = knob.key == "stop" ? TimeSpan.zero : Self.timeoutMin
            guard let place = fields[knob.key], let span = duration(place, in: shortest...Self.timeoutMax) else {
                continue
            }
            timeouts[keyPath: knob.path] = span
        }
    }

    static let timeoutMax = TimeSpan.seconds(86_400)
}

extension ConfigNode {
    fileprivate var isOff: Bool { value == .string("off") || value == .bool(false) }
}

extension ListenAddress {
    /// The kernel chooses, so two of these are two addresses.
    fileprivate var isAnyPort: Bool {
        if case .network(_, 0) = place { return true }
        return false
    }
}
