import Glibc
import Model

/// The live screen of `lbctl top`.
struct TopScreen {
    /// What the rows are sorted by; `name` is in natural order, the others have the largest first.
    enum Order: String, CaseIterable {
        case name
        case rate
        case active
        case errors
        case p99

        private var member: String {
            switch self {
            case .name: "name"
            case .rate: "rate"
            case .active: "in_flight"
            case .errors: "error_rate"
            case .p99: "p99_ms"
            }
        }

        func sorted(_ items: [Listing.Item]) -> [Listing.Item] {
            guard self != .name else { return items }
            return items.enumerated().sorted { left, right in
                let a = left.element.json[member]?.double ?? -1
                let b = right.element.json[member]?.double ?? -1
                return a == b ? left.offset < right.offset : a > b
            }.map(\.element)
        }

        var next: Order {
            let all = Self.allCases
            let index = all.firstIndex(of: self) ?? 0
            return all[(index + 1) % all.count]
        }
    }

    private let requests: [AdminRequest]
    private let session: Session
    private let interval: TimeSpan
    private let isReadOnly: Bool
    private var order: Order
    private var sample: Sample?
    /// Why the last look failed; the figures before stay on the screen.
    private var trouble: String?
    /// The last line: what was done, or what is asked.
    private var message = ""
    private var question: (words: String, request: AdminRequest)?
    private var chosen: String?
    private var isHeld = false
    /// The first row shown, where there are more than fit.
    private var scroll = 0

    init(
        _ requests: [AdminRequest],
        _ session: Session,
        _ interval: TimeSpan,
        _ order: Order,
        isReadOnly: Bool
    ) throws(Failure) {
        self.requests = requests
        self.session = session
        self.interval = interval
        self.order = order
        self.isReadOnly = isReadOnly
        // What fails at once is told on the screen that was there before.
        sample = try Sample(requests, session)
    }

    mutating func run() throws(Failure) -> ExitCode {
        guard let keyboard = RawKeyboard.taken() else {
            throw Failure(.usage, "standard input is no terminal").suggesting("--once")
        }
        let interrupts = session.client.interrupts
        interrupts.hold()
        // The other screen, without a cursor; both are given back whatever happens.
        session.stdout.write("\u{1B}[?1049h\u{1B}[?25l")
        defer {
            session.stdout.write("\u{1B}[?25h\u{1B}[?1049l")
            interrupts.release()
        }
        var deadline = monotonicNanoseconds() + min(interval.nanoseconds, 300_000_000)
        while true {
            paint()
            let hasKeys: Bool
            do {
                hasKeys = try Socket.awaitInput(on: [STDIN_FILENO], until: deadline, interrupts: interrupts)
            } catch .interrupted(let signal) {
                return ending(signal)
            } catch {
                return .done
            }
            if hasKeys {
                guard let keys = keyboard.read() else { return .hungUp }
                for key in TopKey.keys(of: keys) {
                    switch key {
                    case .letter("q") where question == nil: return .done
                    case .interrupt: return .interrupted
                    default: act(on: key)
                    }
                }
            }
            if monotonicNanoseconds() >= deadline {
                if let signal = look() { return ending(signal) }
                deadline = monotonicNanoseconds() + interval.nanoseconds
            }
        }
    }

    private func ending(_ signal: Int32) -> ExitCode {
        switch signal {
        case SIGTERM: .terminated
        case SIGHUP: .hungUp
        default: .interrupted
        }
    }

    /// Takes new figures; the code of a signal that came meanwhile ends it all.
    private mutating func look() -> Int32? {
        guard !isHeld else { return nil }
        do {
            sample = try Sample(requests, session.hurried(to: .seconds(2)), after: sample)
            trouble = nil
        } catch {
            switch error.code {
            case .interrupted: return SIGINT
            case .terminated: return SIGTERM
            case .hungUp: return SIGHUP
            default: trouble = error.message
            }
        }
        return nil
    }

    private var rows: [Listing.Item] { order.sorted(sample?.items ?? []) }

    private mutating func act(on key: TopKey) {
        if let (words, request) = question {
            question = nil
            guard key == .letter("y") else {
                message = "left as it is"
                return
            }
            do {
                let reply = try session.ask(request)
                message = words.capitalizedFirst + ": done" + (reply.revision.map { " (revision \($0))" } ?? "")
            } catch {
                message = error.message
            }
            _ = look()
            return
        }
        message = ""
        let rows = rows
        let index = rows.firstIndex { $0.name == chosen }
        switch key {
        case .up: chosen = rows.isEmpty ? nil : rows[max(0, (index ?? 1) - 1)].name
        case .down: chosen = rows.isEmpty ? nil : rows[min(rows.count - 1, (index ?? -1) + 1)].name
        case .letter("s"): order = order.next
        case .letter(" "): isHeld.toggle()
        case .letter("d"): ask("drain", state: "drain")
        case .letter("r"): ask("make ready", state: "ready")
        case .letter("m"): ask("take out for maintenance", state: "maint")
        case .letter("+"): ask(weightBy: 1)
        case .letter("-"): ask(weightBy: -1)
        case .letter, .interrupt: break
        }
    }

    private mutating func ask(_ verb: String, state: String) {
        ask(verb, JSON.object([JSON.Member(name: "state", value: .string(state))]))
    }

    private mutating func ask(weightBy step: Int) {
        guard let item = rows.first(where: { $0.name == chosen }), let weight = item.json["weight"]?.int else {
            message = "choose a backend first, with the arrows"
            return
        }
        let wanted = min(max(weight + step, 0), BackendSpec.weightMax)
        ask("change to weight \(wanted)", JSON.object([JSON.Member(name: "weight", value: .number("\(wanted)"))]))
    }

    private mutating func ask(_ verb: String, _ patch: JSON) {
        guard !isReadOnly else {
            message = "--read-only: nothing is changed from here"
            return
        }
        guard let name = chosen, rows.contains(where: { $0.name == name }) else {
            message = "choose a backend first, with the arrows"
            return
        }
        question = (
            "\(verb) \(name)", AdminRequest(.patch, AdminRequest.path(ofBackend: name), body: patch, changes: name)
        )
    }

    private mutating func paint() {
        let size = terminalSize() ?? (80, 24)
        var lines = header(size.columns)
        let keys =
            isReadOnly
            ? "up/down move  s sort  space hold  q quit"
            : "up/down move  d drain  r ready  m maint  +/- weight  s sort  space hold  q quit"
        let listing = Listing(columns: TopCommand.columns, items: rows)
        // Two columns are for the mark of the chosen one.
        let text = listing.table(session).text(colour: session.settings.isColoured, width: size.columns - 2)
        let table = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        if let first = table.first { lines.append("  " + first) }
        let room = max(1, size.rows - lines.count - 2)
        let body = Array(table.dropFirst())
        if let index = rows.firstIndex(where: { $0.name == chosen }) {
            scroll = min(max(scroll, index - room + 1), index)
        }
        scroll = min(scroll, max(0, body.count - room))
        for (index, line) in body.enumerated().dropFirst(scroll).prefix(room) {
            lines.append((rows[index].name == chosen ? "> " : "  ") + line)
        }
        while lines.count < size.rows - 2 { lines.append("") }
        if let question {
            lines.append(session.painted(shortened("\(question.words)? y/n", to: size.columns), .bold))
        } else if let trouble {
            lines.append(session.painted(shortened(visible("no answer: \(trouble)"), to: size.columns), .red))
        } else {
            lines.append(shortened(visible(message), to: size.columns))
        }
        lines.append(session.painted(shortened(keys, to: size.columns), .faint))
        let frame = lines.prefix(size.rows).joined(separator: "\u{1B}[K\r\n")
        session.stdout.write("\u{1B}[H" + frame + "\u{1B}[K\u{1B}[J")
    }

    private func header(_ columns: Int) -> [String] {
        guard let sample else { return [] }
        var first = "lbd \(sample.root["version"]?.string ?? "") at \(session.settings.address)"
        first += "   sorted by \(order.rawValue)" + (isHeld ? "   held" : "")
        func figure(_ name: String) -> String { sample.totals[name]?.plain ?? "-" }
        let total = sample.totals["latency"]?["total"]
        let latency = ["p50_ms", "p99_ms"].map { total?[$0]?.double.flatMap { milliseconds($0) } ?? "-" }
        let second =
            "\(sample.rate.map { oneDecimal($0) } ?? "-") req/s   \(sample.errorRate.map { oneDecimal($0) } ?? "-") err/s   "
            + "\(figure("in_flight")) in flight   \(figure("clients")) clients   \(figure("queued")) queued   "
            + "p50 \(latency[0]) p99 \(latency[1])"
        return [
            session.painted(shortened(first, to: columns), .bold), visible(shortened(second, to: columns)), "",
        ]
    }
}

/// What was typed, as far as `top` knows it.
enum TopKey: Equatable {
    case up
    case down
    case interrupt
    case letter(Character)

    /// Reads the bytes of a terminal: letters, and the arrows' escape sequences in both of their forms.
    static func keys(of bytes: [UInt8]) -> [TopKey] {
        var keys: [TopKey] = []
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case 0x03: keys.append(.interrupt)
            case 0x1B:
                guard index + 1 < bytes.count, bytes[index] == 0x5B || bytes[index] == 0x4F else { continue }
                if bytes[index + 1] == 0x41 { keys.append(.up) }
                if bytes[index + 1] == 0x42 { keys.append(.down) }
                index += 2
            case UInt8(ascii: "k"): keys.append(.up)
            case UInt8(ascii: "j"): keys.append(.down)
            case 0x20...0x7E: keys.append(.letter(Character(Unicode.Scalar(byte))))
            default: break
            }
        }
        return keys
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
