/// A run-time change that is kept and is no part of what is desired, until what it lacks is there.
struct Waiting: Equatable, Sendable {
    let key: ResourceKey
    /// What the change makes of the resource.
    let spec: JSONObject
    /// What it lacks.
    let why: String

    init?(_ conflict: Conflict, _ spec: JSONObject) {
        switch conflict.cause {
        case .poolGone(let pool): why = "there is no pool \"\(pool)\""
        case .tooMany: why = "there are as many \(conflict.kind.rawValue)s as there may be"
        case .fileChanged, .membersChanged, .poolInUse: return nil
        }
        key = ResourceKey(kind: conflict.kind == .pool ? .pool : .backend, name: conflict.name)
        self.spec = spec
    }

    /// `backend web-1`
    var words: String { "\(key.kind.rawValue) \(key.name)" }
}

extension [Waiting] {
    /// As `GET /v1/config` shows them: `{backends: {NAME: {spec, why}}, pools: {…}}`.
    var document: JSONValue {
        func members(_ kind: ResourceKey.Kind) -> JSONValue {
            .object(
                JSONObject(
                    filter { $0.key.kind == kind }.map { change in
                        (key: change.key.name, value: ["spec": .object(change.spec), "why": .string(change.why)])
                    }
                )
            )
        }
        return ["backends": members(.backend), "pools": members(.pool)]
    }
}
