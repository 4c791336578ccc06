/// Rows under upper-case headings, aligned with spaces.
///
/// On a terminal that is too narrow for all of it, the columns that matter least are left out, and then what is longest
/// is shortened; into pipes and files everything is written in full.
struct Table {
    enum Alignment {
        case left
        case right
    }

    struct Column {
        let title: String
        let alignment: Alignment
        /// Left out before those with a lower number; 0 stays.
        let rank: Int
        /// As narrow as this it is made before any column is left out; nil is not.
        let floor: Int?

        init(_ title: String, _ alignment: Alignment = .left, rank: Int = 0, floor: Int? = nil) {
            self.title = title
            self.alignment = alignment
            self.rank = rank
            self.floor = floor
        }
    }

    struct Cell {
        let text: String
        let colour: Colour

        init(_ text: String, _ colour: Colour = .plain) {
            self.text = visible(text)
            self.colour = colour
        }
    }

    /// ECMA-48 attributes.
    enum Colour: Int {
        case plain = 0
        case bold = 1
        case faint = 2
        case red = 31
        case green = 32
        case yellow = 33

        func paint(_ text: String) -> String {
            self == .plain || text.isEmpty ? text : "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
        }
    }

    let columns: [Column]
    var rows: [[Cell]] = []

    init(_ columns: [Column]) { self.columns = columns }

    private static let gap = 2
    /// A column is not made narrower than this.
    private static let widthMin = 8

    /// The lines, each ended, without spaces at their ends.
    /// - Parameter width: Columns there are; nil for any number.
    func text(colour: Bool, width: Int? = nil) -> String {
        let all = [columns.map { Cell($0.title, .bold) }] + rows
        var widths = columns.indices.map { index in all.map { displayWidth($0[index].text) }.max() ?? 0 }
        let shown = fitting(width, &widths)
        var lines = ""
        for row in all {
            var line = ""
            // Spaces are written when text follows them, so that no line ends in any.
            var owed = 0
            for index in shown {
                let text = shortened(row[index].text, to: widths[index])
                let gap = widths[index] - displayWidth(text)
                if columns[index].alignment == .right { owed += gap }
                if !text.isEmpty {
                    line += String(repeating: " ", count: owed) + (colour ? row[index].colour.paint(text) : text)
                    owed = 0
                }
                if columns[index].alignment == .left { owed += gap }
                owed += Self.gap
            }
            lines += line + "\n"
        }
        return lines
    }

    /// The columns that find room, with their widths narrowed where that is not enough.
    private func fitting(_ width: Int?, _ widths: inout [Int]) -> [Int] {
        var shown = Array(columns.indices)
        guard let width else { return shown }
        func total() -> Int { shown.reduce(0) { $0 + widths[$1] } + Self.gap * max(0, shown.count - 1) }
        // What would be left out first is narrowed first.
        let byRank = shown.enumerated().sorted { left, right in
            let (mine, other) = (columns[left.element].rank, columns[right.element].rank)
            return mine == other ? left.offset < right.offset : mine > other
        }
        for (_, index) in byRank {
            guard let floor = columns[index].floor, total() > width else { continue }
            widths[index] = max(min(floor, widths[index]), widths[index] - (total() - width))
        }
        while total() > width {
            let last = shown.filter { columns[$0].rank > 0 }.max { columns[$0].rank < columns[$1].rank }
            guard let last else { break }
            shown.removeAll { $0 == last }
        }
        while total() > width {
            guard let widest = shown.max(by: { widths[$0] < widths[$1] }), widths[widest] > Self.widthMin else { break }
            let second = shown.filter { $0 != widest }.map { widths[$0] }.max() ?? 0
            widths[widest] = max(Self.widthMin, widths[widest] - (total() - width), min(second, widths[widest] - 1))
        }
        return shown
    }
}

/// The text in so many terminal columns at most, its end replaced where it does not fit.
func shortened(_ text: String, to width: Int) -> String {
    guard displayWidth(text) > width else { return text }
    var kept = ""
    var used = 0
    for character in text {
        let wide = displayWidth(String(character))
        if used + wide > max(0, width - 2) { break }
        kept.append(character)
        used += wide
    }
    return kept + ".."
}

/// How many columns of a terminal the text takes (UAX #11): East Asian wide characters and emoji take two.
func displayWidth(_ text: String) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    return text.reduce(0) { sum, character in
        guard let scalar = character.unicodeScalars.first else { return sum }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1FAFF, 0x20000...0x3FFFD:
            return sum + 2
        default:
            return sum + 1
        }
    }
}
