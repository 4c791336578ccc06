import Model

/// JSON merge patch (RFC 7396), over the tree that documents are read into.
enum MergePatch {
    static let mediaType = "application/merge-patch+json"

    /// The target with the patch's members set, and those that are null in it removed. What is no object replaces the
    /// target as a whole; nil for a target that is not there.
    static func apply(_ patch: ConfigNode, to target: ConfigNode?) -> ConfigNode {
        guard case .mapping(let edits) = patch.value else { return patch }
        var members: [ConfigNode.Member?] = []
        if case .mapping(let known)? = target?.value { members = known }
        var places: [String: Int] = [:]
        for (place, member) in members.enumerated() {
            if let member { places[member.key] = place }
        }
        for edit in edits {
            let place = places[edit.key]
            if case .null = edit.node.value {
                if let place { members[place] = nil }
                continue
            }
            let node = apply(edit.node, to: place.flatMap { members[$0]?.node })
            if let place {
                members[place] = ConfigNode.Member(key: edit.key, node: node)
            } else {
                places[edit.key] = members.count
                members.append(ConfigNode.Member(key: edit.key, node: node))
            }
        }
        return ConfigNode(.mapping(members.compactMap { $0 }))
    }
}
