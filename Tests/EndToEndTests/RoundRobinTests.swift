import Testing

@Suite struct RoundRobinTests {
    let bed = TestBed()

    @Test func threePythonBackendsAnswerInTurnWithTheDefaultNumberOfWorkers() throws {
        let backends = try ["1", "2", "3"].map { try PythonBackend($0, in: bed) }
        let lbd = try bed.lbd(yaml: "backends: [\(backends.map { "\"\($0.url)\"" }.joined(separator: ", "))]\n")
        let answers = try (0..<9).map { _ in try bed.curl(lbd.url).output }
        #expect(answers == ["1", "2", "3", "1", "2", "3", "1", "2", "3"])
    }
}
