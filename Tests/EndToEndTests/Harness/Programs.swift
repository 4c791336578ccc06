import Foundation
import Glibc

/// The programs under test, which the build puts beside the test bundle.
enum Programs {
    static let lbd = built("lbd")
    static let lbctl = built("lbctl")

    private static func built(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        precondition(count > 0)
        let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let candidates = [own] + CommandLine.arguments
        let places = candidates.compactMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
        let found = places.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
        precondition(found != nil, "no \(name) beside the test bundle, in \(places)")
        return found!
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
