import Foundation

/// A program on a pseudo-terminal, driven by Python's `pty`, which every machine that tests this has.
enum PseudoTerminal {
    enum Step {
        /// Waits until the screen has shown this, as a regular expression, since the last one.
        case expect(String)
        case type(String)
        /// Another size, as when somebody drags the window.
        case resize(columns: Int, rows: Int)
        /// The terminal's window is closed.
        case hangUp
    }

    struct Ended {
        /// 128 and the signal when one ended it.
        let code: Int32
        /// All that was written to the terminal.
        let screen: String
        /// What was waited for in vain; nil when all came.
        let missed: String?
    }

    private static let driver = #"""
        import errno, fcntl, json, os, pty, re, select, signal, struct, sys, termios, time
        job = json.load(sys.stdin)
        def size(fd, columns, rows):
            fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        pid, fd = pty.fork()
        if pid == 0:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            size(0, job["columns"], job["rows"])
            os.execvpe(job["words"][0], job["words"], job["environment"])
        size(fd, job["columns"], job["rows"])
        screen, seen, missed, is_open = b"", 0, None, True
        def read(seconds):
            global screen, is_open
            if not is_open or not select.select([fd], [], [], max(seconds, 0))[0]:
                return False
            try:
                piece = os.read(fd, 65536)
            except OSError as error:
                if error.errno != errno.EIO: raise
                piece = b""
            screen += piece
            is_open = bool(piece)
            return is_open
        for step in job["steps"]:
            if "expect" in step:
                end = time.monotonic() + 30
                while True:
                    found = re.search(step["expect"].encode(), screen[seen:])
                    if found:
                        seen += found.end()
                        break
                    if not is_open or time.monotonic() > end:
                        missed = step["expect"]
                        break
                    read(end - time.monotonic())
                if missed: break
            elif "type" in step:
                os.write(fd, step["type"].encode())
            elif "resize" in step:
                size(fd, *step["resize"])
            else:
                os.close(fd)
                is_open = False
        if missed: os.kill(pid, signal.SIGKILL)
        while read(30): pass
        status = os.waitpid(pid, 0)[1]
        code = os.waitstatus_to_exitcode(status)
        json.dump({"code": code if code >= 0 else 128 - code, "screen": screen.decode(errors="replace"),
                   "missed": missed}, sys.stdout)
        """#

    /// What the sanitizers of this run are told holds for the program too.
    private static let sanitizers = ProcessInfo.processInfo.environment.filter { key, _ in
        key == "ASAN_OPTIONS" || key == "TSAN_OPTIONS"
    }

    static func run(
        _ words: [String],
        columns: Int = 80,
        rows: Int = 24,
        environment: [String: String] = [:],
        _ steps: [Step]
    ) throws -> Ended {
        let job: [String: Any] = [
            "words": words, "columns": columns, "rows": rows,
            "environment": ["TERM": "xterm", "PATH": "/usr/local/bin:/usr/bin:/bin"].merging(sanitizers) { $1 }
                .merging(environment) { $1 },
            "steps": steps.map { step -> [String: Any] in
                switch step {
                case .expect(let pattern): ["expect": pattern]
                case .type(let text): ["type": text]
                case .resize(let columns, let rows): ["resize": [columns, rows]]
                case .hangUp: ["hangUp": true]
                }
            },
        ]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", driver]
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        input.fileHandleForWriting.write(try JSONSerialization.data(withJSONObject: job))
        try input.fileHandleForWriting.close()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let answer = try JSONSerialization.jsonObject(with: said) as? [String: Any] ?? [:]
        return Ended(
            code: Int32(answer["code"] as? Int ?? -1),
            screen: answer["screen"] as? String ?? "",
            missed: answer["missed"] as? String
        )
    }
}
