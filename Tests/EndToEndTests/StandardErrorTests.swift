import Foundation
import Testing

/// Standard error that nobody reads.
@Suite struct StandardErrorTests {
    let bed = TestBed()

    @Test func aFullPipeFreezesNeitherChangesNorTheEnd() throws {
        let backend = try bed.rawBackend(answering: "one")
        let place = try bed.makeDirectory("place")
        let state = try bed.makeDirectory("state")
        // A pipe that stays open and is never read.
        let lbd = try bed.spawn(
            "sh",
            [
                "-c", "mkfifo \"$0\" && exec 3<>\"$0\" && exec \"$@\" 2>\"$0\"", place + "/errors", Programs.lbd,
                "--backend", backend.url, "--listen", "127.0.0.1:0", "--admin", "unix:\(place)/admin", "--state", state,
            ]
        )
        func ask(_ arguments: String...) throws -> ChildProcess.Result {
            try bed.run("curl", ["-sS", "--unix-socket", "\(place)/admin"] + arguments)
        }
        try eventually("lbd answers") { try ask("http://localhost/healthz").exitCode == 0 }
        // At this level each request has a line of some kilobytes: a hundred are more than a pipe holds, and more than the
        // queue behind it.
        let debug = try ask("-X", "PATCH", "-d", #"{"log_level":"debug"}"#, "http://localhost/v1/self")
        #expect(debug.exitCode == 0)
        let path = String(repeating: "x", count: 7000)
        #expect(try ask("http://localhost/v1/problems/\(path)[1-100]").exitCode == 0)
        let change = try ask(
            "-X",
            "PUT",
            "-d",
            #"{"url":"http://10.0.0.1","weight":0}"#,
            "http://localhost/v1/backends/kept"
        )
        #expect(change.output.contains("\"name\": \"kept\""), "\(change)")
        lbd.signal(SIGTERM)
        #expect(try lbd.wait() == .exited(0))
    }
}
