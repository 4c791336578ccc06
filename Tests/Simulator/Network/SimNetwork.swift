package import Proxy

/// The world outside of the balancer: virtual time, and a network in which everything that a real one may do happens by
/// seeded chance.
package final class SimNetwork {
    package private(set) var now = Instant(nanoseconds: 1_000_000_000)
    package private(set) var hash = EventHash()
    package var weather: Weather
    /// What people's clocks say minus what the monotonic one says; tests make it jump.
    package var wallOffsetNs: Int64 = 1_700_000_000_000_000_000
    var chance: Chance
    private var queue = EventQueue()
    private var listeners: [SimListener] = []
    /// Addresses that swallow what is sent to them.
    private var blackHoles: [Endpoint] = []
    private var connectionCount = 0
    private let placement: UInt64

    /// Retransmissions of a SYN: 1, 2, 4… seconds after one another, as `tcp_syn_retries` has it.
    private static let connectAttemptsMax = 7

    package init(seed: UInt64, weather: Weather = .fair) {
        chance = Chance(seed: seed)
        placement = chance.next()
        self.weather = weather
    }

    // MARK: time

    /// When something is to happen next; nil when nothing is.
    package var nextEvent: Instant? { queue.first }
    package var pendingEvents: Int { queue.count }

    package func schedule(
        at due: Instant,
        _ kind: EventKind,
        _ subject: Int,
        _ action: @escaping () -> Void
    ) {
        queue.add(max(due, now), kind, subject, action)
    }

    package func schedule(
        afterNs delay: UInt64,
        _ kind: EventKind,
        _ subject: Int,
        _ action: @escaping () -> Void
    ) {
        queue.add(now + delay, kind, subject, action)
    }

    /// Moves time to `instant` and lets happen what is due by then, in order.
    package func advance(to instant: Instant) {
        while let event = queue.take(by: instant) {
            now = max(now, event.due)
            hash.fold(event.kind, now, event.subject)
            event.action()
        }
        now = max(now, instant)
    }

    /// Runs until nothing is left to happen, or to the end of `limitNs`; false when there was more.
    package func run(forAtMostNs limitNs: UInt64 = 3_600_000_000_000) -> Bool {
        let end = now + limitNs
        while let next = queue.first {
            guard next <= end else { return false }
            advance(to: next)
        }
        return true
    }

    /// Nothing that was to happen will.
    func forgetEvents() { queue.removeAll() }

    /// Records something that happened outside of the queue.
    package func note(_ kind: EventKind, _ subject: Int, _ amount: Int) { hash.fold(kind, now, subject, amount) }

    /// A source of chance for one actor.
    package func forkChance() -> Chance { chance.fork() }

    // MARK: addresses

    /// Several listeners may share one address, as with SO_REUSEPORT; a connection goes to one of them by chance.
    package func listen(at address: Endpoint, backlogMax: Int = 1024, owner: any SimListenerOwner) -> SimListener {
        let listener = SimListener(self, address, backlogMax: backlogMax, owner: owner)
        listeners.append(listener)
        return listener
    }

    func forget(_ listener: SimListener) { listeners.removeAll { $0 === listener } }

    /// From now on no connect to `address` is answered; or it is again.
    ///
    /// Connections that exist are not touched.
    package func setBlackHole(_ address: Endpoint, _ isOne: Bool) {
        blackHoles.removeAll { $0 == address }
        if isOne { blackHoles.append(address) }
    }

    // MARK: connections

    package func connect(from local: Endpoint? = nil, to remote: Endpoint, owner: any SimEndOwner) -> SimEnd {
        connectionCount += 1
        let number = connectionCount
        let source = local ?? .ipv4(0x0A09_0000 + UInt32(number >> 14), port: UInt16(1024 + number & 0x3FFF))
        let forth = SimStream(self, connection: number)
        let back = SimStream(self, connection: number)
        let end = SimEnd(connection: number, local: source, remote: remote, incoming: back, outgoing: forth)
        end.owner = owner
        end.losesUnreadOnReset = chance.perMille(weather.loseUnreadOnResetPerMille)
        knock(end, attempt: 0)
        return end
    }

    private func knock(_ end: SimEnd, attempt: Int) {
        end.outgoing.sendSignal(.connect) { [self] in
            guard !end.isClosed else { return }
            let candidates = blackHoles.contains(end.remote) ? [] : listeners.filter { $0.address == end.remote }
            if candidates.isEmpty, !blackHoles.contains(end.remote) {
                end.incoming.sendSignal(.refused) { if !end.isClosed { end.owner?.connectFailed(end, .refused) } }
                return
            }
            let choice = candidates.isEmpty ? 0 : Int(mix(placement ^ UInt64(end.connection)) >> 1) % candidates.count
            guard !candidates.isEmpty, !candidates[choice].isFull else {
                retry(end, attempt)
                return
            }
            answer(end, candidates[choice])
        }
    }

    private func retry(_ end: SimEnd, _ attempt: Int) {
        schedule(afterNs: 1_000_000_000 << UInt64(attempt), .connect, end.connection) { [self] in
            guard !end.isClosed else { return }
            if attempt + 1 == Self.connectAttemptsMax {
                end.owner?.connectFailed(end, .timedOut)
            } else {
                knock(end, attempt: attempt + 1)
            }
        }
    }

    private func answer(_ end: SimEnd, _ listener: SimListener) {
        listener.reserve()
        let far = SimEnd(
            connection: end.connection,
            local: end.remote,
            remote: end.local,
            incoming: end.outgoing,
            outgoing: end.incoming
        )
        far.losesUnreadOnReset = chance.perMille(weather.loseUnreadOnResetPerMille)
        far.establish()
        far.outgoing.sendSignal(.connected) {
            if end.isClosed {
                // The SYN-ACK meets a socket that is gone.
                end.outgoing.sendReset()
            } else {
                end.establish()
                end.owner?.connected(end)
            }
            end.outgoing.sendSignal(.acceptable) { listener.admit(far) }
        }
    }
}
