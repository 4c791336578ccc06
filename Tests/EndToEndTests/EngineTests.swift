import Foundation
import Testing

/// Which of the kernel's interfaces `lbd` takes where one of them is refused, as container sandboxes do.
@Suite struct EngineTests {
    let bed = TestBed()

    /// Runs a program without io_uring: a seccomp(2) filter answers EPERM to io_uring_setup(2).
    private static let refusing = """
        import ctypes, os, struct, sys
        rules = [(0x20, 0, 0, 0), (0x15, 0, 1, 425), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)]
        filter = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
        program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(filter)))
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.prctl(38, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS"
        assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0, "PR_SET_SECCOMP"
        os.execv(sys.argv[1], sys.argv[1:])
        """

    private func lbd(io: String) throws -> ChildProcess {
        let own = ["--backend", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
        let arguments = own + ["--state", bed.path("state"), "--io", io]
        return try bed.spawn("python3", ["-c", Self.refusing, Programs.lbd] + arguments)
    }

    @Test func autoFallsBackToEpollAndSaysWhy() throws {
        let process = try lbd(io: "auto")
        try eventually("lbd listens", hint: process.errors) {
            process.errors.contains("listening on http://127.0.0.1:")
        }
        #expect(process.errors.contains("lbd: io_uring is not to be had (not permitted: "))
        #expect(process.errors.contains(", epoll, process "))
    }

    @Test func epollByNameSaysNothingOfTheOther() throws {
        let process = try lbd(io: "epoll")
        try eventually("lbd listens", hint: process.errors) {
            process.errors.contains("listening on http://127.0.0.1:")
        }
        #expect(!process.errors.contains("io_uring"))
    }

    @Test func ioUringByNameIsRefusedWithTheWayOut() throws {
        let result = try lbd(io: "io_uring").result()
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("io_uring is asked for and is not to be had (not permitted: "))
        #expect(result.errors.contains("--io epoll"))
        #expect(!result.errors.contains("listening on"))
    }
}
