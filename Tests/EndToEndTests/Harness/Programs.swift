import Foundation

/// The programs under test, which the build puts beside the test bundle.
enum Programs {
    static let lbd = built("lbd")
    static let lbctl = built("lbctl")
    static let allocationCounter = built("libAllocationCounter.so")

    private static func built(_ name: String) -> String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let places = ([own] + CommandLine.arguments).map { ($0 as NSString).deletingLastPathComponent }
        for place in places where FileManager.default.fileExists(atPath: "\(place)/\(name)") {
            return "\(place)/\(name)"
        }
        preconditionFailure("no \(name) beside the test bundle, in \(places)")
    }
}

extension TestBed {
    /// curl, silent but for errors, without anybody's `.curlrc`.
    func curl(_ arguments: String...) throws -> ChildProcess.Result {
        try run("curl", ["-q", "--silent", "--show-error", "--max-time", "\(Int(patience))"] + arguments)
    }

    /// `lbctl` against the given `lbd`.
    func lbctl(_ lbd: LBD, _ arguments: String...) throws -> ChildProcess.Result {
        try run(Programs.lbctl, arguments + ["--addr", lbd.admin])
    }

    /// `lbctl` that goes on while the test does.
    func spawnLbctl(_ lbd: LBD, _ arguments: String...) throws -> ChildProcess {
        try spawn(Programs.lbctl, arguments + ["--addr", lbd.admin])
    }
}
