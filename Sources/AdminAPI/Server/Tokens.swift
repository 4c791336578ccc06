import Model
import Synchronization

/// What a caller may do. Each role may do all that the ones before it may.
enum Role: String, CaseIterable, Comparable, Sendable {
    /// Look at everything.
    case viewer
    /// Shift traffic: states, weights, drains, probes.
    case operator_ = "operator"
    /// Change everything.
    case admin

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator_: 1
        case .admin: 2
        }
    }

    static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}

/// A token as the file has it: never the token itself.
struct TokenEntry: Equatable, Sendable {
    let name: String
    let role: Role
    let digest: [UInt8]
}

/// The text of a token file: a line `NAME:ROLE:SHA256` for each token; blank lines and lines that begin with # are
/// passed over.
enum TokenText {
    static let bytesMax = 1 << 20
    static let tokensMax = 1024

    /// What is wrong with which line.
    struct Mistake: Error, Equatable {
        let line: Int
        let message: String
    }

    static func read(_ bytes: [UInt8]) throws(Mistake) -> [TokenEntry] {
        var entries: [TokenEntry] = []
        // By bytes: to a String, CR and LF are one character.
        for (index, raw) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let line = index + 1
            guard let text = String(validating: raw.last == 0x0D ? raw.dropLast() : raw, as: UTF8.self) else {
                throw Mistake(line: line, message: "it is not UTF-8 text")
            }
            let content = text[...].trimmed
            if content.isEmpty || content.hasPrefix("#") { continue }
            // From the right: names may have colons of their own.
            let parts = content.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count >= 3, let hash = parts.last, let role = parts.dropLast().last else {
                throw Mistake(line: line, message: "must be NAME:ROLE:SHA256")
            }
            let name = parts.dropLast(2).joined(separator: ":")
            guard BackendSpec.isName(name) else {
                throw Mistake(
                    line: line,
                    message: "the name has 1 to 64 characters of A-Z a-z 0-9 . _ : -, not beginning with -"
                )
            }
            guard let known = Role(rawValue: String(role)) else {
                let roles = Role.allCases.map(\.rawValue)
                let meant = Spelling.nearest(String(role), among: roles).map { ", did you mean \($0)?" } ?? ""
                throw Mistake(line: line, message: "the role must be one of \(roles.joined(separator: ", "))\(meant)")
            }
            // Not quoted: whoever mistook the format may have put the token itself here.
            guard let digest = Digest.read(hash) else {
                throw Mistake(
                    line: line,
                    message: "the third part must be the token's SHA-256 in 64 hexadecimal digits, never the token: "
                        + "printf %s \"$TOKEN\" | sha256sum"
                )
            }
            guard !entries.contains(where: { $0.name == name }) else {
                throw Mistake(line: line, message: "the name \"\(name)\" stands twice")
            }
            entries.append(TokenEntry(name: name, role: known, digest: digest))
            guard entries.count <= tokensMax else {
                throw Mistake(line: line, message: "there are more than \(tokensMax) tokens")
            }
        }
        return entries
    }
}

/// The tokens of a file, read anew whenever the file has changed.
final class TokenBook: Sendable {
    private let path: String
    private let log: @Sendable (String) -> Void
    private let current: Mutex<Content>

    private struct Content {
        var version: FileBytes.Version?
        var entries: [TokenEntry]
    }

    /// Throws when the file cannot be read, has a mistake, or holds no token at all.
    init(path: String, log: @escaping @Sendable (String) -> Void) throws(ListenFailure) {
        self.path = path
        self.log = log
        do throws(Refusal) {
            let (entries, version) = try Self.load(path)
            guard !entries.isEmpty else {
                throw Refusal(text: "it has no token: add a line NAME:admin:SHA256")
            }
            current = Mutex(Content(version: version, entries: entries))
        } catch {
            throw ListenFailure(message: "the token file \(path) cannot be used: \(error.text)")
        }
    }

    /// The entry of a token; nil when there is none. Takes the same time for whichever it is.
    func entry(of token: String) -> TokenEntry? {
        refresh()
        let digest = Digest.sha256(Array(token.utf8))
        return current.withLock { content in
            var found: TokenEntry?
            for entry in content.entries where Digest.isEqual(entry.digest, digest) { found = entry }
            return found
        }
    }

    /// Takes the file's word where it has changed. A file with a mistake changes nothing; one that is gone, or that
    /// anyone may write to, lets nobody in.
    private func refresh() {
        let version = FileBytes.version(of: path)
        let line: String? = current.withLock { content in
            guard version != content.version else { return nil }
            guard version != nil else {
                content = Content(version: nil, entries: [])
                return "the token file \(path) is gone: no token is taken until it is back"
            }
            do throws(Refusal) {
                let (entries, read) = try Self.load(path)
                content = Content(version: read, entries: entries)
                return "the token file \(path) has been read again: \(entries.count) "
                    + "token\(entries.count == 1 ? "" : "s")"
            } catch {
                content.version = version
                if error.isUnsafe { content.entries = [] }
                let effect = error.isUnsafe ? "no token is taken" : "the tokens read before stay"
                return "the token file \(path) cannot be used: \(error.text); \(effect)"
            }
        }
        if let line { log("admin: \(line)") }
    }

    private struct Refusal: Error {
        let text: String
        var isUnsafe = false
    }

    private static func load(_ path: String) throws(Refusal) -> ([TokenEntry], FileBytes.Version) {
        let file: FileBytes
        do throws(FileBytes.Failure) {
            file = try FileBytes(path: path, bytesMax: TokenText.bytesMax)
        } catch {
            throw Refusal(text: error.reason)
        }
        guard !file.isWorldWritable else {
            throw Refusal(text: "everyone may write to it: chmod o-w \(path)", isUnsafe: true)
        }
        do throws(TokenText.Mistake) {
            return (try TokenText.read(file.bytes), file.version)
        } catch {
            throw Refusal(text: "line \(error.line): \(error.message)")
        }
    }
}
