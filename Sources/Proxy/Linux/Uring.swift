import CLinux

/// The two rings that one thread shares with the kernel: submissions go in, completions come out. io_uring(7).
///
/// Submissions are only written to memory until `enter`, which hands all of them over in one system call.
@safe
struct Uring: ~Copyable {
    private var ring: clx_ring
    /// Ours: the kernel sees it at `enter`.
    private var submissionTail: UInt32 = 0
    /// Ours: completions before it have been read.
    private var completionHead: UInt32 = 0
    /// The kernel's, as last seen.
    private var completionTail: UInt32 = 0

    // Together about 100 KiB, which count as locked memory of the user: 64 workers are within the usual 8 MiB.
    /// Enough for what a turn of a busy loop asks for; a turn that asks for more hands over in between.
    private static let submissions: UInt32 = 512
    /// What does not fit is kept by the kernel, and costs a little more.
    private static let completions: UInt32 = 4096

    /// - Throws: a negated errno.
    init() throws(Refusal) {
        // SAFETY: the callee fills `ring` with mappings that live until `deinit`.
        var ring = unsafe clx_ring()
        let result = unsafe clx_ring_open(&ring, Self.submissions, Self.completions)
        guard result == 0 else { throw Refusal(error: result) }
        unsafe self.ring = unsafe ring
    }

    /// What the kernel said.
    struct Refusal: Error {
        let error: Int32
    }

    deinit {
        // Nothing may write to buffers any more, which whoever owns them frees next.
        _ = unsafe clx_ring_cancel_all(ring.fd)
        unsafe clx_ring_close(ring)
    }

    /// Registers `entries`, whose memory must outlive the ring, as a ring of buffers. 0 or a negated errno.
    @unsafe
    func provide(_ entries: UnsafeMutablePointer<clx_provided_buffer>, count: UInt32, group: UInt16) -> Int32 {
        unsafe clx_ring_provide(ring.fd, group, entries, count)
    }

    // MARK: submissions

    /// Asks for one more operation; it is handed over with the others.
    @inline(always)
    mutating func submit(_ submission: clx_submission) {
        // SAFETY: the mapping has as many entries as the mask says; the kernel reads those before the tail only, which is
        // stored after them.
        while unsafe submissionTail &- clx_load_acquire(ring.submission_head) == ring.submission_count { handOver() }
        unsafe ring.submissions[Int(submissionTail & ring.submission_mask)] = submission
        submissionTail &+= 1
    }

    /// The ring is full: the kernel takes it all, which fails only for want of memory and for a moment.
    private mutating func handOver() {
        unsafe clx_store_release(ring.submission_tail, submissionTail)
        _ = unsafe clx_ring_submit(ring.fd, submissionTail &- clx_load_acquire(ring.submission_head))
    }

    /// Hands over what was submitted, and gathers completions; waits for one at most `timeoutNs` unless that is 0.
    mutating func enter(timeoutNs: Int64) {
        // SAFETY: as above. What was not taken, for want of memory, stays and is handed over next time.
        unsafe clx_store_release(ring.submission_tail, submissionTail)
        let submitted = unsafe submissionTail &- clx_load_acquire(ring.submission_head)
        _ = unsafe clx_ring_enter(ring.fd, submitted, timeoutNs > 0 ? 1 : 0, timeoutNs)
        unsafe completionTail = clx_load_acquire(ring.completion_tail)
    }

    // MARK: completions

    /// Whether there are some that were gathered and not read.
    var hasCompletions: Bool { completionHead != completionTail }

    /// The next one that was gathered.
    @inline(always)
    mutating func next() -> clx_completion? {
        guard completionHead != completionTail else { return nil }
        // SAFETY: the kernel has written the entries before its tail, and leaves them alone until `release`.
        let completion = unsafe ring.completions[Int(completionHead & ring.completion_mask)]
        completionHead &+= 1
        return completion
    }

    /// Gives the entries that were read back to the kernel.
    mutating func release() { unsafe clx_store_release(ring.completion_head, completionHead) }
}
