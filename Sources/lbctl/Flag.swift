/// One `--flag` of the tool or of a command.
struct Flag: Sendable {
    /// Without its hyphens.
    let name: String
    let short: Character?
    /// What stands for the value in the help; nil for a switch.
    let value: String?
    let help: String

    init(_ name: String, short: Character? = nil, value: String? = nil, help: String) {
        self.name = name
        self.short = short
        self.value = value
        self.help = help
    }

    /// As in the help: `-o, --output table|json`.
    var synopsis: String {
        (short.map { "-\($0), " } ?? "") + "--" + name + (value.map { " " + $0 } ?? "")
    }

    /// The flags that every command takes.
    static let global: [Flag] = [
        Flag("addr", value: "ADDRESS", help: "http://HOST:PORT, HOST:PORT or unix:PATH"),
        Flag("output", short: "o", value: "table|json", help: "json is the API's answer as it came"),
        Flag("timeout", value: "TIME", help: "how long to wait, 30s unless said; 0: for ever"),
        Flag("quiet", short: "q", help: "no success lines, no hints"),
        Flag("verbose", short: "v", help: "the HTTP exchange on standard error"),
        Flag("no-color", help: "no colours, on a terminal neither"),
        Flag("curl", help: "print the curl command that does the same, and stop"),
        Flag("help", short: "h", help: "the help of the command"),
    ]
}
