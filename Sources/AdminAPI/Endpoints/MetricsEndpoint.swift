import Model

/// `GET /metrics`
extension Endpoints {
    func metrics() -> AdminResponse {
        let text = MetricsText.write(plane.metrics(), version: version, revision: state.current.revision)
        return AdminResponse(status: 200, body: .metrics(text))
    }
}

/// The table of every metric: its name, its meaning, and where its value comes from. docs/METRICS.md says the same for
/// people, and a test compares the names.
enum MetricsText {
    static func write(_ snapshot: MetricsSnapshot, version: String, revision: UInt64) -> [UInt8] {
        let backends = Backends(
            labels: snapshot.backends.map { PrometheusText.Labels([("pool", $0.pool), ("backend", $0.name)]) },
            facts: snapshot.backends
        )
        // One with traffic takes 92 lines of some 100 bytes: to make room for thousands piece by piece is to copy megabytes.
        var text = PrometheusText(reserving: 65_536 + 10_240 * snapshot.backends.count)
        writeRequests(snapshot, backends, &text)
        writeLatencies(backends, &text)
        writeAttempts(snapshot, backends, &text)
        writeConnections(backends, &text)
        writeHealth(backends, &text)
        writeWorkers(snapshot.workers, &text)
        writeLog(snapshot, &text)
        writeProcess(snapshot, version, revision, &text)
        return text.bytes
    }

    /// Gone through by index: to copy the facts of thousands for every family takes as long as to write them.
    private struct Backends {
        let labels: [PrometheusText.Labels]
        let facts: [BackendMetrics]
    }

    private static func each(
        _ backends: Backends,
        _ text: inout PrometheusText,
        _ name: String,
        _ kind: PrometheusText.Kind,
        _ help: String,
        _ value: (Int) -> UInt64
    ) {
        text.family(name, kind, help)
        for index in backends.facts.indices { text.sample(value(index), backends.labels[index]) }
    }

    private static func writeRequests(
        _ snapshot: MetricsSnapshot,
        _ backends: Backends,
        _ text: inout PrometheusText
    ) {
        text.family(
            "lb_requests_total",
            .counter,
            "Finished requests, by the backend of their last attempt; backend is empty where none had been chosen."
        )
        let classes = ClassCounts.names.map { PrometheusText.Labels([("code_class", $0)]) }
        func write(_ requests: ClassCounts, _ labels: PrometheusText.Labels) {
            // From 0 on for those that alerts are about, so that the first one is seen to come.
            for index in 0..<5 where index > 0 || requests[index] > 0 {
                text.sample(requests[index], labels, classes[index])
            }
        }
        for index in backends.facts.indices { write(backends.facts[index].requests, backends.labels[index]) }
        for pool in snapshot.unserved {
            write(pool.requests, PrometheusText.Labels([("pool", pool.pool), ("backend", "")]))
        }
        each(
            backends,
            &text,
            "lb_request_body_bytes_total",
            .counter,
            "Bytes of request bodies passed to the backend, without their framing."
        ) { backends.facts[$0].bytesIn }
        each(
            backends,
            &text,
            "lb_response_body_bytes_total",
            .counter,
            "Bytes of response bodies passed on from the backend, without their framing."
        ) { backends.facts[$0].bytesOut }
        each(
            backends,
            &text,
            "lb_backend_requests_in_flight",
            .gauge,
            "Requests that have picked the backend and are not finished."
        ) { UInt64(max(0, backends.facts[$0].inFlight)) }
        each(
            backends,
            &text,
            "lb_backend_streams",
            .gauge,
            "Requests that have become tunnels (WebSocket) and are open."
        ) { UInt64(max(0, backends.facts[$0].streams)) }
    }

    private static func writeLatencies(_ backends: Backends, _ text: inout PrometheusText) {
        let bounds = PrometheusText.Bounds(Histogram.shownBoundsNs)
        func write(_ name: String, _ help: String, _ histogram: (Int) -> Histogram) {
            text.family(name, .histogram, help)
            for index in backends.facts.indices {
                let found = histogram(index)
                let count = found.count
                // Backends without traffic would only make the answer long.
                guard count > 0 else { continue }
                text.histogram(
                    bounds,
                    cumulative: found.cumulativeCounts,
                    count: count,
                    sumNs: found.sumNs,
                    backends.labels[index]
                )
            }
        }
        write(
            "lb_request_duration_seconds",
            "From the end of the request's head to the last byte of its answer, tunnels aside."
        ) { backends.facts[$0].total }
        write(
            "lb_first_byte_duration_seconds",
            "From the request being sent to the first byte of the backend's answer."
        ) { backends.facts[$0].firstByte }
        write("lb_connect_duration_seconds", "From a connect to a backend to its success.") {
            backends.facts[$0].connect
        }
    }

    private static func writeAttempts(
        _ snapshot: MetricsSnapshot,
        _ backends: Backends,
        _ text: inout PrometheusText
    ) {
        each(
            backends,
            &text,
            "lb_attempts_total",
            .counter,
            "Requests given to the backend, those included that were then tried elsewhere."
        ) { backends.facts[$0].attempts }
        each(
            backends,
            &text,
            "lb_attempt_errors_total",
            .counter,
            "Attempts that ended in a fault of the backend."
        ) { backends.facts[$0].errors }
        each(
            backends,
            &text,
            "lb_attempts_retried_total",
            .counter,
            "Attempts on the backend that another attempt followed."
        ) { backends.facts[$0].retriedAway }
        text.family("lb_retries_total", .counter, "Further attempts, by the fault that ended the one before.")
        for retry in snapshot.retries { text.sample(retry.count, PrometheusText.Labels([("reason", retry.reason)])) }
        text.family(
            "lb_retries_denied_total",
            .counter,
            "Attempts that were not repeated because the retry budget was used up."
        )
        text.sample(snapshot.retriesDenied)
        text.family(
            "lb_faults_total",
            .counter,
            "Faults that ended an attempt or a request, by kind and by whose they are."
        )
        for fault in snapshot.faults {
            text.sample(fault.count, PrometheusText.Labels([("kind", fault.kind), ("side", fault.side)]))
        }
        text.family(
            "lb_glitches_total",
            .counter,
            "Messages or fields refused for breaking a rule of HTTP, by rule and by who broke it."
        )
        for glitch in snapshot.glitches {
            text.sample(glitch.count, PrometheusText.Labels([("kind", glitch.kind), ("side", glitch.side)]))
        }
        text.sample(
            snapshot.underscoreFieldsDropped,
            PrometheusText.Labels([("kind", "underscore-field"), ("side", "downstream")])
        )
    }

    private static func writeConnections(_ backends: Backends, _ text: inout PrometheusText) {
        each(
            backends,
            &text,
            "lb_backend_connections_opened_total",
            .counter,
            "Connections made to the backend, health checks aside."
        ) { backends.facts[$0].connectionsOpened }
        each(
            backends,
            &text,
            "lb_backend_connections_reused_total",
            .counter,
            "Attempts that took a connection which had carried others before."
        ) { backends.facts[$0].connectionsReused }
        text.family("lb_backend_connections", .gauge, "Connections to the backend, by state.")
        let (idle, busy) = (PrometheusText.Labels([("state", "idle")]), PrometheusText.Labels([("state", "busy")]))
        for index in backends.facts.indices {
            let count = max(0, backends.facts[index].idleConnections)
            text.sample(count, backends.labels[index], idle)
            text.sample(backends.facts[index].connections - count, backends.labels[index], busy)
        }
    }

    private static func writeHealth(_ backends: Backends, _ text: inout PrometheusText) {
        each(backends, &text, "lb_backend_up", .gauge, "Whether the backend takes new requests.") {
            backends.facts[$0].phase == .serving ? 1 : 0
        }
        text.family("lb_probes_total", .counter, "Health checks that have ended, by result.")
        let (pass, fail) = (PrometheusText.Labels([("result", "pass")]), PrometheusText.Labels([("result", "fail")]))
        for index in backends.facts.indices {
            text.sample(backends.facts[index].probesPassed, backends.labels[index], pass)
            text.sample(backends.facts[index].probesFailed, backends.labels[index], fail)
        }
        each(
            backends,
            &text,
            "lb_ejections_total",
            .counter,
            "Times that failed requests took the backend out of service."
        ) { backends.facts[$0].ejections }
        text.family(
            "lb_backend_last_check_age_seconds",
            .gauge,
            "Time since the last health check of the backend ended; absent before the first."
        )
        for index in backends.facts.indices where !backends.facts[index].isGone {
            if let age = backends.facts[index].lastCheckAgeNs { text.sample(seconds: age, backends.labels[index]) }
        }
    }

    private static func writeWorkers(_ workers: [WorkerMetrics], _ text: inout PrometheusText) {
        let labels = workers.indices.map { PrometheusText.Labels([("worker", String($0))]) }
        func write(
            _ name: String,
            _ kind: PrometheusText.Kind,
            _ help: String,
            _ value: (WorkerMetrics) -> UInt64
        ) {
            text.family(name, kind, help)
            for (index, worker) in workers.enumerated() { text.sample(value(worker), labels[index]) }
        }
        write("lb_client_connections", .gauge, "Client connections that are open.") { UInt64(max(0, $0.clients)) }
        write("lb_client_connections_accepted_total", .counter, "Client connections accepted.") { $0.accepted }
        write(
            "lb_client_connections_shed_total",
            .counter,
            "Client connections closed at once because the limit of connections was met."
        ) { $0.shed }
        write(
            "lb_accept_pauses_total",
            .counter,
            "Times that accepting stopped for a while for want of descriptors or memory."
        ) { $0.acceptPauses }
        write("lb_requests_in_flight", .gauge, "Requests under way.") { UInt64(max(0, $0.exchanges)) }
        write("lb_requests_queued", .gauge, "Requests that wait for a backend below its limit.") {
            UInt64(max(0, $0.waiting))
        }
        text.family(
            "lb_loop_lag_seconds",
            .histogram,
            "From the moment a timer of the event loop was due to the turn that fired it."
        )
        let bounds = PrometheusText.Bounds(Histogram.shownBoundsNs)
        for (index, worker) in workers.enumerated() {
            text.histogram(
                bounds,
                cumulative: worker.lag.cumulativeCounts,
                count: worker.lag.count,
                sumNs: worker.lag.sumNs,
                labels[index]
            )
        }
    }

    private static func writeLog(_ snapshot: MetricsSnapshot, _ text: inout PrometheusText) {
        text.family("lb_log_dropped_lines_total", .counter, "Access log lines dropped because the log was too slow.")
        text.sample(snapshot.logDrops)
        text.family("lb_log_write_errors_total", .counter, "Failures to write to the access log or to open it anew.")
        text.sample(snapshot.logWriteErrors)
    }

    private static func writeProcess(
        _ snapshot: MetricsSnapshot,
        _ version: String,
        _ revision: UInt64,
        _ text: inout PrometheusText
    ) {
        let process = snapshot.process
        text.family("lb_build_info", .gauge, "Always 1; the label says which version runs.")
        text.sample(1, PrometheusText.Labels([("version", version)]))
        text.family("lb_config_revision", .gauge, "Revision of the desired state that is live.")
        text.sample(revision)
        text.family(
            "lb_backend_slots",
            .gauge,
            "Places taken in the tables of backends: by those that are there, drain, or have gone and were not collected since."
        )
        text.sample(snapshot.slots)
        text.family("lb_uptime_seconds", .gauge, "Time since the process started.")
        text.sample(seconds: UInt64(max(0, snapshot.at - snapshot.startedAt)))
        text.family("process_start_time_seconds", .gauge, "Start time of the process since the UNIX epoch.")
        text.sample(seconds: UInt64(max(0, snapshot.startedAt)))
        text.family("process_cpu_seconds_total", .counter, "User and system CPU time spent.")
        text.sample(seconds: process.cpuNs)
        text.family("process_resident_memory_bytes", .gauge, "Resident memory size.")
        text.sample(process.residentBytes)
        text.family("process_virtual_memory_bytes", .gauge, "Virtual memory size, most of it never touched.")
        text.sample(process.virtualBytes)
        text.family("process_open_fds", .gauge, "Open file descriptors.")
        text.sample(process.descriptors)
        text.family("process_max_fds", .gauge, "Maximum number of open file descriptors.")
        text.sample(process.descriptorsMax)
        text.family("process_threads", .gauge, "Threads of the process.")
        text.sample(process.threads)
    }
}
