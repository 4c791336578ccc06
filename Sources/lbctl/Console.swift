/// What is around the tool: a person at a terminal, a pipe, a file.
struct Console {
    /// Standard output is a terminal.
    var showsOutput = false
    /// Standard error is a terminal.
    var showsErrors = false
    /// Standard input is a terminal.
    var takesKeys = false
    /// Columns of the terminal behind standard output; nil where there is none, or it does not say.
    var columns: Int?
    /// Whether the locale's characters are UTF-8.
    var speaksUTF8 = false

    /// Somebody can be asked and can answer.
    var canAsk: Bool { takesKeys && showsErrors }
}
