import Glibc

extension Console {
    /// What the process's standard streams are.
    static func ofProcess(_ environment: [String: String]) -> Console {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let showsOutput = isatty(STDOUT_FILENO) == 1
        return Console(
            showsOutput: showsOutput,
            showsErrors: isatty(STDERR_FILENO) == 1,
            takesKeys: isatty(STDIN_FILENO) == 1,
            columns: showsOutput ? terminalSize()?.columns : nil,
            speaksUTF8: locale.lowercased().replacingHyphens.hasSuffix("utf8")
        )
    }
}

extension String {
    /// `en_US.UTF-8` and `en_US.utf8` are the same.
    fileprivate var replacingHyphens: String { filter { $0 != "-" } }
}

/// The size of the terminal behind standard output; nil where it is none, or does not know.
func terminalSize() -> (columns: Int, rows: Int)? {
    var size = winsize()
    // SAFETY: TIOCGWINSZ fills the struct.
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
        return nil
    }
    return (Int(size.ws_col), Int(size.ws_row))
}

/// The keyboard, key by key and without an echo, for as long as this lives.
struct RawKeyboard: ~Copyable {
    private let before: termios

    private init(before: termios) { self.before = before }

    /// Nil where standard input is no terminal.
    static func taken() -> RawKeyboard? {
        var settings = termios()
        // SAFETY: tcgetattr fills the struct.
        guard unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        let keyboard = RawKeyboard(before: settings)
        // Ctrl-C comes as a key: a signal would find the terminal as we have made it.
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        // SAFETY: reads the struct.
        unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        return keyboard
    }

    deinit {
        var settings = before
        // SAFETY: reads the struct.
        unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    }

    /// What was typed and not read yet; nil when the terminal is gone.
    func read() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 64)
        // SAFETY: valid for the array's bytes.
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count) }
        guard count > 0 else { return count < 0 && errno == EINTR ? [] : nil }
        return Array(bytes[..<count])
    }
}
