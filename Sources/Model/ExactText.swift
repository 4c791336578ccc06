/// Text that a user chose freely, told apart by its bytes.
///
/// `String` compares by canonical equivalence: to it "é" as one scalar and as two are equal. They are stored, sent and
/// compared by backends as different bytes, so to us they are different values.
package struct ExactText: Hashable, Sendable {
    package let string: String

    package init(_ string: String) { self.string = string }

    package static func == (left: ExactText, right: ExactText) -> Bool { left.string.hasSameBytes(as: right.string) }

    package func hash(into hasher: inout Hasher) {
        for byte in string.utf8 { hasher.combine(byte) }
    }
}

extension ExactText: ExpressibleByStringLiteral, CustomStringConvertible {
    package init(stringLiteral value: String) { self.init(value) }
    package var description: String { string }
}

extension String {
    /// Whether both are the same bytes of UTF-8, where `==` asks for canonical equivalence.
    package func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
