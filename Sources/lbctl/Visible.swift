/// The text with every control character spelled out, so that printing it to a terminal does nothing but show it.
///
/// Line breaks and tabs become spaces: what is shown is one line or one cell.
func visible(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy { !isControl($0) }
    guard !isPlain else { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n", "\t": shown += " "
        case "\r": break
        case _ where isControl(scalar): shown += "\\u{\(String(scalar.value, radix: 16))}"
        default: shown.unicodeScalars.append(scalar)
        }
    }
    return shown
}

/// C0, DEL and C1, and the marks that turn the direction of what follows them.
private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
}
