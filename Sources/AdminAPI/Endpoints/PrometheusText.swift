/// Writes the Prometheus text format, version 0.0.4: families of samples, each family with its HELP and TYPE.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    /// Labels as they stand between the braces, escaped once for all samples that have them.
    struct Labels {
        fileprivate let bytes: [UInt8]

        static let none = Labels([])

        /// Names are trusted to be names; values may be anything.
        init(_ pairs: [(name: String, value: String)]) {
            var bytes: [UInt8] = []
            for pair in pairs {
                if !bytes.isEmpty { bytes.append(0x2C) }
                bytes += pair.name.utf8
                bytes += [0x3D, 0x22]
                for byte in pair.value.utf8 {
                    switch byte {
                    case 0x5C: bytes += [0x5C, 0x5C]
                    case 0x22: bytes += [0x5C, 0x22]
                    case 0x0A: bytes += [0x5C, 0x6E]
                    default: bytes.append(byte)
                    }
                }
                bytes.append(0x22)
            }
            self.bytes = bytes
        }

        func with(_ name: String, _ value: String) -> Labels {
            Labels(bytes: bytes + (bytes.isEmpty ? [] : [0x2C]) + Labels([(name, value)]).bytes)
        }

        private init(bytes: [UInt8]) { self.bytes = bytes }
    }

    private(set) var bytes: [UInt8] = []
    private var name: [UInt8] = []

    /// Begins a family: every sample until the next one is its.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.name = Array(name.utf8)
        bytes += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n".utf8
    }

    mutating func sample(_ value: UInt64, _ labels: Labels = .none) {
        begin("", labels, le: nil)
        end(value)
    }

    mutating func sample(_ value: Int, _ labels: Labels = .none) { sample(UInt64(max(0, value)), labels) }

    mutating func sample(seconds nanoseconds: UInt64, _ labels: Labels = .none) {
        begin("", labels, le: nil)
        bytes += Self.seconds(nanoseconds)
        bytes.append(0x0A)
    }

    /// A histogram in seconds.
    /// - Parameters:
    ///   - bounds: upper bounds, ascending, as `seconds` writes them.
    ///   - cumulative: how many were within each.
    mutating func histogram(
        bounds: [[UInt8]],
        cumulative: [UInt64],
        count: UInt64,
        sumNs: UInt64,
        _ labels: Labels
    ) {
        for (bound, value) in zip(bounds, cumulative) {
            begin("_bucket", labels, le: bound)
            end(value)
        }
        begin("_bucket", labels, le: Array("+Inf".utf8))
        end(count)
        begin("_sum", labels, le: nil)
        bytes += Self.seconds(sumNs)
        bytes.append(0x0A)
        begin("_count", labels, le: nil)
        end(count)
    }

    private mutating func begin(_ suffix: StaticString, _ labels: Labels, le bound: [UInt8]?) {
        bytes += name
        bytes += "\(suffix)".utf8
        if !labels.bytes.isEmpty || bound != nil {
            bytes.append(0x7B)
            bytes += labels.bytes
            if let bound {
                if !labels.bytes.isEmpty { bytes.append(0x2C) }
                bytes += [0x6C, 0x65, 0x3D, 0x22]
                bytes += bound
                bytes.append(0x22)
            }
            bytes.append(0x7D)
        }
        bytes.append(0x20)
    }

    private mutating func end(_ value: UInt64) {
        bytes += String(value).utf8
        bytes.append(0x0A)
    }

    /// Nanoseconds as seconds, exactly: `0.0001`, `52.4288`, `3`.
    static func seconds(_ nanoseconds: UInt64) -> [UInt8] {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var text = Array(String(whole).utf8)
        guard rest > 0 else { return text }
        let digits = Array(String(rest).utf8)
        text.append(0x2E)
        text += [UInt8](repeating: 0x30, count: 9 - digits.count)
        text += digits
        while text.last == 0x30 { text.removeLast() }
        return text
    }
}
