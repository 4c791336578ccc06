import Model

@testable import AdminAPI
@testable import lbd

/// What people write: the configuration file, and bodies for the admin API. Bad ones are refused with a reason.
enum DocumentFuzz {
    static func config(_ bytes: [UInt8]) {
        let file = ConfigFile(name: "lb.yaml", bytes: bytes)
        precondition(file.config != nil || !file.report.isEmpty)
    }

    static func json(_ bytes: [UInt8]) {
        let isTaken = AnswerFuzz.isJSON(bytes)
        guard let node = try? JSONReader.read(bytes) else { return }
        precondition(isTaken, "lbctl refuses what the admin port takes")
        var config = SpecReader()
        precondition(config.config(node) != nil || !config.issues.isEmpty)
        var backend = SpecReader()
        precondition(backend.backend(node, at: "") != nil || !backend.issues.isEmpty)
        var pool = SpecReader()
        precondition(pool.pool(node, at: "") != nil || !pool.issues.isEmpty)
    }
}
