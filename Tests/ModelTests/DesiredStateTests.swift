import Model
import Testing

@Suite struct DesiredStateTests {
    private func url(_ text: String) throws -> BackendURL { try BackendURL(text) }

    @Test func emptyStateIsValid() {
        #expect(DesiredState().validate().isEmpty)
        #expect(DesiredState().pool("default") == PoolSpec())
    }

    @Test func everythingWrongIsFoundAtOnce() throws {
        var state = DesiredState()
        state.setPool("a/b", PoolSpec())
        state.setBackend("x y", BackendSpec(url: try url("http://h:1")))
        state.setBackend("b", BackendSpec(url: try url("http://h:1")))
        state.setBackend("c", BackendSpec(url: try url("http://h:1"), pool: "defualt"))
        let issues = state.validate()
        #expect(issues.map(\.pointer) == ["/pools/a~1b", "/backends/x y", "/backends/b/url", "/backends/c/pool"])
        #expect(issues.last?.suggestion == "default")
        #expect(issues.allSatisfy { $0.line == nil && $0.severity == .error && !$0.isUnknownKey })
    }

    @Test func orderIsThatOfDeclarationAndReplacingKeepsThePlace() throws {
        var state = DesiredState()
        for name in ["b", "a", "c"] { state.setBackend(name, BackendSpec(url: try url("http://\(name)"))) }
        state.setBackend("a", BackendSpec(url: try url("http://z"), weight: 2))
        #expect(state.backends.map(\.name) == ["b", "a", "c"])
        #expect(state.backend("a")?.weight == 2)
        state.removeBackend("b")
        state.removeBackend("nobody")
        #expect(state.backends.map(\.name) == ["a", "c"])
    }
}
