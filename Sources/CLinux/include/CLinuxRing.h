// io_uring(7) as the proxy needs it: the kernel's own layout of its two rings, so that the engine can fill and read them in
// place, and the few system calls around them. No logic lives here. The layout is spelled out, because the kernel
// headers that a distribution builds with are often older than the kernel that it runs.
#ifndef CLINUX_RING_H
#define CLINUX_RING_H

#include <stdint.h>
#include <stddef.h>

/// A submission: one operation that is asked for.
struct clx_submission {
    uint8_t opcode;      // CLX_OP_*
    uint8_t flags;       // CLX_SUBMIT_*
    uint16_t options;    // CLX_RECEIVE_*, CLX_ACCEPT_*
    int32_t fd;
    uint64_t offset;
    uint64_t address;
    uint32_t length;
    uint32_t operation_flags;
    uint64_t user_data;
    uint16_t buffer_group;
    uint16_t personality;
    int32_t file_index;
    uint64_t reserved[2];
};

/// A completion: what became of one.
struct clx_completion {
    uint64_t user_data;
    int32_t result;      // a count, or a negated errno
    uint32_t flags;      // CLX_COMPLETION_*; the buffer's number in the upper half
};

/// A buffer that the kernel may fill. In the first one the last field is the ring's tail.
struct clx_provided_buffer {
    uint64_t address;
    uint32_t length;
    uint16_t number;
    uint16_t tail;
};

enum {
    CLX_OP_POLL = 6, CLX_OP_ACCEPT = 13, CLX_OP_CANCEL = 14, CLX_OP_CLOSE = 19, CLX_OP_SEND = 26, CLX_OP_RECEIVE = 27,
};

enum {
    CLX_SUBMIT_SELECT_BUFFER = 1 << 5,  // IOSQE_BUFFER_SELECT
    CLX_SUBMIT_SILENT = 1 << 6,         // IOSQE_CQE_SKIP_SUCCESS
    CLX_RECEIVE_POLL_FIRST = 1 << 0,    // IORING_RECVSEND_POLL_FIRST
    CLX_ACCEPT_MANY = 1 << 0,           // IORING_ACCEPT_MULTISHOT
    CLX_COMPLETION_HAS_BUFFER = 1 << 0, // IORING_CQE_F_BUFFER
    CLX_COMPLETION_MORE = 1 << 1,       // IORING_CQE_F_MORE
    CLX_COMPLETION_NOT_EMPTY = 1 << 2,  // IORING_CQE_F_SOCK_NONEMPTY
    CLX_CANCELLED = -125, CLX_NO_SUCH_SYSTEM_CALL = -38, CLX_INVALID = -22,
};

/// The rings of one thread, mapped.
struct clx_ring {
    int fd;
    uint32_t submission_count, submission_mask, completion_mask;
    struct clx_submission *submissions;
    const struct clx_completion *completions;
    const uint32_t *submission_head;
    uint32_t *submission_tail;
    uint32_t *completion_head;
    const uint32_t *completion_tail;
    void *memory;
    size_t memory_bytes, submission_bytes;
};

/// Makes rings that only the calling thread may use, and whose completions are gathered when it asks for them
/// (IORING_SETUP_SINGLE_ISSUER, IORING_SETUP_DEFER_TASKRUN: Linux 6.1). 0 or a negated errno.
int clx_ring_open(struct clx_ring *out, uint32_t submissions, uint32_t completions);
void clx_ring_close(struct clx_ring ring);
/// Hands over `submit` submissions and gathers completions, waiting for the first at most `timeout_ns` when `wait` is 1.
/// The count of those taken, or a negated errno. io_uring_enter(2).
int clx_ring_enter(int ring, uint32_t submit, uint32_t wait, int64_t timeout_ns);
/// Hands over submissions and gathers nothing.
int clx_ring_submit(int ring, uint32_t submit);
/// Ends everything that is under way, and returns when it has ended (Linux 6.0). 0 or a negated errno.
int clx_ring_cancel_all(int ring);
/// Registers `count` (a power of two) entries of zeroed pages as the ring of buffers `group`. 0 or a negated errno.
int clx_ring_provide(int ring, uint16_t group, struct clx_provided_buffer *entries, uint32_t count);

// What both sides write is read and written with the order that io_uring(7) asks for.
static inline uint32_t clx_load_acquire(const uint32_t *at) { return __atomic_load_n(at, __ATOMIC_ACQUIRE); }
static inline void clx_store_release(uint32_t *at, uint32_t value) { __atomic_store_n(at, value, __ATOMIC_RELEASE); }
static inline void clx_store_release16(uint16_t *at, uint16_t value) { __atomic_store_n(at, value, __ATOMIC_RELEASE); }

/// The flags that a send and an accept of the ring take.
uint32_t clx_send_flags(int more);
uint32_t clx_accept_flags(void);
uint32_t clx_poll_readable(void);
uint32_t clx_poll_writable(void);

#endif
