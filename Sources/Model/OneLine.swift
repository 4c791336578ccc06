extension Unicode.Scalar {
    /// Whether it acts on a terminal, on the lines of a log or on the text around it instead of being shown.
    ///
    /// These are C0, DEL and C1 (ECMA-48), the separators of lines and paragraphs, and the characters that override
    /// the direction of the text behind them (UAX #9 §2).
    package var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

extension String {
    /// Whether any of its characters is a control character (`Unicode.Scalar.isControl`).
    package var hasControls: Bool {
        // Nearly every text is plain ASCII.
        if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return false }
        return unicodeScalars.contains(where: \.isControl)
    }

    /// The text on one line, with every control character spelled out, such as `\u{1b}` and `\n`.
    ///
    /// For logs: what others send cannot end a line, nor colour or turn one.
    package var onOneLine: String {
        guard hasControls else { return self }
        var shown = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            case _ where scalar.isControl: shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
