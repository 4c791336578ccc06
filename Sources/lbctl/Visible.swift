import Model

/// The text with every control character spelled out, so that printing it to a terminal does nothing but show it.
///
/// Line breaks and tabs become spaces: what is shown is one line or one cell.
func visible(_ text: String) -> String {
    guard text.hasControls else { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n", "\t": shown += " "
        case "\r": break
        case _ where scalar.isControl: shown += "\\u{\(String(scalar.value, radix: 16))}"
        default: shown.unicodeScalars.append(scalar)
        }
    }
    return shown
}
