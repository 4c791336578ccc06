import Testing

/// The checks themselves: each is fed something on the wrong side, and something on the right side that looks like it.
@Suite struct WallsTests {
    private func source(_ path: String, _ text: String) -> SwiftSource { SwiftSource(path: path, text: text) }

    // MARK: - Reading

    @Test func commentsAndLiteralsAreNotCode() {
        let text = ##"""
            let a = 1 // b
            /* c /* d */ e */ let f = "g \" h \(i("j")) k" + l
            let m = #"n " o \#(p) q"# + r
            let s = """
                t "u" v
                """
            let w = "x"; y
            """##
        let words = source("a.swift", text).words
        #expect(Set(words.keys) == ["let", "a", "f", "l", "m", "r", "s", "w", "y"])
        #expect(words["y"] == 7)
    }

    @Test func literalThatDoesNotEndDamagesOneLine() {
        #expect(source("a.swift", "a \"b\nc").words == ["a": 1, "c": 2])
    }

    @Test func topLevelTypesAreThoseThatAreNotIndented() {
        let text = """
            package final class A {
                struct Inner {}
            }
            @safe package struct B: ~Copyable {}
            private enum C<T> {}
            package protocol D: Sendable {}
            extension E {}
            typealias F = Int
            let structure = 1
            func make() -> some D {}
            """
        #expect(source("a.swift", text).topLevelTypes == ["A", "B", "C", "D", "F"])
    }

    // MARK: - Imports

    @Test(arguments: [
        ("Sources/HTTPWire/H1/A.swift", "import Glibc"), ("Sources/Model/A.swift", "import HTTPWire"),
        ("Sources/Model/A.swift", "package import FoundationEssentials"),
        ("Sources/Proxy/Worker/A.swift", "import Synchronization"), ("Sources/Proxy/Worker/A.swift", "import CLinux"),
        ("Sources/Proxy/Exchange/A.swift", "import struct Glibc.timeval"),
        ("Sources/Proxy/Shared/A.swift", "import Glibc"), ("Sources/AdminAPI/A.swift", "import Proxy"),
        ("Sources/AdminAPI/A.swift", "import Foundation"), ("Sources/lbctl/A.swift", "import AdminAPI"),
        ("Sources/lbd/A.swift", "import CYAML"), ("Sources/lbd/A.swift", "@preconcurrency import Foundation"),
        ("Tests/Simulator/A.swift", "import Glibc"), ("Sources/New/A.swift", ""),
    ])
    func importAcrossAWallIsFound(path: String, text: String) {
        #expect(Walls.importFindings(in: source(path, "// first\n" + text)).count == 1)
    }

    @Test(arguments: [
        ("Sources/HTTPWire/H1/A.swift", "// import Glibc"), ("Sources/Proxy/Linux/A.swift", "import Glibc"),
        ("Sources/Proxy/Shared/A.swift", "import Synchronization"),
        ("Sources/Proxy/A.swift", "package import HTTPWire"),
        ("Sources/lbd/YAMLEvents.swift", "import CYAML"), ("Sources/lbd/A.swift", "let a = \"\nimport Glibc\n"),
        ("Sources/Model/A.swift", "func f(import x: Int) {}"),
    ])
    func importWithinItsWallsIsNot(path: String, text: String) {
        #expect(Walls.importFindings(in: source(path, text)) == [])
    }

    // MARK: - Words

    @Test(arguments: [
        ("Sources/Proxy/Worker/A.swift", "let a = unsafe b"),
        ("Sources/Model/A.swift", "nonisolated(unsafe) var a = 1"),
        ("Sources/lbd/A.swift", "unsafe f()"), ("Sources/HTTPWire/H1/A.swift", "withUnsafe(unsafe x)"),
        ("Sources/Proxy/Worker/A.swift", "let a: Atomic<Int>"), ("Sources/AdminAPI/A.swift", "let a = Atomic(0)"),
        ("Sources/Proxy/Worker/A.swift", "final class A: @unchecked Sendable {}"),
        ("Sources/Proxy/Health/A.swift", "clock_gettime(CLOCK_MONOTONIC, &t)"), ("Sources/Model/A.swift", "Date()"),
        ("Sources/Proxy/Balancing/A.swift", "Int.random(in: 0..<3)"), ("Sources/Model/A.swift", "a.shuffled()"),
        ("Sources/Proxy/Routing/A.swift", "var g = SystemRandomNumberGenerator()"),
        ("Sources/Proxy/World/A.swift", "let c: ContinuousClock"), ("Tests/Simulator/A.swift", "let d = Date.now"),
    ])
    func wordOutsideItsPlacesIsFound(path: String, text: String) {
        #expect(Walls.confinementFindings(in: source(path, text)).map(\.line) == [1])
    }

    @Test(arguments: [
        ("Sources/Proxy/Memory/A.swift", "unsafe b"), ("Sources/Proxy/Worker/A.swift", "// unsafe b"),
        ("Sources/Proxy/Worker/A.swift", "let text = \"unsafe\""),
        ("Sources/Proxy/Worker/A.swift", "let unsafeties = 1"),
        ("Sources/Proxy/Worker/A.swift", "withUnsafeBytes { }"), ("Sources/Proxy/Shared/A.swift", "let a: Atomic<Int>"),
        ("Sources/Proxy/Worker/A.swift", "let a: NonAtomic<Int>"), ("Sources/Proxy/Observe/A.swift", "writeDate(now)"),
        ("Sources/Proxy/Linux/A.swift", "clock_gettime(CLOCK_MONOTONIC, &t)"), ("Tests/Simulator/A.swift", "unsafe b"),
    ])
    func wordThatMayStandThereIsNot(path: String, text: String) {
        #expect(Walls.confinementFindings(in: source(path, text)) == [])
    }

    @Test func unsafeWithoutAReasonIsFound() {
        #expect(Walls.safetyFindings(in: source("Sources/lbd/System.swift", "\nunsafe f()")).map(\.line) == [2])
        #expect(Walls.safetyFindings(in: source("Sources/lbd/System.swift", "// SAFETY: so\nunsafe f()")) == [])
        #expect(Walls.safetyFindings(in: source("Sources/lbd/System.swift", "// SAFETY (all): so\nunsafe f()")) == [])
        #expect(Walls.safetyFindings(in: source("Sources/lbd/System.swift", "f() // not unsafe")) == [])
    }

    // MARK: - Loose ends

    @Test func markOfWhatWasLeftForLaterIsFound() {
        for mark in ["TO" + "DO", "FIX" + "ME"] {
            #expect(Walls.looseEndFindings(path: "a", text: "a\n// \(mark): later").map(\.line) == [2])
        }
        #expect(Walls.looseEndFindings(path: "a", text: "mas" + "TO" + "DON") == [])
    }

    @Test func packageDependencyIsFound() {
        let bad = source(
            "Package.swift",
            "let p = Package(dependencies: [\n.package(url: \"https://a\", from: \"1.0.0\")])"
        )
        #expect(Walls.dependencyFindings(in: bad).map(\.line) == [2])
        let good = source("Package.swift", "// .package(url:)\nlet p = Package(name: \".package(\")")
        #expect(Walls.dependencyFindings(in: good) == [])
    }

    // MARK: - Layers

    private func layers(_ mention: String, in path: String) -> [Walls.Finding] {
        Walls.layerFindings(in: [
            source("Sources/Proxy/Worker/Turn.swift", "package struct Turn {}"),
            source("Sources/Proxy/Health/Probe.swift", "package struct Probe {}"),
            source("Sources/Proxy/Balancing/Pick.swift", "package struct Pick {}"),
            source("Sources/Proxy/Shared/Board.swift", "package final class Board {}"),
            source("Sources/Proxy/World/World.swift", "package protocol World {}"),
            source("Sources/Proxy/Linux/LinuxWorld.swift", "package struct LinuxWorld {}"),
            source("Sources/Proxy/Proxy.swift", "package final class Proxy {}"),
            source(path, "// first\nlet a: \(mention)"),
        ])
    }

    @Test(arguments: [
        ("Turn", "Exchange"), ("Probe", "Balancing"), ("Probe", "Routing"), ("Pick", "Snapshot"), ("Board", "Memory"),
        ("LinuxWorld", "Worker"), ("LinuxWorld", "World"), ("Pick", "Linux"), ("Proxy", "Worker"),
    ])
    func mentionOfALayerAboveIsFound(name: String, folder: String) {
        let found = layers(name, in: "Sources/Proxy/\(folder)/A.swift")
        #expect(found.map(\.line) == [2])
        #expect(found.first?.message.contains("\(folder) may not mention \(name)") == true)
    }

    @Test(arguments: [
        ("Probe", "Worker"), ("Probe", "Exchange"), ("Pick", "Exchange"), ("Board", "Balancing"), ("World", "Shared"),
        ("World", "Linux"), ("Board", "Linux"), ("LinuxWorld", "Linux"), ("Int", "Memory"),
    ])
    func mentionOfALayerBelowIsNot(name: String, folder: String) {
        #expect(layers(name, in: "Sources/Proxy/\(folder)/A.swift") == [])
    }

    @Test func mentionOfTheKernelIsForTheTwoRootFiles() {
        #expect(layers("LinuxWorld", in: "Sources/Proxy/LinuxWorker.swift") == [])
        #expect(layers("LinuxWorld", in: "Sources/Proxy/Other.swift").count == 1)
        #expect(layers("Turn", in: "Sources/Proxy/Other.swift") == [])
    }

    @Test func mentionInACommentIsNoMention() {
        #expect(layers("Int // Turn", in: "Sources/Proxy/Memory/A.swift") == [])
    }

    @Test func folderWithoutALayerIsFound() {
        #expect(layers("Int", in: "Sources/Proxy/Misc/A.swift").map(\.path) == ["Sources/Proxy/Misc/A.swift"])
    }
}
