/// `lbctl self`: lbd itself.
enum SelfCommand {
    static let command = Command(
        group: .daemon,
        name: "self",
        actions: [
            Command.Action("drain", summary: "/readyz says no, and everything is served all the same"),
            Command.Action("ready", summary: "/readyz says yes again"),
            Command.Action("show", summary: "which of both it is"),
        ],
        summary: "take this lbd out of the balancer in front of it, or back in",
        details: [
            "For an lbd behind another load balancer: drain makes /readyz answer 503, so that",
            "no new clients are sent here, while those that come are served.",
        ],
        examples: [Command.Example("lbctl self drain --reason 'kernel update'"), Command.Example("lbctl self ready")],
        work: .exchange(
            plan: { invocation, _ in
                guard let action = invocation.action, action != "show" else { return [AdminRequest(.get, "/v1/self")] }
                let body = JSON.object([JSON.Member(name: "state", value: .string(action))])
                return [AdminRequest(.patch, "/v1/self", body: body, changes: "lbd itself")]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests {
                    let reply = try session.ask(request)
                    let state = reply.json["state"]?.string ?? invocation.action ?? "-"
                    let words = state == "drain" ? "drains: /readyz says no" : "is ready"
                    session.conclude(
                        reply,
                        names: [state],
                        line: request.method == .get ? "lbd \(words)" : SetCommand.sentence("lbd", words, reply)
                    )
                }
                return .done
            }
        )
    )
}
