/// The order in which a person counts: `demo-2` before `demo-10`.
///
/// Runs of digits compare as numbers of any length; names that differ in leading zeros only compare as text.
func isNaturallyOrdered(_ left: String, before right: String) -> Bool {
    let a = Array(left.utf8)
    let b = Array(right.utf8)
    var i = 0
    var j = 0
    while i < a.count, j < b.count {
        let first = digits(of: a, from: i)
        let second = digits(of: b, from: j)
        if first.isEmpty || second.isEmpty {
            if a[i] != b[j] { return a[i] < b[j] }
            i += 1
            j += 1
            continue
        }
        let x = a[first].drop { $0 == 0x30 }
        let y = b[second].drop { $0 == 0x30 }
        if x.count != y.count { return x.count < y.count }
        if !x.elementsEqual(y) { return x.lexicographicallyPrecedes(y) }
        i = first.upperBound
        j = second.upperBound
    }
    let restLeft = a.count - i
    let restRight = b.count - j
    return restLeft == restRight ? left < right : restLeft < restRight
}

private func digits(of bytes: [UInt8], from start: Int) -> Range<Int> {
    var end = start
    while end < bytes.count, (0x30...0x39).contains(bytes[end]) { end += 1 }
    return start..<end
}
