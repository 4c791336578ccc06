/// Where the state store is when nobody said.
enum StateDirectory {
    /// The first absolute one of the customary places; nil when there is none, and `--state` has to say.
    ///
    /// They are `$STATE_DIRECTORY` (of systemd), `$XDG_STATE_HOME/lb`, `~/.local/state/lb` and, for root, `/var/lib/lb`.
    /// Relative values are passed over, as the XDG base directory specification asks.
    static func standard(isRoot: Bool, variable: (String) -> String?) -> String? {
        func absolute(_ name: String) -> String? {
            guard let text = variable(name), text.hasPrefix("/") else { return nil }
            return text
        }
        // systemd puts colons between several.
        if let first = absolute("STATE_DIRECTORY")?.split(separator: ":").first { return String(first) }
        if let home = absolute("XDG_STATE_HOME") { return home + "/lb" }
        if let home = absolute("HOME") { return (home == "/" ? "" : home) + "/.local/state/lb" }
        return isRoot ? "/var/lib/lb" : nil
    }
}
