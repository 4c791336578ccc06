/// The options of `Connection`: what they say of the connection, and which fields they keep from going further
/// (RFC 9110 §7.6.1).
enum HopByHop {
    /// Options of all `Connection` lines of a head; each costs a look at every field.
    static let optionsMax = 32

    /// What one element of `Connection` is.
    enum Option {
        case close
        case keepAlive
        case upgrade
        /// Names a field that concerns one connection anyway.
        case known
        /// Names a field that must be marked.
        case naming
        /// No token, or names a field that is meant for everyone.
        case bad
    }

    static func classify(_ bytes: RawSpan, _ element: ByteRange) -> Option {
        let start = Int(element.start)
        guard bytes.endOfToken(start, Int(element.end)) == Int(element.end) else { return .bad }
        switch element.count {
        case 5: if bytes.isToken(start, "close") { return .close }
        case 7: if bytes.isToken(start, "upgrade") { return .upgrade }
        case 10: if bytes.isToken(start, "keep-alive") { return .keepAlive }
        default: break
        }
        let id = FieldName.of(bytes, element)
        guard id.mayBeConnectionOption else { return .bad }
        return id.isHopByHop ? .known : .naming
    }

    /// Marks every field that a `Connection` line of the same head names.
    static func mark(_ bytes: RawSpan, _ fields: inout FieldTable) {
        for index in 0..<fields.count where fields[index].id == .connection {
            var elements = ListElements(fields[index].value)
            while let element = elements.next(bytes) {
                if case .naming = classify(bytes, element) { mark(bytes, element, &fields) }
            }
        }
    }

    private static func mark(_ bytes: RawSpan, _ name: ByteRange, _ fields: inout FieldTable) {
        for index in 0..<fields.count {
            let line = fields[index]
            if line.id.mayBeConnectionOption, bytes.areSameToken(line.name, name) { fields.markHopByHop(index) }
        }
    }
}
