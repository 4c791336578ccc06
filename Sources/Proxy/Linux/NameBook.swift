import CLinux
import Model
import Synchronization

/// What the names of backends stand for: looked up on threads of its own, never on an event loop, and again and again.
///
/// A name is looked up again when its answer's time to live is over, and every 30 s where no name server tells one. A name
/// that does not resolve any more keeps its last addresses: a name server that is down takes nothing down with it.
final class NameBook: Sendable {
    /// The addresses of a name, with port 0; none when it does not resolve. May block.
    typealias Lookup = @Sendable (String) -> [Endpoint]
    /// For how long the addresses of a name hold, in nanoseconds; nil when that is not known. May block.
    typealias Lifetime = @Sendable (String) -> UInt64?

    /// The patience of the book, for tests to shorten.
    struct Times: Sendable {
        /// Between two look-ups of a name of which no name server says for how long its addresses hold.
        var interval: UInt64 = 30_000_000_000
        /// A time to live that is shorter or longer is taken to be this.
        var lifetimes: ClosedRange<UInt64> = 1_000_000_000...300_000_000_000
        /// Until the next look-up while some name has no address at all.
        var intervalWhileUnknown: UInt64 = 5_000_000_000
        /// For all names together that are new: at a start, or in a change.
        var patience: UInt64 = 3_000_000_000
    }

    private let lookup: Lookup
    private let lifetime: Lifetime
    private let times: Times
    private let say: @Sendable (String) -> Void
    private let book = Mutex(Book())
    /// Raised when a look-up has ended.
    private let ended = Signal()

    private struct Book {
        var entries: [String: Entry] = [:]
        var queue: [String] = []
        /// Threads that look names up.
        var lanes = 0
        /// Some name has other addresses than before.
        var hasNews = false
        /// The backends whose names were asked for last, and these.
        var backends: [DesiredState.Entry<BackendSpec>] = []
        var wanted: Set<String> = []
    }

    private struct Entry {
        var addresses: [Endpoint] = []
        var isPending = false
        var wasLookedUp = false
        var isFailing = false
        /// When it is to be looked up next.
        var dueAt: UInt64 = 0
    }

    /// Tried per backend, in order.
    static let addressesMax = 8
    /// Look-ups under way at once: enough that one dead name server does not hold up the names of others.
    private static let lanesMax = 16

    init(
        times: Times = Times(),
        say: @escaping @Sendable (String) -> Void,
        lifetime: @escaping Lifetime = { _ in nil },
        lookup: @escaping Lookup
    ) {
        self.lookup = lookup
        self.lifetime = lifetime
        self.times = times
        self.say = say
    }

    /// Adds the names of `desired`, and waits for the new ones, all at once and not for long.
    /// - Returns: the names.
    @discardableResult
    func adopt(_ desired: DesiredState) -> Set<String> {
        let wanted = book.withLock { book in
            let changed = ChangedMiddle(from: book.backends, to: desired.backends)
            let isAboutNames =
                book.backends[changed.old].contains { $0.spec.url.isName }
                || desired.backends[changed.new].contains { $0.spec.url.isName }
            if isAboutNames { book.wanted = Self.names(of: desired) }
            book.backends = desired.backends
            for name in book.wanted where book.entries[name] == nil { enqueue(name, &book) }
            return book.wanted
        }
        let deadline = clx_monotonic_ns() + times.patience
        while true {
            let seen = ended.count
            let isComplete = book.withLock { book in wanted.allSatisfy { book.entries[$0]?.wasLookedUp == true } }
            let now = clx_monotonic_ns()
            if isComplete || now >= deadline { return wanted }
            _ = ended.wait(past: seen, timeoutNs: deadline - now)
        }
    }

    /// Forgets all other names.
    func forget(allBut wanted: Set<String>) {
        book.withLock { book in
            for name in book.entries.keys where !wanted.contains(name) { book.entries[name] = nil }
        }
    }

    /// Where to connect to for each of the URLs, as far as is known; none for a name without an address.
    func endpoints(of urls: [BackendURL]) -> [[Endpoint]] {
        book.withLock { book in urls.map { Self.endpoints(of: $0, book.entries) } }
    }

    private static func endpoints(of url: BackendURL, _ entries: [String: Entry]) -> [Endpoint] {
        switch url.place {
        case .unix(let path):
            return [SocketPaths.endpoint(path)]
        case .network(let host, let port):
            if let address = url.address { return [Endpoint(address, port: port)] }
            return (entries[host]?.addresses ?? []).map { address in
                var endpoint = address
                endpoint.port = port
                return endpoint
            }
        }
    }

    /// Where to connect to for a URL, looked up now when its name is not in the book. May block.
    func endpoints(of url: BackendURL) -> [Endpoint] {
        let known = book.withLock { Self.endpoints(of: url, $0.entries) }
        guard known.isEmpty, case .network(let host, let port) = url.place else { return known }
        return lookup(host).prefix(Self.addressesMax).map { address in
            var endpoint = address
            endpoint.port = port
            return endpoint
        }
    }

    private static func names(of desired: DesiredState) -> Set<String> {
        var names = Set<String>()
        for entry in desired.backends where entry.spec.url.isName {
            if case .network(let host, _) = entry.spec.url.place { names.insert(host) }
        }
        return names
    }

    /// Looks every name up again when it is time, until the process ends.
    /// - Parameter changed: called when some name has other addresses than before.
    func run(changed: () -> Void) {
        while true {
            let seen = ended.count
            let now = clx_monotonic_ns()
            let (hasNews, next) = book.withLock { book in
                let hasNews = book.hasNews
                book.hasNews = false
                for name in book.entries.keys.sorted() where (book.entries[name]?.dueAt ?? 0) <= now {
                    enqueue(name, &book)
                }
                let next = book.entries.values.lazy.filter { !$0.isPending }.map(\.dueAt).min()
                return (hasNews, next ?? now + times.interval)
            }
            if hasNews { changed() }
            _ = ended.wait(past: seen, timeoutNs: next > now ? next - now : times.intervalWhileUnknown)
        }
    }

    // MARK: look-ups

    private func enqueue(_ name: String, _ book: inout Book) {
        guard book.entries[name]?.isPending != true else { return }
        book.entries[name, default: Entry()].isPending = true
        book.queue.append(name)
        guard book.lanes < Self.lanesMax else { return }
        do {
            try LoopThread.start("lb-names") { [self] in runLane() }
            book.lanes += 1
        } catch {
            // No thread to be had now. Another lane empties the queue, or the next round tries again.
            if book.lanes == 0 {
                book.queue.removeAll()
                let next = clx_monotonic_ns() + times.intervalWhileUnknown
                for name in book.entries.keys where book.entries[name]?.isPending == true {
                    book.entries[name]?.isPending = false
                    book.entries[name]?.dueAt = next
                }
            }
        }
    }

    /// Looks names up until none is waiting.
    private func runLane() {
        while true {
            let name = book.withLock { book -> String? in
                if book.queue.isEmpty {
                    book.lanes -= 1
                    return nil
                }
                return book.queue.removeFirst()
            }
            guard let name else { return }
            let found = lookup(name)
            if let line = book.withLock({ note(name, found, &$0) }) { say(line) }
            ended.raise()
            // Nobody waits for this one.
            guard !found.isEmpty, let lifetime = lifetime(name) else { continue }
            let wait = min(max(lifetime, times.lifetimes.lowerBound), times.lifetimes.upperBound)
            book.withLock { $0.entries[name]?.dueAt = clx_monotonic_ns() + wait }
            ended.raise()
        }
    }

    /// - Returns: a line for the log, when there is something to tell.
    private func note(_ name: String, _ found: [Endpoint], _ book: inout Book) -> String? {
        // Nobody wants it any longer.
        guard var entry = book.entries[name] else { return nil }
        defer { book.entries[name] = entry }
        let isFirst = !entry.wasLookedUp
        let wasFailing = entry.isFailing
        entry.isPending = false
        entry.wasLookedUp = true
        entry.isFailing = found.isEmpty
        let isUnknown = found.isEmpty && entry.addresses.isEmpty
        entry.dueAt = clx_monotonic_ns() + (isUnknown ? times.intervalWhileUnknown : times.interval)
        if found.isEmpty {
            if wasFailing { return nil }
            if entry.addresses.isEmpty { return "the name \(name) does not resolve; it is looked up again and again" }
            return "the name \(name) does not resolve any more; it keeps \(Self.text(entry.addresses))"
        }
        let before = entry.addresses
        // What stays keeps its place: an answer that only comes in another order changes nothing.
        let all = before.filter { found.contains($0) } + found.filter { !before.contains($0) }
        let ordered = all.filter { $0.family == .ipv4 } + all.filter { $0.family != .ipv4 }
        entry.addresses = Array(ordered.prefix(Self.addressesMax))
        if entry.addresses == before {
            return wasFailing ? "the name \(name) resolves again: \(Self.text(before))" : nil
        }
        book.hasNews = true
        if isFirst { return nil }
        let was = before.isEmpty ? "nothing" : Self.text(before)
        return "the name \(name) is \(Self.text(entry.addresses)) now, and was \(was)"
    }

    private static func text(_ addresses: [Endpoint]) -> String { addresses.map(\.addressText).joined(separator: ", ") }
}
