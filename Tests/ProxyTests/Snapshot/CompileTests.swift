import Model
import Testing

@testable import Proxy

@Suite struct CompileTests {
    private func desired(_ entries: [(name: String, url: String, pool: String, weight: Int)]) throws -> DesiredState {
        var state = DesiredState()
        for entry in entries where state.pool(entry.pool) == nil { state.setPool(entry.pool, PoolSpec()) }
        for entry in entries {
            state.setBackend(
                entry.name,
                BackendSpec(url: try BackendURL(entry.url), pool: entry.pool, weight: entry.weight)
            )
        }
        return state
    }

    @Test func poolsAndBackendsStandWhereTheirPlansSay() throws {
        let state = try desired([
            ("x1", "http://10.0.0.1", "extra", 1), ("d1", "http://10.0.0.2:81", "default", 2),
            ("x2", "http://[::1]:82", "extra", 0), ("d2", "unix:/run/a", "default", 1),
            ("d3", "http://name.example", "default", 0),
        ])
        var placements: [String: Compile.Placement] = [:]
        for (index, name) in ["x1", "d1", "x2", "d2", "d3"].enumerated() {
            let endpoints = (0..<index).map { Endpoint.ipv4(UInt32(index), port: UInt16($0)) }
            placements[name] = Compile.Placement(live: UInt32(10 + index), epoch: 0, endpoints: endpoints)
        }
        let snapshot = Compile.snapshot(
            state,
            sequence: 9,
            placements: placements,
            tickets: ["default": 4, "extra": 6]
        )
        let view = snapshot.view
        defer { withExtendedLifetime(snapshot) {} }
        #expect(snapshot.sequence == 9)
        #expect(view.pools.count == 2)
        // The default pool comes first, wherever it was declared.
        let main = view.pools[0]
        #expect(main.ticket == 4 && main.backendCount == 3 && view.pools[1].ticket == 6)
        let lives = (0..<view.backends.count).map { view.backends[$0].live }
        #expect(lives == [11, 13, 14, 10, 12])
        #expect((0..<5).map { view.backends[$0].weight } == [2, 1, 0, 1, 0])
        #expect(turns(main.primary, view).sorted() == [0, 0, 1] && members(main.primary, view) == [0, 1])
        let extra = view.pools[1]
        #expect(turns(extra.primary, view) == [3] && members(extra.primary, view) == [3])
        #expect(!extra.primary.isWeighted && main.primary.isWeighted)
        for index in 0..<5 {
            let plan = view.backends[index]
            #expect(plan.endpointCount == plan.live - 10)
            for at in 0..<Int(plan.endpointCount) {
                #expect(
                    view.endpoints[Int(plan.endpointStart) + at] == .ipv4(plan.live - 10, port: UInt16(at))
                )
            }
        }
        #expect((0..<20 as Range<UInt32>).map { view.isMember($0) } == (0..<20).map { (10...14).contains($0) })
        #expect(!view.isMember(.max))
    }

    private func turns(_ group: GroupPlan, _ view: SnapshotView) -> [UInt32] {
        (0..<Int(group.turnCount)).map { view.rotation[Int(group.turnStart) + $0] }
    }

    private func members(_ group: GroupPlan, _ view: SnapshotView) -> [UInt32] {
        (0..<Int(group.memberCount)).map { view.rotation[Int(group.memberStart) + $0] }
    }

    /// Every backend knows where it stands in what its group is laid out in.
    @Test func primariesAndBackupsAreGroupsOfTheirOwn() throws {
        var state = DesiredState()
        state.setPool("default", PoolSpec(algorithm: .hash, hashBy: .header("X-Key"), sticky: StickySpec(cookie: "s")))
        var placements: [String: Compile.Placement] = [:]
        for index in 0..<40 {
            let spec = BackendSpec(
                url: try BackendURL("http://10.0.0.\(index)"),
                weight: index % 4,
                state: index % 7 == 6 ? .drain : .ready,
                isBackup: index % 3 == 0
            )
            state.setBackend("b\(index)", spec)
            placements["b\(index)"] = Compile.Placement(live: UInt32(index), epoch: 0, endpoints: [])
        }
        let snapshot = Compile.snapshot(state, sequence: 1, placements: placements, tickets: ["default": 0])
        let view = snapshot.view
        defer { withExtendedLifetime(snapshot) {} }
        let pool = view.pools[0]
        #expect(pool.backup.memberStart == pool.primary.memberStart + pool.primary.memberCount)
        for index in 0..<40 {
            let plan = view.backends[index]
            let isCandidate = index % 4 > 0 && index % 7 != 6
            #expect(plan.isCandidate == isCandidate && plan.isBackup == (index % 3 == 0))
            #expect(plan.keepsSessions == (index % 7 == 6) && plan.stickyID != 0)
            let group = plan.isBackup ? pool.backup : pool.primary
            let places = (0..<Int(plan.turnCount)).map { Int(view.places[Int(plan.turnStart) + $0]) }
            #expect(places == turns(group, view).indices.filter { turns(group, view)[$0] == UInt32(index) })
            #expect(places.count == (isCandidate ? Int(plan.weight) : 0))
            if isCandidate { #expect(members(group, view)[Int(plan.place)] == UInt32(index)) }
        }
        for group in [pool.primary, pool.backup] {
            #expect(group.hasHashTable)
            let hashed = Set((0..<HashTable.size).map { view.hashes[Int(group.hashStart) + $0] })
            #expect(hashed == Set(members(group, view).map { UInt16($0) }))
        }
        let name = (0..<Int(pool.hashName.count)).map { view.text[Int(pool.hashName.start) + $0] }
        #expect(String(decoding: name, as: UTF8.self) == "x-key")
    }

    @Test func probesNameTheirHost() throws {
        let state = try desired([
            ("a", "http://10.0.0.1", "default", 1), ("b", "http://[::1]:82", "default", 1),
            ("c", "unix:/run/a", "default", 1), ("d", "http://name.example:81", "default", 1),
        ])
        var placements: [String: Compile.Placement] = [:]
        for (index, name) in ["a", "b", "c", "d"].enumerated() {
            placements[name] = Compile.Placement(
                live: UInt32(index),
                epoch: 0,
                endpoints: index < 3 ? [.ipv4(1, port: 1)] : []
            )
        }
        let probes = Compile.snapshot(state, sequence: 1, placements: placements, tickets: ["default": 0])
            .probes[0..<4].map(\.plan)
        #expect(probes.map(\.authority) == ["10.0.0.1", "[::1]:82", "localhost", "name.example:81"])
        #expect(probes.map(\.unresolved) == [nil, nil, nil, "name.example"])
        #expect(probes.map(\.live) == [0, 1, 2, 3])
    }

    @Test func withoutBackendsNobodyServes() {
        let snapshot = Compile.snapshot(DesiredState(), sequence: 1, placements: [:], tickets: ["default": 0])
        let view = snapshot.view
        defer { withExtendedLifetime(snapshot) {} }
        #expect(view.pools.count == 1 && view.pools[0].primary.turnCount == 0 && view.backends.count == 0)
        #expect(RouteTable.pool(in: view) == 0)
        #expect(RouteTable.pool(in: SnapshotView()) == nil)
    }
}
