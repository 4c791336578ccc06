import Foundation
import Testing

/// What is left of the promises when the disk is full: changes are refused, and nothing else happens.
@Suite struct FullDiskTests {
    let bed = TestBed()

    /// Runs a command line in a mount namespace of its own, with a small file system at the path that stands before it.
    private static let launcher = [
        "unshare", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs -o size=2m lb \"$0\" && exec \"$@\"",
    ]

    /// It takes root, or a kernel that gives every user a namespace, and is not to be had in every container.
    private static let isPossible: Bool = {
        let bed = TestBed()
        let place = try? bed.makeDirectory("place")
        return (try? bed.run(launcher[0], launcher.dropFirst() + [place ?? "", "true"]))?.exitCode == 0
    }()

    /// Writes until nothing more fits.
    private func fill(_ path: String) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        for size in [65536, 4096] {
            while (try? file.write(contentsOf: Data(count: size))) != nil {}
        }
    }

    @Test(.enabled(if: isPossible, "there can be no file system for a test here"))
    func changesAreRefusedNothingIsChangedAndRoomMendsIt() throws {
        let backend = try bed.rawBackend(answering: "one")
        let yaml = "health_check: off\nbackends: {web-1: \"\(backend.url)\"}\n"
        let state = try bed.makeDirectory("state")
        let lbd = try bed.lbd(yaml: yaml, state: state, launcher: Self.launcher + [state])
        // The file system as the process has it.
        let inside = "/proc/\(lbd.process.processID)/root\(state)"
        #expect(try lbd.ask("PUT", "/v1/backends/kept", body: #"{"url":"http://10.0.0.1"}"#).status == 201)
        try fill(inside + "/filler")

        // What the log had room for already may be taken; the first one that needs more is refused.
        var taken = 0
        var refusal: HTTPMessage?
        while refusal == nil, taken < 5000 {
            let answer = try lbd.ask(
                "PUT",
                "/v1/backends/n-\(taken)",
                body: #"{"url":"http://10.0.1.1:\#(taken + 1)"}"#
            )
            if answer.status == 201 { taken += 1 } else { refusal = answer }
        }
        let answer = try #require(refusal)
        #expect(answer.status == 507, "\(answer.text)")
        let problem = try JSONDecoder().decode(ProblemDocument.self, from: answer.body)
        #expect(problem.code == "not-durable")

        func view(_ lbd: LBD) throws -> [String] {
            try ["/v1/config", "/v1/history"].map { try lbd.ask("GET", $0).text }
        }
        let before = try view(lbd)
        for (method, path, body) in [
            ("PATCH", "/v1/backends/web-1", #"{"weight":7}"#), ("DELETE", "/v1/backends/kept", ""),
            ("PUT", "/v1/pools/other", "{}"),
            ("PATCH", "/v1/backends", #"{"kept":null,"more":{"url":"http://10.0.0.2"}}"#),
            ("POST", "/v1/rollback", "{}"),
        ] {
            let refused = try lbd.ask(method, path, body: body)
            #expect(refused.status == 507, "\(method) \(path): \(refused.text)")
        }
        #expect(try view(lbd) == before)
        let names = Set(["web-1", "kept"] + (0..<taken).map { "n-\($0)" })
        #expect(Set(try lbd.backends().keys) == names)
        #expect(try lbd.backends()["kept"]?.status.phase == "serving")

        // A process that starts from what is on that disk finds the same.
        let copy = try bed.makeDirectory("copy")
        for name in try FileManager.default.contentsOfDirectory(atPath: inside) where name != "filler" {
            try FileManager.default.copyItem(atPath: "\(inside)/\(name)", toPath: "\(copy)/\(name)")
        }
        let second = try bed.lbd(yaml: yaml, state: copy)
        #expect(try view(second)[0] == before[0])
        second.kill()

        try FileManager.default.removeItem(atPath: inside + "/filler")
        let mended = try lbd.ask("PATCH", "/v1/backends/web-1", body: #"{"weight":7}"#)
        #expect(mended.status == 200, "\(mended.text)")
        #expect(try lbd.backends()["web-1"]?.weight == 7)
    }
}
