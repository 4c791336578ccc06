// The kernel's interface as the proxy needs it: system calls that answer with a count or a negated errno, and
// addresses in one flat form. No logic lives here.
#ifndef CLINUX_H
#define CLINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CLinuxRing.h"

/// One address: IPv4 in the first four bytes, IPv6 in all sixteen, both in network order; a UNIX path stands apart.
struct clx_endpoint {
    uint8_t family;  // CLX_IPV4, CLX_IPV6, CLX_UNIX
    uint16_t port;   // host order
    uint32_t scope;  // IPv6 zone index
    uint8_t address[16];
};

enum { CLX_IPV4 = 4, CLX_IPV6 = 6, CLX_UNIX = 1 };

/// One readiness report of epoll_wait(2).
struct clx_event {
    uint32_t flags;
    uint64_t data;
};

enum {
    CLX_READABLE = 1,   // EPOLLIN
    CLX_WRITABLE = 2,   // EPOLLOUT
    CLX_ENDED = 4,      // EPOLLRDHUP or EPOLLHUP: a read will tell
    CLX_FAILED = 8,     // EPOLLERR
};

// errno values that the proxy tells apart, under names that Swift can switch over.
enum {
    CLX_AGAIN = -11, CLX_INTERRUPTED = -4, CLX_REFUSED = -111, CLX_RESET = -104, CLX_PIPE = -32, CLX_TIMED_OUT = -110,
    CLX_NO_DESCRIPTORS = -24, CLX_NO_DESCRIPTORS_SYSTEM = -23, CLX_NO_MEMORY = -12, CLX_NO_BUFFERS = -105,
    CLX_UNREACHABLE_HOST = -113, CLX_UNREACHABLE_NET = -101, CLX_IN_PROGRESS = -115, CLX_ABORTED = -103,
    CLX_NO_ENTRY = -2, CLX_NO_PERMISSION = -13, CLX_NOT_PERMITTED = -1, CLX_ADDRESS_IN_USE = -98,
    CLX_NO_ADDRESS = -99, CLX_NO_SPACE = -28,
};

// Sockets. Every descriptor is non-blocking and close-on-exec.
/// Without Nagle's delay (TCP_NODELAY), which a listener hands down to the connections that it accepts.
int clx_socket(uint8_t family);
void clx_no_delay(int fd);
/// Binds with SO_REUSEPORT (so that workers, and a successor, may share the port) and, for [::], both families.
int clx_bind(int fd, const struct clx_endpoint *at, const char *path);
int clx_listen(int fd, int backlog);
int clx_accept(int fd);
int clx_connect(int fd, const struct clx_endpoint *to, const char *path);
/// Whether this machine has an address that packets to `to` could come from. Sends nothing. True where that cannot be found out.
bool clx_has_source(const struct clx_endpoint *to);
/// The pending error of a socket, as a negated errno; 0 for none. getsockopt(2) with SO_ERROR.
int clx_socket_error(int fd);
long clx_receive(int fd, void *into, size_t room);
long clx_send(int fd, const void *from, size_t count, bool more);
/// Both ends of a pipe that never waits. SIGPIPE is ignored from then on, which splice(2) would raise. 0 or a negated errno.
/// pipe2(2).
int clx_pipe(int *input, int *output);
/// Moves bytes between a pipe and a socket without a copy: so many, 0 at the end, or a negated errno. splice(2).
long clx_splice(int from, int to, size_t count, bool more);
int clx_shutdown_write(int fd);
int clx_close(int fd);
int clx_duplicate(int fd);
/// Removes a socket file that nobody listens on any more; 0, or a negated errno when it is not one or is in use.
int clx_unlink_stale(const char *path);
int clx_peer(int fd, struct clx_endpoint *out);
int clx_local(int fd, struct clx_endpoint *out);
/// Bytes that the peer's kernel has acknowledged, without the SYN of a connection that was made from here, getsockopt(2) with TCP_INFO (Linux 4.1); -1 where it does not tell.
int64_t clx_bytes_acknowledged(int fd);
/// The socket's close(2) resets the connection: SO_LINGER of zero seconds, socket(7).
int clx_reset_on_close(int fd);
/// Where a stream socket listens, and its path if it is a UNIX one; 0, or a negated errno (-EINVAL: it does not listen).
/// Makes it non-blocking, close-on-exec and TCP_NODELAY.
int clx_listening_at(int fd, struct clx_endpoint *out, char *path, size_t room);

// Passing descriptors between processes over a socket of the abstract namespace (unix(7)), which each network namespace
// has for itself, as it has its ports.
/// Listens at the name; non-blocking.
int clx_meeting_listen(const char *name);
/// Connects to the process that listens at the name; non-blocking, and -EAGAIN when its queue is full.
int clx_meeting_connect(const char *name);
/// The calls on this connection wait for its other end from here on, for 10 s each.
int clx_meeting_wait(int fd);
/// Takes one who connects; blocking then, at most 10 s a call.
int clx_meeting_accept(int fd);
/// The effective user of the other end, or UINT32_MAX when it is not to be had; and our own.
uint32_t clx_peer_user(int fd);
uint32_t clx_own_user(void);
int clx_send_descriptors(int fd, const int *descriptors, int count);
/// The count that came, close-on-exec; or a negated errno. At most 253, the kernel's own bound (SCM_MAX_FD).
int clx_receive_descriptors(int fd, int *descriptors, int room);
/// Waits until one of the descriptors is readable: its index, or a negated errno.
int clx_wait_any(const int *descriptors, int count);

// Readiness. Registration is edge-triggered and for both directions, once in a descriptor's life.
int clx_epoll_create(void);
int clx_epoll_add(int epoll, int fd, uint64_t data);
/// Level-triggered, for reading only: listeners and the wake descriptor.
int clx_epoll_add_level(int epoll, int fd, uint64_t data);
int clx_epoll_remove(int epoll, int fd);
int clx_epoll_wait(int epoll, struct clx_event *events, int room, int64_t timeout_ns);

// Waking a loop from another thread. eventfd(2).
int clx_eventfd(void);
void clx_eventfd_raise(int fd);
void clx_eventfd_clear(int fd);

// Waiting for another thread. futex(2); the wait returns at a change, a wake, a signal or the timeout.
void clx_futex_wait(const uint32_t *word, uint32_t seen, int64_t timeout_ns);
void clx_futex_wake(const uint32_t *word);

/// Starts a detached thread that runs `body(argument)`; 0 or a negated errno. All signals are blocked in it.
int clx_thread(void (*body)(void *), void *argument, const char *name);
void clx_sleep_ns(int64_t ns);

// Time, chance, memory, limits.
uint64_t clx_monotonic_ns(void);
int64_t clx_wall_ns(void);
uint64_t clx_random(void);
/// Zeroed pages that cost memory only once touched; never null (the process ends if the kernel has none).
void *clx_zeroed(size_t bytes);
void clx_zeroed_free(void *memory, size_t bytes);
/// Gives pages back that are read as zeroes from here on, and cost memory again only once touched. madvise(2).
void clx_forget(void *memory, size_t bytes);
/// Raises RLIMIT_NOFILE to its hard limit and tells the limit.
uint64_t clx_raise_descriptor_limit(void);
/// Raises RLIMIT_MEMLOCK, which the rings of io_uring count against, to its hard limit.
void clx_raise_locked_memory_limit(void);
int clx_cores(void);

/// What the kernel knows of this process. A figure that it does not tell is 0.
struct clx_process {
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t cpu_ns;
    uint64_t descriptors;
    uint64_t descriptors_max;
    uint64_t threads;
};
/// Opens what `clx_process_read` reads, so that it needs no descriptor when there are none left. Once, at start.
void clx_process_open(void);
/// From any thread. /proc/self/statm, /proc/self/fd, /proc/self/task, getrlimit(2), clock_gettime(2).
void clx_process_read(struct clx_process *out);

// Names. getaddrinfo(3); blocks, so never on a worker. The count of endpoints, or 0.
int clx_resolve(const char *host, uint16_t port, struct clx_endpoint *out, int room);
/// For how many seconds the name server's answer about the addresses of a host holds: the least TTL of its A and AAAA
/// records, res_nsearch(3). -1 when no name server tells, as for a name of the hosts file. Blocks for a few seconds at most.
/// `server` is a UDP port on 127.0.0.1 to ask instead of the system's name servers; 0 asks those.
int64_t clx_name_ttl(const char *host, uint16_t server);

// Files for the log thread.
int clx_open_append(const char *path);
/// Writes all of it, waiting where the file is a pipe; 0 or a negated errno.
int clx_write_all(int fd, const void *from, size_t count);
/// The text of an errno. strerror(3), as a pointer to static storage.
const char *clx_error_text(int error);

#endif
