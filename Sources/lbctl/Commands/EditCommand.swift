/// `lbctl edit`: the configuration in an editor.
enum EditCommand {
    static let command = Command(
        group: .files,
        name: "edit",
        summary: "change the whole configuration in your editor",
        details: [
            "Opens what lbctl export prints in VISUAL, EDITOR or vi, and applies what comes",
            "back, what was deleted included. If somebody else made a change meanwhile, or",
            "the text is refused, nothing is changed and your text is kept in a file.",
        ],
        examples: [Command.Example("lbctl edit"), Command.Example("EDITOR=nano lbctl edit --reason 'new pool'")],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                let config = AdminRequest(.get, "/v1/config")
                // The body is not known before the editor ends; with --curl there is only where it starts from.
                guard !invocation.has("curl") else { return [config] }
                let reply = try session.ask(config)
                guard let request = try edited(reply, session) else { return [] }
                return [request]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                guard let request = requests.first else {
                    session.hint("nothing was changed")
                    return .done
                }
                do throws(Failure) {
                    let reply = try session.ask(request)
                    session.conclude(
                        reply,
                        names: ["config"],
                        line: SetCommand.sentence("configuration", "applied", reply)
                    )
                } catch {
                    throw try keeping(request, error)
                }
                return .done
            }
        )
    )

    /// What the editor made of it; nil when that is nothing else.
    private static func edited(_ reply: Session.Reply, _ session: Session) throws(Failure) -> AdminRequest? {
        let editor = ["VISUAL", "EDITOR"].lazy.compactMap { session.environment[$0] }.first { !$0.isEmpty } ?? "vi"
        let before = reply.json.laidOut + "\n"
        let (descriptor, plain) = try makeTemporaryFile("/tmp/lbctl-edit.XXXXXX")
        guard writeAll(Array(before.utf8), to: descriptor) == 0 else {
            throw Failure(.no, "cannot write \(plain)")
        }
        closeFile(descriptor)
        let code = runShell("\(editor) \(shellQuoted(plain))")
        guard code == 0 else {
            removeFile(plain)
            throw Failure(.no, "the editor \"\(editor)\" ended with \(code.map(String.init) ?? "no exit code")")
                .now("nothing was changed")
        }
        let file: Document
        do {
            file = try Document(path: plain)
        } catch {
            throw error.now("nothing was changed, and your text is in \(plain)")
                .suggesting("lbctl apply -f \(plain) --prune   once it is repaired")
        }
        removeFile(plain)
        guard file.json != reply.json else { return nil }
        var request = AdminRequest(.put, "/v1/config", body: file.json, changes: "the configuration")
        request.ifMatch = reply.tag
        return request
    }

    /// The refusal, with where the text is that was refused.
    private static func keeping(_ request: AdminRequest, _ failure: Failure) throws(Failure) -> Failure {
        guard let body = request.body else { return failure }
        let (descriptor, path) = try makeTemporaryFile("/tmp/lbctl-edit.XXXXXX")
        let text = (try? JSONReader.read(body.bytes))?.laidOut ?? ""
        _ = writeAll(Array((text + "\n").utf8), to: descriptor)
        closeFile(descriptor)
        return failure.now("your text is in \(path)").suggesting("lbctl diff -f \(path) --prune")
    }
}
