/// The members of a JSON object, each key once, in the order of their keys: as they are written, so that equal objects are
/// equal texts.
///
/// A list and no dictionary: most objects have a dozen members and are made to be written once. One that is filled key by
/// key, in any order, costs a move of what comes behind each; `init(_:)` sorts where there are thousands.
struct JSONObject: Equatable, Sendable {
    typealias Element = (key: String, value: JSONValue)

    private var members: [Element]

    init() { members = [] }

    /// Of a key that stands twice, the last value.
    init(_ members: [Element]) {
        self.members = []
        self.members.reserveCapacity(members.count)
        guard members.count > Self.insertedMax else {
            for member in members { self[member.key] = member.value }
            return
        }
        let ordered = members.enumerated().sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }
        for (_, member) in ordered {
            if self.members.last?.key == member.key { self.members.removeLast() }
            self.members.append(member)
        }
    }

    /// So few are put in their places one by one.
    private static let insertedMax = 32

    var keys: [String] { members.map(\.key) }

    subscript(_ key: String) -> JSONValue? {
        get {
            let place = place(of: key)
            guard place < members.count, members[place].key == key else { return nil }
            return members[place].value
        }
        set {
            let place = place(of: key)
            let isThere = place < members.count && members[place].key == key
            switch (isThere, newValue) {
            case (true, let value?): members[place].value = value
            case (true, nil): members.remove(at: place)
            case (false, let value?): members.insert((key, value), at: place)
            case (false, nil): break
            }
        }
    }

    /// Adds the members of another whose keys are not here yet.
    mutating func fill(from other: JSONObject) {
        for (key, value) in other where self[key] == nil { self[key] = value }
    }

    /// Where the key is, or belongs. O(log n), and O(1) behind the last.
    private func place(of key: String) -> Int {
        guard let last = members.last, key <= last.key else { return members.count }
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if members[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.count == right.members.count && zip(left.members, right.members).allSatisfy { $0 == $1 }
    }
}

extension JSONObject: RandomAccessCollection {
    var startIndex: Int { 0 }
    var endIndex: Int { members.count }
    subscript(_ position: Int) -> Element { members[position] }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral members: (String, JSONValue)...) { self.init(members.map { (key: $0, value: $1) }) }
}
