import Model
import Testing

@testable import AdminAPI

/// The file and the run-time changes, met at a start.
@Suite struct OverlayTests {
    private static func spec(_ weight: Int?, pool: String = "default") throws -> BackendSpec? {
        guard let weight else { return nil }
        return BackendSpec(url: try BackendURL("http://10.0.0.1:80"), pool: pool, weight: weight)
    }

    private static func file(_ backends: [(String, Int)]) throws -> DesiredState {
        var state = DesiredState()
        for (name, weight) in backends {
            if let spec = try spec(weight) { state.setBackend(name, spec) }
        }
        return state
    }

    /// One backend by its weight; nil is absent.
    struct Case: Sendable {
        let then: Int?
        let changed: Int?
        let now: Int?
        let result: Int?
        let isConflict: Bool
        let stays: Bool
    }

    @Test(arguments: [
        // The file says what it said: the change wins.
        Case(then: 1, changed: 5, now: 1, result: 5, isConflict: false, stays: true),
        Case(then: 1, changed: nil, now: 1, result: nil, isConflict: false, stays: true),
        Case(then: nil, changed: 5, now: nil, result: 5, isConflict: false, stays: true),
        // The file has changed: it wins, and says so.
        Case(then: 1, changed: 5, now: 2, result: 2, isConflict: true, stays: false),
        Case(then: 1, changed: nil, now: 2, result: 2, isConflict: true, stays: false),
        Case(then: 1, changed: 5, now: nil, result: nil, isConflict: true, stays: false),
        Case(then: nil, changed: 5, now: 2, result: 2, isConflict: true, stays: false),
        // The file has come to the same: nothing to say, and nothing to remember.
        Case(then: 1, changed: 5, now: 5, result: 5, isConflict: false, stays: false),
        Case(then: 1, changed: nil, now: nil, result: nil, isConflict: false, stays: false),
        Case(then: nil, changed: 5, now: 5, result: 5, isConflict: false, stays: false),
        Case(then: 1, changed: 1, now: 1, result: 1, isConflict: false, stays: false),
    ])
    func mergeOfOneBackend(_ one: Case) throws {
        let overlay = Overlay([
            Overlay.Change(
                name: "a",
                spec: try Self.spec(one.changed),
                declared: try Self.spec(one.then),
                order: 3
            )
        ])
        let merge = overlay.merge(declared: try Self.file(one.now.map { [("a", $0)] } ?? []))
        #expect(merge.desired.backend("a") == (try Self.spec(one.result)))
        #expect(merge.conflicts.count == (one.isConflict ? 1 : 0))
        #expect(merge.remaining.backends.changes.count == (one.stays ? 1 : 0))
        if one.stays { #expect(merge.remaining == overlay) }
        if one.isConflict {
            #expect(
                merge.conflicts[0].cause
                    == .fileChanged(
                        from: try Self.spec(one.then).map(SpecText.words),
                        to: try Self.spec(one.now).map(SpecText.words)
                    )
            )
        }
        // Met once more, the result is the same and nobody is told twice.
        let again = merge.remaining.merge(declared: try Self.file(one.now.map { [("a", $0)] } ?? []))
        #expect(again.desired == merge.desired)
        #expect(again.conflicts.isEmpty)
    }

    /// Somebody drains a backend, and somebody else edits its weight in the file: two things, and neither undoes the other.
    @Test func memberThatOnlyOneSideHasChangedIsAsThatSideHasIt() throws {
        let url = try BackendURL("http://10.0.0.1:80")
        var then = BackendSpec(url: url, weight: 1)
        then.labels = ["color": "blue", "zone": "a"]
        var changed = then
        changed.state = .drain
        changed.labels["color"] = "green"
        var now = then
        now.weight = 7
        now.labels["zone"] = "b"
        var file = DesiredState()
        file.setBackend("a", now)
        let overlay = Overlay([Overlay.Change(name: "a", spec: changed, declared: then, order: 3)])
        let merge = overlay.merge(declared: file)
        var met = now
        met.state = .drain
        met.labels["color"] = "green"
        #expect(merge.desired.backend("a") == met && merge.conflicts.isEmpty)
        #expect(merge.remaining.backends.changes == [Overlay.Change(name: "a", spec: met, declared: now, order: 3)])
        // What both have changed is the file's, and only that.
        now.labels["color"] = "red"
        file.setBackend("a", now)
        met.labels["color"] = "red"
        let contested = overlay.merge(declared: file)
        #expect(contested.desired.backend("a") == met)
        #expect(contested.conflicts.map(\.cause) == [.membersChanged(["labels.color"])])
        #expect(
            contested.conflicts[0].description.hasSuffix(
                "changed labels.color since: there the file wins, and the rest stands"
            )
        )
        let again = contested.remaining.merge(declared: file)
        #expect(again.desired == contested.desired && again.conflicts.isEmpty)
        // The same of a pool.
        let (low, high) = (PoolSpec(algorithm: .random), PoolSpec(algorithm: .random, minReady: 3))
        var pools = DesiredState()
        pools.setPool("p", high)
        let change = Overlay.Change(name: "p", spec: PoolSpec(algorithm: .hash), declared: low, order: 1)
        let merged = Overlay(pools: [change]).merge(declared: pools)
        #expect(merged.desired.pool("p") == PoolSpec(algorithm: .hash, minReady: 3) && merged.conflicts.isEmpty)
    }

    @Test func fileOrderComesFirstThenAdditionsInTheirOrder() throws {
        let overlay = Overlay([
            Overlay.Change(name: "late", spec: try Self.spec(1), declared: nil, order: 9),
            Overlay.Change(name: "b", spec: try Self.spec(7), declared: try Self.spec(2), order: 5),
            Overlay.Change(name: "early", spec: try Self.spec(1), declared: nil, order: 4),
            Overlay.Change(name: "c", spec: nil, declared: try Self.spec(3), order: 6),
        ])
        let merge = overlay.merge(declared: try Self.file([("a", 1), ("b", 2), ("c", 3), ("d", 4)]))
        #expect(merge.desired.backends.map(\.name) == ["a", "b", "d", "early", "late"])
        #expect(merge.desired.backend("b")?.weight == 7)
    }

    @Test func changeIntoAPoolThatIsGoneWaitsForIt() throws {
        let overlay = Overlay([
            Overlay.Change(name: "a", spec: try Self.spec(5, pool: "blue"), declared: try Self.spec(1), order: 2),
            Overlay.Change(name: "n", spec: try Self.spec(5, pool: "blue"), declared: nil, order: 3),
        ])
        let merge = overlay.merge(declared: try Self.file([("a", 1)]))
        #expect(merge.desired == (try Self.file([("a", 1)])))
        #expect(merge.conflicts.map(\.cause) == [.poolGone("blue"), .poolGone("blue")])
        #expect(merge.remaining == overlay)
        var back = try Self.file([("a", 1)])
        back.setPool("blue", PoolSpec())
        let healed = merge.remaining.merge(declared: back)
        #expect(healed.conflicts.isEmpty)
        #expect(healed.desired.backends.map(\.spec.pool) == ["blue", "blue"])
    }

    @Test func additionsBeyondTheMaximumWait() throws {
        let file = try Self.file([("a", 1), ("b", 1)])
        let overlay = Overlay([
            Overlay.Change(name: "n", spec: try Self.spec(1), declared: nil, order: 1),
            Overlay.Change(name: "m", spec: try Self.spec(1), declared: nil, order: 2),
        ])
        let merge = overlay.merge(declared: file, backendsMax: 3)
        #expect(merge.desired.backends.map(\.name) == ["a", "b", "n"])
        #expect(merge.conflicts.map(\.name) == ["m"])
        #expect(merge.conflicts.map(\.cause) == [.tooMany])
        #expect(merge.remaining == overlay)
    }

    @Test func recordKeepsOneChangeANameAndForgetsWhatTheFileSays() throws {
        var overlay = Overlay()
        overlay.backends.record("n", spec: try Self.spec(1), declared: nil, sequence: 2)
        overlay.backends.record("a", spec: try Self.spec(9), declared: try Self.spec(1), sequence: 3)
        overlay.backends.record("n", spec: try Self.spec(2), declared: nil, sequence: 4)
        #expect(overlay.backends.changes.map(\.name) == ["n", "a"])
        #expect(overlay.backends.change(of: "n")?.order == 2)
        #expect(overlay.backends.change(of: "n")?.spec?.weight == 2)
        overlay.backends.record("a", spec: try Self.spec(1), declared: try Self.spec(1), sequence: 5)
        #expect(overlay.backends.change(of: "a") == nil)
        overlay.backends.record("n", spec: nil, declared: nil, sequence: 6)
        #expect(overlay.backends.changes.isEmpty)
        overlay.backends.record("a", spec: try Self.spec(1), declared: try Self.spec(1), sequence: 7)
        #expect(overlay.backends.changes.isEmpty)
    }

    @Test func conflictIsALineForAPerson() throws {
        let overlay = Overlay([
            Overlay.Change(name: "a", spec: nil, declared: try Self.spec(1), order: 2)
        ])
        let line = try overlay.merge(declared: Self.file([("a", 4)])).conflicts[0].description
        #expect(
            line == "backend \"a\" was removed at run time, but the file has changed since "
                + "(http://10.0.0.1:80 pool=default weight=1 → http://10.0.0.1:80 pool=default weight=4): the file wins"
        )
    }
}
