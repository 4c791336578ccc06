/// What the process tells its caller.
///
/// The numbers are stable: scripts branch on them.
enum ExitCode: Int32, CaseIterable, Sendable {
    case done = 0
    case no = 1
    case usage = 2
    case waitTimeout = 3
    case denied = 4
    case notFound = 5
    case conflict = 6
    case refused = 7
    case cut = 8
    case reverted = 9
    case unreachable = 10
    case serverFailed = 11
    case conditionUnreachable = 12
    case hungUp = 129
    case interrupted = 130
    case brokenPipe = 141
    case terminated = 143

    /// What a status that is no success means (RFC 9110 §15), with the API's own code where it has one.
    init(status: Int, code: String?) {
        switch status {
        case 401, 403: self = .denied
        case 404: self = .notFound
        case 409: self = code == "condition-unreachable" ? .conditionUnreachable : .conflict
        case 412, 428: self = .conflict
        case 429: self = .serverFailed
        case 504: self = code == "wait-timeout" ? .waitTimeout : .serverFailed
        case 400..<500: self = .refused
        default: self = .serverFailed
        }
    }

    /// One line for `lbctl help exit-codes`.
    var meaning: String {
        switch self {
        case .done: "done, and what was waited for holds (also: nothing to change)"
        case .no: "the answer is \"no\", or standard output could not be written"
        case .usage: "usage error; nothing was sent"
        case .waitTimeout: "timed out waiting; the change stands"
        case .denied: "authentication or permission (401, 403)"
        case .notFound: "not found (404)"
        case .conflict: "conflict: exists, changed since, or refused by a guard (409, 412)"
        case .refused: "input refused by the server (400, 413, 415, 422)"
        case .cut: "finished, but requests were cut"
        case .reverted: "reverted: the change was made and taken back"
        case .unreachable: "cannot reach the admin API (refused, DNS, not an lb)"
        case .serverFailed: "the server failed (5xx, 429 after retries, no or a broken answer)"
        case .conditionUnreachable: "what was waited for can no longer come true"
        case .hungUp: "the terminal went away (SIGHUP); what was sent to the server stands"
        case .interrupted: "interrupted (Ctrl-C); what was sent to the server stands"
        case .brokenPipe: "the reader of standard output went away"
        case .terminated: "terminated (SIGTERM); what was sent to the server stands"
        }
    }
}
