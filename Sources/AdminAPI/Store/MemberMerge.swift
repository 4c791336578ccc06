import Model

/// Three versions of one resource, member by member: what the file declared when it was changed at run time, what the file
/// declares now, and what it was changed to.
///
/// A member that only one side has changed is as that side has it. What both have changed, and not to the same, is the
/// file's. Objects are met inside where all three are objects: labels, and members of a check, one by one.
struct MemberMerge {
    private(set) var members: JSONObject
    /// The paths of what both sides have changed, such as `labels.color`.
    private(set) var contested: [String] = []

    init(then: JSONObject, now: JSONObject, changed: JSONObject) {
        members = [:]
        members = meet(then, now, changed, at: "")
    }

    private mutating func meet(
        _ then: JSONObject,
        _ now: JSONObject,
        _ changed: JSONObject,
        at path: String
    ) -> JSONObject {
        var met: JSONObject = [:]
        for key in Set(then.keys).union(now.keys).union(changed.keys).sorted() {
            let (old, file, wanted) = (then[key], now[key], changed[key])
            if file == old || file == wanted {
                met[key] = wanted
            } else if wanted == old {
                met[key] = file
            } else if case .object(let old)? = old, case .object(let file)? = file, case .object(let wanted)? = wanted {
                met[key] = .object(meet(old, file, wanted, at: path + key + "."))
            } else {
                met[key] = file
                contested.append(path + key)
            }
        }
        return met
    }
}

extension Overlay.Change {
    /// The change as it stands on top of what the file declares now, and what of it gives way; nil where nothing stands, or
    /// what came of the two is no spec.
    func rebased(
        on now: Spec?,
        _ members: (Spec) -> JSONObject,
        _ read: (String) -> Spec?
    ) -> (change: Self, contested: [String])? {
        guard let then = declared, let now, let spec else { return nil }
        let merge = MemberMerge(then: members(then), now: members(now), changed: members(spec))
        let text = String(decoding: JSONValue.object(merge.members).encoded(pretty: false), as: UTF8.self)
        guard let met = read(text), met != now else { return nil }
        return (Self(name: name, spec: met, declared: now, order: order), merge.contested)
    }
}
