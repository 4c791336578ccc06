import Glibc

private let showsOutput = isatty(STDOUT_FILENO) == 1

/// Standard output or standard error.
///
/// A reader that went away ends the tool as SIGPIPE does where it is not ignored: without a word, with 141. Output
/// that cannot be written for another reason is an error.
private func sink(_ descriptor: Int32) -> Sink {
    Sink { bytes in
        let failure = writeAll(bytes, to: descriptor)
        if failure == 0 || descriptor == STDERR_FILENO { return }
        if failure == EPIPE { exit(ExitCode.brokenPipe.rawValue) }
        // What is written to a terminal that is gone comes back so (termios(3)).
        if failure == EIO, showsOutput { exit(ExitCode.hungUp.rawValue) }
        _ = writeAll(
            Array("error: cannot write to standard output: \(errorText(failure))\n".utf8),
            to: STDERR_FILENO
        )
        exit(ExitCode.no.rawValue)
    }
}

let variables = environment(Settings.variables.map(\.name))

exit(
    run(
        arguments: Array(CommandLine.arguments.dropFirst()),
        environment: variables,
        stdout: sink(STDOUT_FILENO),
        stderr: sink(STDERR_FILENO),
        console: .ofProcess(variables),
        interrupts: .ofProcess()
    )
)
