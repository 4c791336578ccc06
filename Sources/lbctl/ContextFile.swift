/// The file of contexts, `config.json`: which admin API a short name stands for, and which of them is meant when
/// none is named.
struct ContextFile: Equatable, Sendable {
    struct Context: Equatable, Sendable {
        var addr: String
        var tokenFile: String?
    }

    var current: String?
    /// In the order of the file.
    var contexts: [(name: String, context: Context)] = []

    static func == (left: ContextFile, right: ContextFile) -> Bool {
        left.current == right.current && left.contexts.map(\.name) == right.contexts.map(\.name)
            && left.contexts.map(\.context) == right.contexts.map(\.context)
    }

    /// `lbctl`'s own directory, without a final slash; nil without a home.
    static func directory(_ environment: [String: String]) -> String? {
        // XDG Base Directory Specification: a relative path there is to be ignored.
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return base + "/lbctl" }
        if let home = environment["HOME"], home.hasPrefix("/") { return home + "/.config/lbctl" }
        return nil
    }

    static func path(_ environment: [String: String]) -> String? {
        if let path = environment["LBCTL_CONFIG"], !path.isEmpty { return path }
        return directory(environment).map { $0 + "/config.json" }
    }

    /// Where a token is looked for when nobody names a place.
    static func standardTokenPath(_ environment: [String: String]) -> String? {
        directory(environment).map { $0 + "/token" }
    }

    init() {}

    /// Reads the file; one that is not there is empty.
    init(path: String) throws(Failure) {
        guard let bytes = try contents(ofFileIfAny: path), !bytes.isEmpty else { return }
        func broken(_ why: String) -> Failure {
            Failure(.usage, "\(path) cannot be read: \(why)")
                .suggesting("rm \(shellQuoted(path))   and lbctl context set NAME --addr ADDRESS again")
        }
        let json: JSON
        do {
            json = try JSONReader.read(bytes)
        } catch {
            throw broken("it is no JSON (\(error.message) at byte \(error.offset))")
        }
        guard let members = json["contexts"]?.members else { throw broken("it has no \"contexts\"") }
        for member in members {
            guard let addr = member.value["addr"]?.string else {
                throw broken("the context \"\(member.name)\" has no \"addr\"")
            }
            contexts.append((member.name, Context(addr: addr, tokenFile: member.value["token_file"]?.string)))
        }
        current = json["current"]?.string
    }

    subscript(_ name: String) -> Context? {
        get { contexts.first { $0.name == name }?.context }
        set {
            let index = contexts.firstIndex { $0.name == name }
            if let newValue {
                if let index { contexts[index].context = newValue } else { contexts.append((name, newValue)) }
            } else if let index {
                contexts.remove(at: index)
            }
        }
    }

    var text: String {
        let all = contexts.map { name, context in
            var members = [JSON.Member(name: "addr", value: .string(context.addr))]
            if let file = context.tokenFile { members.append(JSON.Member(name: "token_file", value: .string(file))) }
            return JSON.Member(name: name, value: .object(members))
        }
        var members: [JSON.Member] = []
        if let current { members.append(JSON.Member(name: "current", value: .string(current))) }
        members.append(JSON.Member(name: "contexts", value: .object(all)))
        return JSON.object(members).laidOut + "\n"
    }

    /// The context of that name, or why there is none.
    func required(_ name: String, path: String) throws(Failure) -> Context {
        if let context = self[name] { return context }
        let failure = Failure(.usage, "no context \"\(name)\" in \(path)")
        guard let near = nearestWord(name, among: contexts.map(\.name)) else {
            throw failure.suggesting("lbctl context set \(shellQuoted(name)) --addr ADDRESS")
        }
        throw failure.suggesting("\(near)   (did you mean that?)")
    }
}
