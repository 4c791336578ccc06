/// The document of `GET`, `PUT` and `PATCH /v1/config`, judged without the state that it is for.
extension SpecReader {
    /// How many there are in a document.
    package struct DocumentCount: Equatable, Sendable {
        package var backends = 0
        package var pools = 0
        /// Names of backends that have no URL in a patch: they have to be there already.
        package var presumed: [String] = []
    }

    private static let documentKeys = ["pools", "backends", "waiting"]
    /// Sent back as they were read, they change nothing.
    private static let documentIgnored: Set<String> = ["name", "status"]

    /// Finds everything that the admin API would refuse in a document, whatever is desired there now.
    ///
    /// - Parameter isWhole: It replaces everything (PUT), so that each entry stands for itself; else it is a merge patch
    ///   (RFC 7396), in which null removes and what is not named stays.
    package mutating func document(_ node: ConfigNode, isWhole: Bool) -> DocumentCount {
        var count = DocumentCount()
        guard case .mapping(let members) = node.value else {
            report(ConfigIssue(pointer: "", message: "must be an object of pools and backends"))
            return count
        }
        var desired = DesiredState()
        desired.setPool(DesiredState.defaultPool, PoolSpec())
        var order = members.filter { $0.key == "pools" }
        order += members.filter { $0.key != "pools" }
        for member in order {
            let pointer = "/" + Self.escaped(member.key)
            switch member.key {
            case "pools":
                for (name, entry, place) in named(member.node, at: pointer, of: "pool") {
                    count.pools += 1
                    if !isWhole, case .null = entry.value { continue }
                    let spec = pool(entry, at: place, ignoring: Self.documentIgnored)
                    desired.setPool(name, spec ?? PoolSpec())
                }
            case "backends":
                for (name, entry, place) in named(member.node, at: pointer, of: "backend") {
                    count.backends += 1
                    if !isWhole, case .null = entry.value { continue }
                    var base: BackendSpec?
                    if !isWhole, case .mapping(let fields) = entry.value, !fields.contains(where: { $0.key == "url" }) {
                        count.presumed.append(name)
                        // Any will do: what is there already has one.
                        base = Self.anyURL(count.backends).map { BackendSpec(url: $0) }
                    }
                    guard
                        let spec = backend(
                            isWhole ? entry : Self.withoutNull(entry),
                            at: place,
                            ignoring: Self.documentIgnored,
                            onto: base
                        )
                    else { continue }
                    desired.setBackend(name, spec)
                }
            case "waiting":
                // It tells, and is not to be made.
                break
            default:
                report(
                    ConfigIssue(
                        pointer: pointer,
                        message: "is not a known key",
                        suggestion: Spelling.nearest(member.key, among: Self.documentKeys),
                        isUnknownKey: true
                    )
                )
            }
        }
        for issue in desired.validate() {
            // A pool that a patch does not have may be there already.
            if !isWhole, issue.pointer.hasSuffix("/pool") { continue }
            report(issue)
        }
        return count
    }

    private mutating func named(
        _ node: ConfigNode,
        at pointer: String,
        of what: String
    ) -> [(name: String, node: ConfigNode, pointer: String)] {
        guard case .mapping(let members) = node.value else {
            report(ConfigIssue(pointer: pointer, message: "must be an object of \(what)s by name"))
            return []
        }
        return members.compactMap { member in
            let place = pointer + "/" + Self.escaped(member.key)
            guard BackendSpec.isName(member.key) else {
                report(ConfigIssue(pointer: place, message: DesiredState.nameRule(of: what), got: member.key))
                return nil
            }
            return (member.key, member.node, place)
        }
    }

    /// In a merge patch a member that is null has its default, as if it were not there.
    private static func withoutNull(_ node: ConfigNode) -> ConfigNode {
        guard case .mapping(let members) = node.value else { return node }
        return ConfigNode(
            .mapping(
                members.filter { member in
                    if case .null = member.node.value { return false }
                    return true
                }.map { ConfigNode.Member(key: $0.key, node: withoutNull($0.node)) }
            )
        )
    }

    /// A URL of its own for each, so that none is taken for another's.
    private static func anyURL(_ number: Int) -> BackendURL? { try? BackendURL("unix:/presumed/\(number)") }
}
