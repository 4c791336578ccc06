import Foundation
import Testing

@testable import lbctl

@Suite struct CurlTests {
    /// What a POSIX shell makes of a line: its exit code and its standard output.
    private func shell(_ arguments: [String]) throws -> (Int32, String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
    }

    @Test(arguments: [
        ("list", "curl -sS --fail-with-body http://127.0.0.1:9900/v1/backends"),
        ("health", "curl -sS --fail-with-body http://127.0.0.1:9900/v1/health"),
        ("health web-1", "curl -sS --fail-with-body http://127.0.0.1:9900/v1/backends/web-1/health"),
        ("get a:b", "curl -sS --fail-with-body http://127.0.0.1:9900/v1/backends/a:b"),
        ("version", "curl -sS --fail-with-body http://127.0.0.1:9900/v1"),
        ("list --addr [::1]:1", "curl -sS --fail-with-body 'http://[::1]:1/v1/backends'"),
        (
            "add web-3 HTTP://10.0.0.3:8080/ --weight 3 --pool p --wait --timeout 90s",
            "curl -sS --fail-with-body -X POST 'http://127.0.0.1:9900/v1/backends?wait=90s'"
                + " -H 'Content-Type: application/json'"
                + " -d '{\"name\":\"web-3\",\"url\":\"http://10.0.0.3:8080\",\"pool\":\"p\",\"weight\":3}'"
        ),
        (
            "add http://h:1",
            "curl -sS --fail-with-body -X POST http://127.0.0.1:9900/v1/backends"
                + " -H 'Content-Type: application/json' -d '{\"url\":\"http://h:1\"}'"
        ),
        (
            "add http://h:1 --replace",
            "curl -sS --fail-with-body -X PUT http://127.0.0.1:9900/v1/backends/h:1"
                + " -H 'Content-Type: application/json' -d '{\"url\":\"http://h:1\"}'"
        ),
        (
            "remove a b --addr unix:/run/x.sock",
            "curl -sS --fail-with-body --unix-socket /run/x.sock -X DELETE 'http://localhost/v1/backends/a?wait=30s'\n"
                + "curl -sS --fail-with-body --unix-socket /run/x.sock -X DELETE 'http://localhost/v1/backends/b?wait=30s'"
        ),
        ("remove a --no-wait", "curl -sS --fail-with-body -X DELETE http://127.0.0.1:9900/v1/backends/a"),
        ("version --client", ""),
    ])
    func printsTheCommandAndSendsNothing(_ line: String, _ curl: String) throws {
        let outcome = lbctl(line + " --curl")
        #expect(outcome.code == 0)
        #expect(outcome.out == (curl.isEmpty ? "" : curl + "\n"))
        #expect(outcome.err == "")
        #expect(try shell(["-n", "-c", outcome.out]).0 == 0)
    }

    @Test(arguments: [
        "/run/it's here.sock", "/tmp/$(reboot)`x`", "/tmp/a\"b\\c", "/tmp/*?[a]~#;&|<>!", "/tmp/ä", "/tmp/new\nline",
    ])
    func aShellReadsBackEveryWord(_ path: String) throws {
        let outcome = lbctl(["add", "unix:/a'b", "--replace", "--curl", "--addr", "unix:" + path])
        try #require(outcome.code == 2, "a name that cannot be one is refused")
        let named = lbctl(["add", "n", "unix:/a'b c", "--curl", "--addr", "unix:" + path])
        try #require(named.code == 0)
        #expect(try shell(["-n", "-c", named.out]).0 == 0)
        let (code, words) = try shell(["-c", "curl() { printf '%s\\0' \"$@\"; }; " + named.out])
        #expect(code == 0)
        let list = words.split(separator: "\0").map(String.init)
        #expect(list.contains(path))
        #expect(list.last == "{\"name\":\"n\",\"url\":\"unix:/a'b c\"}")
    }

    @Test func pathSegmentsAreEncoded() {
        #expect(percentEncoded("web-1:8080_x.y~") == "web-1:8080_x.y~")
        #expect(percentEncoded("a/b ?#%ä\n") == "a%2Fb%20%3F%23%25%C3%A4%0A")
    }
}
