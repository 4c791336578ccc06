import HTTPWire

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
    }

    private(set) var bytes: [UInt8] = []
    private var name: [UInt8] = []

    /// - Parameter bytes: How long it will be, about.
    init(reserving bytes: Int = 0) { self.bytes.reserveCapacity(bytes) }

    /// Begins a family: every sample until the next one is its.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.name = Array(name.utf8)
        bytes += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n".utf8
    }

    /// - Parameter more: Labels behind `labels`.
    mutating func sample(_ value: UInt64, _ labels: Labels = .none, _ more: Labels = .none) {
        begin(labels, more)
        end(value)
    }

    mutating func sample(_ value: Int, _ labels: Labels = .none, _ more: Labels = .none) {
        sample(UInt64(max(0, value)), labels, more)
    }

    mutating func sample(seconds nanoseconds: UInt64, _ labels: Labels = .none) {
        begin(labels)
        bytes += Self.seconds(nanoseconds)
        bytes.append(0x0A)
    }

    /// The upper bounds of a histogram, in nanoseconds and ascending, as they stand in its lines.
    struct Bounds {
        fileprivate let ends: [[UInt8]]

        init(_ bounds: [UInt64]) { ends = bounds.map { seconds($0) + Array("\"} ".utf8) } }
    }

    /// A histogram in seconds.
    /// - Parameter cumulative: How many were within each bound.
    mutating func histogram(_ bounds: Bounds, cumulative: [UInt64], count: UInt64, sumNs: UInt64, _ labels: Labels) {
        var start = name
        start += "_bucket{".utf8
        start.append(labels.bytes.span)
        if !labels.bytes.isEmpty { start.append(0x2C) }
        start += "le=\"".utf8
        let ends = bounds.ends.span
        for index in ends.indices {
            bytes.append(start.span)
            bytes.append(ends[index].span)
            end(cumulative[index])
        }
        bytes.append(start.span)
        bytes += "+Inf\"} ".utf8
        end(count)
        begin(labels, suffix: "_sum")
        bytes += Self.seconds(sumNs)
        bytes.append(0x0A)
        begin(labels, suffix: "_count")
        end(count)
    }

    private mutating func begin(_ labels: Labels, _ more: Labels = .none, suffix: String = "") {
        bytes += name
        if !suffix.isEmpty { bytes += suffix.utf8 }
        if !labels.bytes.isEmpty || !more.bytes.isEmpty {
            bytes.append(0x7B)
            bytes.append(labels.bytes.span)
            if !labels.bytes.isEmpty, !more.bytes.isEmpty { bytes.append(0x2C) }
            bytes.append(more.bytes.span)
            bytes.append(0x7D)
        }
        bytes.append(0x20)
    }

    private mutating func end(_ value: UInt64) {
        bytes.append(decimal: value)
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
