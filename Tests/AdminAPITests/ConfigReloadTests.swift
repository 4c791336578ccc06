import Foundation
import Model
import Synchronization
import Testing

@testable import AdminAPI

@Suite struct ConfigReloadTests {
    @Test func fileThatAddsAndDropsBackendsIsAppliedOnce() throws {
        let state = try ConfigState(declared: declared("a", "b"), directory: newDirectory())
        let plane = RecordingPlane()
        let result = try state.reload(declared: declared("b", "c"), to: plane)
        #expect(result.changes.sorted() == ["backend a removed", "backend c added"])
        #expect(result.conflicts.isEmpty)
        #expect(state.desired.backends.map(\.name) == ["b", "c"])
        #expect(state.revision == result.revision)
        #expect(plane.applied.map { $0.backends.map(\.name) } == [["b", "c"]])
    }

    @Test func unchangedFileChangesNothingAndIsNotApplied() throws {
        let state = try ConfigState(declared: declared("a", "b"), directory: newDirectory())
        let revision = state.revision
        let plane = RecordingPlane()
        let result = try state.reload(declared: declared("a", "b"), to: plane)
        #expect(result.changes.isEmpty)
        #expect(state.revision == revision)
        #expect(plane.applied.isEmpty)
    }

    @Test func changedOrderIsAppliedWithoutARevision() throws {
        let state = try ConfigState(declared: declared("a", "b"), directory: newDirectory())
        let revision = state.revision
        let plane = RecordingPlane()
        let result = try state.reload(declared: declared("b", "a"), to: plane)
        #expect(result.changes == ["order of backends changed"])
        #expect(state.revision == revision)
        #expect(plane.applied.map { $0.backends.map(\.name) } == [["b", "a"]])
    }

    @Test func runTimeChangeStandsUntilTheFileChangesItsMind() throws {
        let directory = newDirectory()
        let plane = RecordingPlane()
        let state = try ConfigState(declared: declared("a"), directory: directory)
        try add("run-time", to: state, plane)
        try set("a", weight: 7, in: state, plane)

        let kept = try state.reload(declared: declared("a", "b"), to: plane)
        #expect(kept.conflicts.isEmpty)
        #expect(state.desired.backends.map(\.name) == ["a", "b", "run-time"])
        #expect(state.desired.backend("a")?.weight == 7)

        var file = declared("a", "b")
        file.setBackend("a", BackendSpec(url: try BackendURL("http://127.0.0.1:9"), weight: 3))
        let lost = try state.reload(declared: file, to: plane)
        #expect(lost.conflicts.map(\.name) == ["a"])
        #expect(state.desired.backend("a")?.weight == 3)
        #expect(state.desired.backend("run-time") != nil)

        // Told once: the change is forgotten.
        #expect(try state.reload(declared: file, to: plane).conflicts.isEmpty)
    }

    @Test func laterWriteIsMeasuredAgainstTheFileThatWasReloaded() throws {
        let directory = newDirectory()
        let plane = RecordingPlane()
        do {
            let state = try ConfigState(declared: declared("a"), directory: directory)
            _ = try state.reload(declared: declared("a", "b"), to: plane)
            _ = try state.write(by: .test, at: 0, to: plane) { _ in
                Draft(backends: [("b", nil)])
            }
        }
        let again = try ConfigState(declared: declared("a", "b"), directory: directory)
        #expect(again.conflicts.isEmpty)
        #expect(again.desired.backends.map(\.name) == ["a"])
    }

    @Test func planeThatIsStoppingIsReported() throws {
        let state = try ConfigState(declared: declared("a"), directory: newDirectory())
        let plane = RecordingPlane(refusing: .stopping)
        #expect(throws: PlaneError.stopping) { try state.reload(declared: declared("b"), to: plane) }
    }

    private func declared(_ names: String...) -> DesiredState {
        var state = DesiredState()
        for name in names {
            state.setBackend(name, BackendSpec(url: try! BackendURL("http://127.0.0.1:\(8000)")))
        }
        return state
    }

    private func add(_ name: String, to state: ConfigState, _ plane: RecordingPlane) throws {
        let spec = BackendSpec(url: try BackendURL("http://127.0.0.1:9999"))
        _ = try state.write(by: .test, at: 0, to: plane) { _ in
            Draft(backends: [(name, spec)])
        }
    }

    private func set(_ name: String, weight: Int, in state: ConfigState, _ plane: RecordingPlane) throws {
        var spec = try #require(state.desired.backend(name))
        spec.weight = weight
        _ = try state.write(by: .test, at: 0, to: plane) { _ in
            Draft(backends: [(name, spec)])
        }
    }

    private func newDirectory() -> String {
        NSTemporaryDirectory() + "/lb-reload-\(UUID().uuidString)"
    }
}

/// A data plane that keeps what it is given.
private final class RecordingPlane: ControlPlane {
    private let states = Mutex<[DesiredState]>([])
    private let refusal: PlaneError?

    init(refusing refusal: PlaneError? = nil) { self.refusal = refusal }

    var applied: [DesiredState] { states.withLock { $0 } }

    func apply(_ desired: DesiredState, revision: UInt64) throws(PlaneError) {
        if let refusal { throw refusal }
        states.withLock { $0.append(desired) }
    }

    func standIns() -> [StandIn] { [] }
    func metrics() -> MetricsSnapshot { MetricsSnapshot(at: 0, startedAt: 0) }
    func durations(of names: Set<String>?) -> [String: RequestDurations] { [:] }

    func status() -> PlaneStatus { PlaneStatus(backends: [:], isTicking: true, isAccepting: true) }
    func status(of name: String) -> BackendStatus? { nil }
    var changes: UInt64 { 0 }
    var publications: UInt64 { UInt64(applied.count) }
    func awaitChange(after seen: UInt64, timeout: TimeSpan) -> UInt64 { seen }
    func transitions(after sequence: UInt64) -> [HealthTransition] { [] }
    func probe(_ spec: BackendSpec, with check: HealthCheckSpec) -> ProbeReport { ProbeReport() }
    func seed(_ known: [KnownHealth]) {}
    func drains() -> [DrainProgress] { [] }
    func cut(_ drain: UInt64) {}
}
