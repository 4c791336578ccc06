/// The secret that tells the API who asks, and where it was found.
struct Token: Sendable {
    enum Origin: Equatable, Sendable {
        case environment
        case file(String)

        /// For messages: `of LBCTL_TOKEN`.
        var description: String {
            switch self {
            case .environment: "of LBCTL_TOKEN"
            case .file(let path): "in \(path)"
            }
        }
    }

    let secret: String
    let origin: Origin

    /// The header field for curl as a word of a POSIX shell, with a place for the secret and not the secret: a line that
    /// is pasted ends up in histories and chats.
    var curlField: String {
        switch origin {
        case .environment: "\"Authorization: Bearer $LBCTL_TOKEN\""
        case .file(let path): "\"Authorization: Bearer $(cat \(shellQuoted(path)))\""
        }
    }

    /// The token of a file's text: its first line, without space around it; nil for what no header field may carry
    /// (RFC 6750 §2.1).
    init?(_ text: String, from origin: Origin) {
        let line = text.split(whereSeparator: { $0 == "\n" || $0 == "\r\n" }).first.map(String.init) ?? ""
        let secret = line.trimmed
        guard !secret.isEmpty, secret.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.secret = secret
        self.origin = origin
    }
}

extension String {
    /// Without spaces and tabs at both ends.
    var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first == " " || first == "\t" { rest = rest.dropFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
        return String(rest)
    }
}
