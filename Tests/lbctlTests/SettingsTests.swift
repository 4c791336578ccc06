import Model
import Testing

@testable import lbctl

@Suite struct SettingsTests {
    private func settings(
        _ words: String,
        _ environment: [String: String] = [:],
        isTerminal: Bool = false
    ) throws -> Settings {
        let invocation = try Invocation(words.split(separator: " ").map(String.init))
        return try Settings(invocation, environment: environment, console: Console(showsOutput: isTerminal))
    }

    @Test func flagGoesBeforeEnvironmentBeforeDefault() throws {
        let environment = ["LBCTL_ADDR": "h:1", "LBCTL_OUTPUT": "json", "LBCTL_TIMEOUT": "5s"]
        let none = try settings("list")
        #expect(none.address.description == "127.0.0.1:9900")
        #expect(none.addressOrigin == .standard)
        #expect(none.output == .table)
        #expect(none.timeout == .seconds(30))
        let some = try settings("list", environment)
        #expect(some.address.description == "h:1")
        #expect(some.addressOrigin == .environment)
        #expect(some.output == .json)
        #expect(some.timeout == .seconds(5))
        let all = try settings("list --addr g:2 -o table --timeout 0", environment)
        #expect(all.address.description == "g:2")
        #expect(all.addressOrigin == .flag)
        #expect(all.output == .table)
        #expect(all.timeout == nil)
    }

    @Test func emptyVariableCountsAsUnset() throws {
        let settings = try settings("list", ["LBCTL_ADDR": "", "LBCTL_OUTPUT": "", "LBCTL_TIMEOUT": ""])
        #expect(settings.addressOrigin == .standard)
        #expect(settings.output == .table)
        #expect(settings.timeout == .seconds(30))
    }

    @Test(arguments: [
        ("list", [:], true, true),
        ("list", [:], false, false),
        ("list --no-color", [:], true, false),
        ("list", ["NO_COLOR": "1"], true, false),
        ("list", ["NO_COLOR": ""], true, true),
        ("list", ["TERM": "dumb"], true, false),
        ("list", ["CLICOLOR_FORCE": "1"], false, true),
        ("list", ["CLICOLOR_FORCE": "0"], false, false),
        ("list", ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], true, false),
        ("list --no-color", ["CLICOLOR_FORCE": "1"], true, false),
    ])
    func coloursOnATerminalUnlessToldNotTo(
        _ line: String,
        _ environment: [String: String],
        _ isTerminal: Bool,
        _ isColoured: Bool
    ) throws {
        #expect(try settings(line, environment, isTerminal: isTerminal).isColoured == isColoured)
    }

    @Test(arguments: [
        ("list --timeout 30", [:], ["--timeout: \"30\" is no length of time", "30s   if seconds were meant"]),
        ("list --timeout soon", [:], ["\"soon\" is no length of time"]),
        ("list --timeout -5s", [:], ["\"-5s\" is no length of time"]),
        ("list -o jsn", [:], ["--output: \"jsn\"", "json   (did you mean that?)"]),
        ("list -o yaml", [:], ["there are table, wide, json, ndjson, tsv and name"]),
        ("list", ["LBCTL_OUTPUT": "xml"], ["LBCTL_OUTPUT: \"xml\""]),
        ("list", ["LBCTL_TIMEOUT": "9"], ["LBCTL_TIMEOUT: \"9\"", "9s"]),
        ("list --addr https://h:1", [:], ["TLS to the admin API is not available", "--addr http://h:1"]),
        ("list", ["LBCTL_ADDR": "9900"], ["LBCTL_ADDR: \"9900\"", "LBCTL_ADDR=:9900"]),
        ("list --addr http://h:1/v1", [:], ["an admin address has no path", "--addr h:1"]),
        ("list --addr u:p@h:1", [:], ["no user or password", "--addr h:1"]),
        ("list --addr ftp://h:1", [:], ["the scheme \"ftp\" is not one lbctl speaks"]),
        ("list --addr=", [:], ["it is empty"]),
        ("list --addr unix:relative", [:], ["needs an absolute path", "unix:/run/lb-admin.sock"]),
        ("list --addr /run/x.sock", [:], ["--addr unix:/run/x.sock"]),
        ("list --addr h:99999", [:], ["the port \"99999\""]),
        ("list --addr h_o!", [:], ["is not an address or a host name"]),
    ])
    func refusesASettingThatMakesNoSense(_ line: String, _ environment: [String: String], _ words: [String]) {
        let outcome = lbctl(line, environment: environment)
        #expect(outcome.code == 2)
        for word in words { #expect(outcome.err.contains(word), "\(outcome.err)") }
    }

    @Test(arguments: [
        ("localhost:9900", "localhost:9900"), ("localhost", "localhost:9900"), (":1", "127.0.0.1:1"),
        ("10.0.0.1", "10.0.0.1:9900"), ("http://10.0.0.1", "10.0.0.1:80"), ("http://h:1/", "h:1"),
        ("HTTP://Host:1", "host:1"), ("[::1]", "[::1]:9900"), ("[::1]:5", "[::1]:5"), ("::1", "[::1]:9900"),
        ("http://[::1]", "[::1]:80"), ("unix:/run/a b.sock", "unix:/run/a b.sock"),
    ])
    func readsAddresses(_ text: String, _ description: String) throws {
        #expect(try AdminAddress(text).description == description)
    }

    @Test func theHostOfASocketIsLocalhost() throws {
        #expect(try AdminAddress("unix:/run/x").authority == "localhost")
        #expect(try AdminAddress("::1").authority == "[::1]:9900")
    }

    @Test func badEnvironmentDoesNotKeepAnyoneFromTheHelp() {
        let outcome = lbctl("help environment", environment: ["LBCTL_OUTPUT": "xml"])
        #expect(outcome.code == 0)
        #expect(outcome.out.contains("LBCTL_ADDR"))
    }
}
