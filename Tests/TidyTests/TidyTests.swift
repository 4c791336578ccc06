import Testing

/// The tree as it is, held against the walls.
@Suite struct TidyTests {
    private func sources() throws -> [SwiftSource] { try Repository.swiftSources(in: "Sources") }

    /// Each finding is an issue of its own, with its place in its text.
    private func record(_ findings: [Walls.Finding]) {
        for finding in findings { Issue.record("\(finding)") }
    }

    @Test func treeIsWhereTheChecksLook() throws {
        // Checks of an empty list would all pass.
        let paths = try sources().map(\.path)
        for folder in ["HTTPWire", "Model", "Proxy/Worker", "Proxy/World", "Proxy/Linux", "AdminAPI", "lbctl", "lbd"] {
            #expect(paths.contains { $0.hasPrefix("Sources/\(folder)/") }, "\(folder)")
        }
        #expect(try !Repository.swiftSources(in: "Tests/Simulator").isEmpty)
    }

    @Test func nobodyImportsAcrossAWall() throws {
        let all = try sources() + Repository.swiftSources(in: "Tests/Simulator")
        record(all.flatMap { Walls.importFindings(in: $0) })
    }

    @Test func unsafeAtomicsTimeAndChanceAreWhereTheyMayBe() throws {
        let all = try sources() + Repository.swiftSources(in: "Tests/Simulator")
        record(all.flatMap { Walls.confinementFindings(in: $0) })
    }

    @Test func unsafeFilesSayWhyTheyAreSafe() throws {
        record(try sources().flatMap { Walls.safetyFindings(in: $0) })
    }

    @Test func placesThatMayBeUnsafeExistAndAre() throws {
        // An entry that nothing needs any more is a door left open.
        let unsafe = try sources().filter { !Walls.confinementFindings(in: $0, of: [anywhere]).isEmpty }.map(\.path)
        for place in Walls.unsafePlaces {
            #expect(unsafe.contains { place.hasSuffix("/") ? $0.hasPrefix(place) : $0 == place }, "\(place)")
        }
    }

    private let anywhere = Walls.Confinement(needles: ["unsafe"], places: [], message: "")

    @Test func proxyMentionsNothingUpward() throws {
        record(Walls.layerFindings(in: try sources()))
    }

    @Test func nothingIsLeftForLater() throws {
        let paths =
            try Repository.paths(in: "Sources") + Repository.paths(in: "Tests") + Repository.paths(in: "scripts")
            + Repository.paths(in: "examples") + ["Package.swift", "Makefile", ".ci/run"]
        record(try paths.flatMap { Walls.looseEndFindings(path: $0, text: try Repository.text(of: $0)) })
    }

    @Test func packageDependsOnNoPackage() throws {
        let manifest = SwiftSource(path: "Package.swift", text: try Repository.text(of: "Package.swift"))
        #expect(manifest.code.contains("Package("))
        record(Walls.dependencyFindings(in: manifest))
    }
}
