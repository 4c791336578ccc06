import AdminAPI
import Glibc
import Model
import Proxy

/// Joins the parts: the store says what is desired, the proxy serves it, the admin port changes it. Serves until told to
/// stop.
///
/// The order is that of what can fail: nothing accepts before everything that may refuse to start has started.
///
/// - Parameter warnings: What is odd about the configuration, in lines for a person.
func serve(_ config: Config, _ arguments: Arguments, warnings: String) -> Never {
    Signals.hold()
    if let refusal = Startup.refusal(ofClockAt: System.wallSeconds()) { die(refusal) }
    if !warnings.isEmpty { Journal.text(warnings) }
    let supervisor = Supervisor(processID: getpid(), variable: System.variable)
    let inherited = supervisor.descriptors.compactMap { InheritedListener(descriptor: $0) }
    var config = config
    let demo = arguments.isDemo
    // Of the demo's own making, unless one was named.
    let isTemporary = demo && arguments.state == nil
    let demoBackends = demo ? startDemo(&config) : []
    let directory = config.process.stateDirectory ?? "."
    let proxy = bind(&config.process, demo: demo, inherited: inherited)
    proxy.keepAway(
        from: OwnAddresses(listeners: proxy.listeners, admin: [config.process.admin], isLocal: System.isLocal)
    )
    let (opened, predecessor) = openState(config.desired, directory: directory, isReplacing: arguments.isReplacing)
    var state = opened
    let adminSocket = inherited.first { $0.address == config.process.admin }
    var admin = openAdmin(state, proxy, config.process, inherited: adminSocket?.descriptor)
    for socket in inherited
    where !config.process.listeners.contains(socket.address) && socket.descriptor != adminSocket?.descriptor {
        Journal.line("the service manager passed a socket on \(socket.address), which is no listener of ours: closed")
        socket.close()
    }

    Journal.line(
        "\(Release.version), \(count(proxy.workerCount, "worker")), \(proxy.engine.rawValue), "
            + "process \(getpid()), state in \(directory)"
    )
    if let reason = state.unkept {
        Journal.line(
            "serving what \(directory) holds and what the file says, and refusing every change with 507: \(reason)"
        )
    }
    for conflict in state.conflicts { Journal.line("config conflict: \(conflict)") }
    proxy.keepSessions(under: StickyKey(state.secret.0, state.secret.1))
    proxy.seed(state.knownHealth)
    do {
        try proxy.start(state.desired)
    } catch {
        die("the data plane could not start: \(error)")
    }
    do {
        try admin.start()
    } catch {
        die(error.message)
    }
    proxy.keepAway(
        from: OwnAddresses(listeners: proxy.listeners, admin: admin.boundAddresses, isLocal: System.isLocal)
    )
    for address in admin.boundAddresses { Journal.line("admin API on \(url(of: address))") }
    // What happens from here on has its line when it is followed; what came before is in the status.
    let told = proxy.transitions(after: 0).last?.sequence ?? 0
    let status = proxy.status()
    for entry in state.desired.backends {
        let words = status.backends[entry.name].map { phrase($0) } ?? "unknown"
        Journal.line("backend \(entry.name) at \(entry.spec.url): \(words)")
    }
    if state.desired.backends.isEmpty {
        Journal.line("no backends yet: add one with lbctl add backend http://HOST:PORT")
    }
    for address in proxy.listeners { Journal.line("listening on \(url(of: address))") }
    for address in proxy.sharedListeners {
        Journal.line("the sockets on \(address) are shared with another instance: either may end without a loss")
    }
    for address in proxy.apartListeners {
        Journal.line(
            "another process that listens on \(address) has not handed its sockets over: when it ends, clients that wait in its "
                + "queue are reset; look whether it hangs"
        )
    }
    for address in proxy.squattedListeners {
        Journal.line(
            "a process of another user, or one that hangs, has the name by which instances find each other on \(address): "
                + "lbd --replace cannot take these sockets over; find it with: ss -xlp | grep lbd/"
        )
    }
    // In this order: one that looks ends by itself, and must not take the signal for the second that makes it hurry.
    if let predecessor { Signals.stop(predecessor) }
    state.announce()
    Journal.followHealth(of: proxy, from: status.backends, after: told)
    if demo, let listener = proxy.listeners.first, let address = admin.boundAddresses.first {
        let command = DemoGuide.lbctl(
            program: CommandLine.arguments.first ?? "lbd",
            path: System.variable("PATH") ?? "",
            isExecutable: System.isExecutable
        )
        let guide = DemoGuide.text(listener: listener, admin: address, lbctl: command, backends: demoBackends)
        Journal.text("\n" + guide + "\n")
    }

    supervisor.tell("READY=1", "STATUS=\(Supervisor.sentence(proxy.status()))")
    supervisor.follow(proxy, log: { Journal.line($0) })
    var reload = Reload(
        arguments: arguments,
        running: config.process,
        state: state,
        plane: proxy,
        say: { Journal.line($0) }
    )
    // A port that the kernel chose stays the same when the admin API is taken back.
    var home = config.process
    if admin.boundAddresses.count == 1 { home.admin = admin.boundAddresses[0] }
    var departure: Departure?
    while true {
        switch Signals.next(within: departure == nil ? nil : Departure.glanceMilliseconds) {
        case .reopenLog:
            proxy.reopenLog()
            Journal.line("access log reopened")
        case .reload:
            supervisor.tell("RELOADING=1", "MONOTONIC_USEC=\(System.monotonicNanoseconds() / 1000)")
            reload.run()
            supervisor.tell("READY=1")
        case .release where departure == nil:
            admin.stop()
            state.close()
            departure = Departure(at: System.monotonicNanoseconds())
            Journal.line("USR2: the state and the admin port are free for the instance that replaces this one")
        case .release:
            break
        case .nothing:
            let now = System.monotonicNanoseconds()
            switch departure?.next(ConfigState.tenant(of: directory), at: now) {
            case nil, .wait?: break
            case .end(let process)?:
                Journal.line(
                    "process \(process.map { "\($0)" } ?? "of another instance") serves with the state: this one ends"
                )
                // The successor has sent TERM before it said so. Taken for a second one, it would cut what still runs.
                while Signals.next(within: 0) != .nothing {}
                stop(proxy, nil, state, supervisor, patience: reload.running.timeouts.stop, temporary: nil)
            case .takeBack?:
                do {
                    state = try ConfigState(resuming: directory, known: state.desired)
                    try proxy.apply(state.desired, revision: state.revision)
                    admin = try makeAdmin(state, proxy, home, inherited: nil)
                    try admin.start()
                    reload.state = state
                    state.announce()
                    departure = nil
                    Journal.line("no instance has replaced this one: the state and the admin port are taken back")
                } catch {
                    Journal.line(
                        "no instance has replaced this one, and the state or the admin port cannot be had: \(error)"
                    )
                    state.close()
                    departure = Departure(at: now)
                }
            }
        case .stop:
            stop(
                proxy,
                departure == nil ? admin : nil,
                state,
                supervisor,
                patience: reload.running.timeouts.stop,
                temporary: isTemporary && departure == nil ? directory : nil
            )
        }
    }
}

/// How long an address or a state directory that is taken is tried again at the start. A process that was killed a moment
/// ago still has what it had until the kernel has put it away.
private let takenPatience = TimeSpan.seconds(2)

/// Asks the instances that have the state directory, one after the other, to let go of it, and returns when nobody has it.
/// - Returns: the last that was asked; nil when nobody had the directory.
private func replace(tenantOf directory: String) -> Int32? {
    var asked: Int32?
    var deadline = System.monotonicNanoseconds() + Departure.patienceNs
    while true {
        switch ConfigState.tenant(of: directory) {
        case .nobody:
            if asked == nil { Journal.line("there is no instance to replace: nobody has \(directory)") }
            return asked
        case .process(let process?, _) where process != asked:
            // Another one may have been quicker: then that one is replaced.
            Journal.line("replacing process \(process)")
            Signals.askForRelease(process)
            asked = process
            deadline = System.monotonicNanoseconds() + Departure.patienceNs
        case .process(let process, _):
            guard System.monotonicNanoseconds() < deadline else {
                let words = process.map { "process \($0)" } ?? "another instance"
                die(
                    "\(words) has not let go of \(directory) within \(Departure.patienceNs / 1_000_000_000) s; it serves on"
                )
            }
        }
        System.sleep(milliseconds: 5)
    }
}

private func startDemo(_ config: inout Config) -> [(name: String, url: BackendURL)] {
    do {
        let backends = try DemoBackends.start(say: { Journal.line($0) })
        for backend in backends { config.desired.setBackend(backend.name, BackendSpec(url: backend.url)) }
        return backends
    } catch let failure as DemoBackends.Failure {
        die("the demo's backends could not start: \(failure.text)")
    } catch {
        die("the demo's backends could not start: \(error)")
    }
}

/// The state, and the process that had it and serves with it until it is told that this one does.
private func openState(
    _ declared: DesiredState,
    directory: String,
    isReplacing: Bool
) -> (ConfigState, predecessor: Int32?) {
    let deadline = System.monotonicNanoseconds() + takenPatience.nanoseconds
    var isWaiting = false
    var predecessor: Int32?
    while true {
        if isReplacing { predecessor = replace(tenantOf: directory) ?? predecessor }
        do {
            return (try ConfigState(declared: declared, directory: directory), predecessor)
        } catch {
            guard error.kind == .inUse else { die("\(error)") }
            // Another one that replaces has come in between.
            if isReplacing { continue }
            guard System.monotonicNanoseconds() < deadline else { die("\(error)") }
            if !isWaiting { Journal.line("\(directory) is in use: trying again for up to \(takenPatience)") }
            isWaiting = true
            System.sleep(milliseconds: 20)
        }
    }
}

private func openAdmin(
    _ state: ConfigState,
    _ plane: Proxy,
    _ process: ProcessSettings,
    inherited: Int32?
) -> AdminServer {
    do {
        return try makeAdmin(state, plane, process, inherited: inherited)
    } catch {
        die(error.message)
    }
}

private func makeAdmin(
    _ state: ConfigState,
    _ plane: Proxy,
    _ process: ProcessSettings,
    inherited: Int32?
) throws(ListenFailure) -> AdminServer {
    var limits = AdminLimits()
    limits.requiresIfMatch = process.adminRequiresIfMatch
    return try AdminServer(
        state: state,
        plane: plane,
        address: process.admin,
        version: Release.version,
        inherited: inherited,
        listeners: plane.listeners,
        isLocal: System.isLocal,
        tokenFile: process.adminTokenFile,
        extraHosts: process.adminHosts,
        limits: limits,
        patience: takenPatience,
        log: { Journal.line($0) }
    )
}

/// Binds the listeners. The demo makes do with port 8000 where 80 is not to be had.
private func bind(_ process: inout ProcessSettings, demo: Bool, inherited: [InheritedListener]) -> Proxy {
    while true {
        let hasAlternative = demo && process.listeners == [.anywhere(port: 80)]
        let patience = hasAlternative ? TimeSpan.zero : takenPatience
        do {
            return try Proxy(process, inherited: inherited, patience: patience, say: { Journal.line($0) })
        } catch .listener(let refusal) {
            guard hasAlternative, refusal.reason == .inUse || refusal.reason == .notPermitted else {
                die(explain(refusal))
            }
            Journal.line("port 80 is \(refusal.reason == .inUse ? "taken" : "not permitted"): using port 8000 instead")
            process.listeners = [.anywhere(port: 8000)]
        } catch .accessLog(let path, let text) {
            die("the access log \(path) cannot be opened: \(text)")
        } catch .noUring(let reason) {
            die("io_uring is asked for and is not to be had (\(reason)). Say io: auto or --io epoll")
        } catch {
            die("no descriptors left for the event loops: raise the limit (ulimit -n)")
        }
    }
}

/// Why a port could not be had, and the ways out.
private func explain(_ refusal: BoundListener.Refusal) -> String {
    let address = refusal.address
    switch refusal.reason {
    case .notPermitted:
        return """
            cannot listen on \(address): \(refusal.text). Ports below 1024 need a permission. Three ways out:
              --listen :8080                                        a port that anyone may have
              sudo setcap cap_net_bind_service=+ep "$(command -v lbd)"  the permission, for this program
              AmbientCapabilities=CAP_NET_BIND_SERVICE              the permission, in its systemd unit
            """
    case .inUse:
        return "cannot listen on \(address): another program listens there already. "
            + "Find it with: ss -ltnp; or choose another address with --listen ADDR"
    case .noSuchAddress:
        return "cannot listen on \(address): this machine has no such address. Those it has: ip addr"
    case .other:
        return "cannot listen on \(address): \(refusal.text)"
    }
}

/// Stops in order: no new clients, the running ones finish, then the admin port, which tells how it goes until the end.
/// A second TERM or INT does not wait for those that run.
private func stop(
    _ proxy: Proxy,
    _ admin: AdminServer?,
    _ state: ConfigState,
    _ supervisor: Supervisor,
    patience: TimeSpan,
    temporary directory: String?
) -> Never {
    let clients = count(proxy.clientCount, "client")
    Journal.line("stopping: \(clients) connected, at most \(patience) to finish")
    // systemd kills what has not stopped after 90 s, unless it is told.
    let extended = (patience.nanoseconds + 10_000_000_000) / 1000
    supervisor.tell("STOPPING=1", "STATUS=stopping: \(clients) connected", "EXTEND_TIMEOUT_USEC=\(extended)")
    let began = System.monotonicNanoseconds()
    Thread.start {
        while true {
            switch Signals.next() {
            case .stop: proxy.cut()
            case .reload: Journal.line("HUP: the process is stopping, and reads no file any more")
            case .reopenLog: proxy.reopenLog()
            case .release, .nothing: break
            }
        }
    }
    let cut = proxy.stop(patience: patience)
    let waited = min(patience, TimeSpan.milliseconds((System.monotonicNanoseconds() - began) / 1_000_000))
    admin?.stop()
    state.close()
    if let directory { System.removeState(directory) }
    Journal.line(cut == 0 ? "stopped" : "stopped: \(count(cut, "client connection")) cut after \(waited)")
    Journal.flush()
    exit(0)
}

private func phrase(_ status: BackendStatus) -> String {
    switch status.phase {
    case .starting: "no verdict yet"
    case .serving: status.health.state == .healthy ? "healthy" : "serving, not checked"
    case .unhealthy: "unhealthy (\(status.health.reason ?? "no reason given"))"
    case .ejected: "ejected (\(status.health.reason ?? "no reason given"))"
    case .draining: "draining"
    case .maint: "in maintenance"
    }
}

private func url(of address: ListenAddress) -> String {
    switch address.place {
    case .network: "http://\(address)"
    case .unix: "\(address)"
    }
}

private func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }

private func die(_ text: String) -> Never {
    // Some reasons come with ways out, a line each.
    Journal.text(
        "lbd: "
            + text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0).onOneLine }.joined(separator: "\n") + "\n"
    )
    Journal.flush()
    exit(1)
}
