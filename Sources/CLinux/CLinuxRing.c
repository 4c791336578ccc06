#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(struct clx_submission) == 64, "the kernel's layout");
_Static_assert(sizeof(struct clx_completion) == 16, "the kernel's layout");
_Static_assert(sizeof(struct clx_provided_buffer) == 16, "the kernel's layout");

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#define SYS_io_uring_enter 426
#define SYS_io_uring_register 427
#endif

// The layout of io_uring_setup(2)'s argument.
struct submission_offsets {
    uint32_t head, tail, mask, entries, flags, dropped, array, reserved;
    uint64_t user_address;
};
struct completion_offsets {
    uint32_t head, tail, mask, entries, overflow, completions, flags, reserved;
    uint64_t user_address;
};
struct setup {
    uint32_t submission_entries, completion_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, reserved[3];
    struct submission_offsets submission;
    struct completion_offsets completion;
};

enum {
    SETUP_COMPLETION_SIZE = 1 << 3,
    SETUP_SUBMIT_ALL = 1 << 7,
    SETUP_SINGLE_ISSUER = 1 << 12,
    SETUP_DEFER_TASKRUN = 1 << 13,
    FEATURE_SINGLE_MMAP = 1 << 0,
    ENTER_GETEVENTS = 1 << 0,
    ENTER_EXTENDED = 1 << 3,
    REGISTER_BUFFER_RING = 22,
    REGISTER_SYNC_CANCEL = 24,
    CANCEL_ALL = 1 << 0,
    CANCEL_ANY = 1 << 2,
};
#define OFFSET_RINGS 0ULL
#define OFFSET_SUBMISSIONS 0x10000000ULL

int clx_ring_open(struct clx_ring *out, uint32_t submissions, uint32_t completions) {
    memset(out, 0, sizeof *out);
    struct setup setup = {
        .completion_entries = completions,
        .flags = SETUP_COMPLETION_SIZE | SETUP_SUBMIT_ALL | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN,
    };
    int fd = (int)syscall(SYS_io_uring_setup, submissions, &setup);
    if (fd < 0) return -errno;
    if (!(setup.features & FEATURE_SINGLE_MMAP)) {
        close(fd);
        return -EINVAL;
    }
    size_t first = setup.submission.array + setup.submission_entries * sizeof(uint32_t);
    size_t second = setup.completion.completions + setup.completion_entries * sizeof(struct clx_completion);
    size_t bytes = first > second ? first : second;
    size_t submission_bytes = setup.submission_entries * sizeof(struct clx_submission);
    char *rings = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)OFFSET_RINGS);
    if (rings == MAP_FAILED) {
        int error = errno;
        close(fd);
        return -error;
    }
    void *entries =
        mmap(NULL, submission_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)OFFSET_SUBMISSIONS);
    if (entries == MAP_FAILED) {
        int error = errno;
        munmap(rings, bytes);
        close(fd);
        return -error;
    }
    *out = (struct clx_ring){
        .fd = fd,
        .submission_count = setup.submission_entries,
        .submission_mask = *(uint32_t *)(rings + setup.submission.mask),
        .completion_mask = *(uint32_t *)(rings + setup.completion.mask),
        .submissions = entries,
        .completions = (struct clx_completion *)(rings + setup.completion.completions),
        .submission_head = (uint32_t *)(rings + setup.submission.head),
        .submission_tail = (uint32_t *)(rings + setup.submission.tail),
        .completion_head = (uint32_t *)(rings + setup.completion.head),
        .completion_tail = (uint32_t *)(rings + setup.completion.tail),
        .memory = rings,
        .memory_bytes = bytes,
        .submission_bytes = submission_bytes,
    };
    // Submissions are used in their order, so the index of indices never changes.
    uint32_t *index = (uint32_t *)(rings + setup.submission.array);
    for (uint32_t i = 0; i < setup.submission_entries; i++) index[i] = i;
    return 0;
}

void clx_ring_close(struct clx_ring ring) {
    munmap(ring.submissions, ring.submission_bytes);
    munmap(ring.memory, ring.memory_bytes);
    close(ring.fd);
}

int clx_ring_enter(int ring, uint32_t submit, uint32_t wait, int64_t timeout_ns) {
    struct {
        int64_t seconds, nanoseconds;
    } timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    struct {
        uint64_t signals;
        uint32_t signal_bytes, least_wait;
        uint64_t timeout;
    } argument = {.timeout = timeout_ns < 0 ? 0 : (uint64_t)(uintptr_t)&timeout};
    int taken = (int)syscall(
        SYS_io_uring_enter, ring, submit, wait, ENTER_GETEVENTS | ENTER_EXTENDED, &argument, sizeof argument);
    return taken < 0 ? -errno : taken;
}

int clx_ring_submit(int ring, uint32_t submit) {
    int taken = (int)syscall(SYS_io_uring_enter, ring, submit, 0, 0, NULL, 0);
    return taken < 0 ? -errno : taken;
}

int clx_ring_cancel_all(int ring) {
    struct {
        uint64_t address;
        int32_t fd;
        uint32_t flags;
        int64_t seconds, nanoseconds;
        uint8_t opcode, padding[7];
        uint64_t padding2[3];
    } argument = {.fd = -1, .flags = CANCEL_ALL | CANCEL_ANY, .seconds = -1, .nanoseconds = -1};
    return syscall(SYS_io_uring_register, ring, REGISTER_SYNC_CANCEL, &argument, 1) < 0 ? -errno : 0;
}

int clx_ring_provide(int ring, uint16_t group, struct clx_provided_buffer *entries, uint32_t count) {
    struct {
        uint64_t address;
        uint32_t entries;
        uint16_t group, flags;
        uint64_t reserved[3];
    } argument = {.address = (uint64_t)(uintptr_t)entries, .entries = count, .group = group};
    return syscall(SYS_io_uring_register, ring, REGISTER_BUFFER_RING, &argument, 1) < 0 ? -errno : 0;
}

uint32_t clx_send_flags(int more) { return MSG_NOSIGNAL | (more ? MSG_MORE : 0); }
uint32_t clx_accept_flags(void) { return SOCK_NONBLOCK | SOCK_CLOEXEC; }
uint32_t clx_poll_readable(void) { return POLLIN; }
uint32_t clx_poll_writable(void) { return POLLOUT; }
