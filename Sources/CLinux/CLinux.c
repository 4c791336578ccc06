#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <resolv.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

_Static_assert(CLX_AGAIN == -EAGAIN && CLX_REFUSED == -ECONNREFUSED && CLX_RESET == -ECONNRESET, "errno values");
_Static_assert(CLX_PIPE == -EPIPE && CLX_TIMED_OUT == -ETIMEDOUT && CLX_IN_PROGRESS == -EINPROGRESS, "errno values");
_Static_assert(CLX_NO_DESCRIPTORS == -EMFILE && CLX_NO_DESCRIPTORS_SYSTEM == -ENFILE, "errno values");
_Static_assert(CLX_NO_MEMORY == -ENOMEM && CLX_NO_BUFFERS == -ENOBUFS && CLX_ABORTED == -ECONNABORTED, "errno values");
_Static_assert(CLX_UNREACHABLE_HOST == -EHOSTUNREACH && CLX_UNREACHABLE_NET == -ENETUNREACH, "errno values");
_Static_assert(CLX_INTERRUPTED == -EINTR && CLX_NO_ENTRY == -ENOENT && CLX_NO_PERMISSION == -EACCES, "errno values");
_Static_assert(CLX_NOT_PERMITTED == -EPERM && CLX_ADDRESS_IN_USE == -EADDRINUSE, "errno values");
_Static_assert(CLX_NO_ADDRESS == -EADDRNOTAVAIL && CLX_CANCELLED == -ECANCELED && CLX_INVALID == -EINVAL, "errno values");
_Static_assert(CLX_NO_SUCH_SYSTEM_CALL == -ENOSYS && CLX_NO_SPACE == -ENOSPC, "errno values");

static socklen_t fill(struct sockaddr_storage *to, const struct clx_endpoint *from, const char *path) {
    memset(to, 0, sizeof *to);
    if (from->family == CLX_IPV4) {
        struct sockaddr_in *a = (struct sockaddr_in *)to;
        a->sin_family = AF_INET;
        a->sin_port = htons(from->port);
        memcpy(&a->sin_addr, from->address, 4);
        return sizeof *a;
    }
    if (from->family == CLX_IPV6) {
        struct sockaddr_in6 *a = (struct sockaddr_in6 *)to;
        a->sin6_family = AF_INET6;
        a->sin6_port = htons(from->port);
        a->sin6_scope_id = from->scope;
        memcpy(&a->sin6_addr, from->address, 16);
        return sizeof *a;
    }
    struct sockaddr_un *a = (struct sockaddr_un *)to;
    a->sun_family = AF_UNIX;
    snprintf(a->sun_path, sizeof a->sun_path, "%s", path ? path : "");
    return sizeof *a;
}

static void read_back(struct clx_endpoint *to, const struct sockaddr_storage *from) {
    memset(to, 0, sizeof *to);
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *a = (const struct sockaddr_in *)from;
        to->family = CLX_IPV4;
        to->port = ntohs(a->sin_port);
        memcpy(to->address, &a->sin_addr, 4);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)from;
        to->port = ntohs(a->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&a->sin6_addr)) {
            to->family = CLX_IPV4;
            memcpy(to->address, a->sin6_addr.s6_addr + 12, 4);
        } else {
            to->family = CLX_IPV6;
            to->scope = a->sin6_scope_id;
            memcpy(to->address, &a->sin6_addr, 16);
        }
    } else {
        to->family = CLX_UNIX;
    }
}

int clx_socket(uint8_t family) {
    int domain = family == CLX_IPV4 ? AF_INET : family == CLX_IPV6 ? AF_INET6 : AF_UNIX;
    int fd = socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (domain != AF_UNIX) clx_no_delay(fd);
    return fd;
}

int clx_bind(int fd, const struct clx_endpoint *at, const char *path) {
    struct sockaddr_storage a;
    socklen_t n = fill(&a, at, path);
    int one = 1, zero = 0;
    if (at->family != CLX_UNIX) {
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one)) return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one)) return -errno;
    }
    if (at->family == CLX_IPV6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    return bind(fd, (struct sockaddr *)&a, n) ? -errno : 0;
}

int clx_listen(int fd, int backlog) { return listen(fd, backlog) ? -errno : 0; }

int clx_accept(int fd) {
    int got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return got < 0 ? -errno : got;
}

void clx_no_delay(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

int clx_connect(int fd, const struct clx_endpoint *to, const char *path) {
    struct sockaddr_storage a;
    socklen_t n = fill(&a, to, path);
    return connect(fd, (struct sockaddr *)&a, n) ? -errno : 0;
}

bool clx_has_source(const struct clx_endpoint *to) {
    struct sockaddr_storage a;
    socklen_t n = fill(&a, to, NULL);
    int fd = socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return true;
    // Chooses a route and a source address like TCP does, and has ports of its own.
    bool has = connect(fd, (struct sockaddr *)&a, n) == 0 || errno != EADDRNOTAVAIL;
    close(fd);
    return has;
}

int clx_socket_error(int fd) {
    int error = 0;
    socklen_t n = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n)) return -errno;
    return -error;
}

long clx_receive(int fd, void *into, size_t room) {
    long n;
    do n = recv(fd, into, room, 0);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

long clx_send(int fd, const void *from, size_t count, bool more) {
    long n;
    do n = send(fd, from, count, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int clx_pipe(int *input, int *output) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK)) return -errno;
    // splice(2) knows no MSG_NOSIGNAL.
    signal(SIGPIPE, SIG_IGN);
    *output = ends[0];
    *input = ends[1];
    return 0;
}

long clx_splice(int from, int to, size_t count, bool more) {
    long n;
    do n = splice(from, NULL, to, NULL, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (more ? SPLICE_F_MORE : 0));
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int clx_shutdown_write(int fd) { return shutdown(fd, SHUT_WR) ? -errno : 0; }
int clx_close(int fd) { return close(fd) ? -errno : 0; }

int clx_duplicate(int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? -errno : copy;
}

int clx_unlink_stale(const char *path) {
    struct stat s;
    if (lstat(path, &s)) return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(s.st_mode)) return -EEXIST;
    struct clx_endpoint unnamed = {.family = CLX_UNIX};
    int fd = clx_socket(CLX_UNIX);
    if (fd < 0) return fd;
    int result = clx_connect(fd, &unnamed, path);
    close(fd);
    if (result == 0 || result == -EAGAIN) return -EADDRINUSE;
    return unlink(path) ? -errno : 0;
}

int clx_peer(int fd, struct clx_endpoint *out) {
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof a;
    if (getpeername(fd, (struct sockaddr *)&a, &n)) return -errno;
    read_back(out, &a);
    return 0;
}

int clx_local(int fd, struct clx_endpoint *out) {
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &n)) return -errno;
    read_back(out, &a);
    return 0;
}

int64_t clx_bytes_acknowledged(int fd) {
    // struct tcp_info as the kernel fills it; libc's own ends before the member that is asked for.
    unsigned char info[256];
    const size_t at = 120;  // tcpi_bytes_acked
    socklen_t n = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &n) || n < at + sizeof(uint64_t)) return -1;
    uint64_t count;
    memcpy(&count, info + at, sizeof count);
    // The SYN is counted as a byte.
    return count > 0 && count <= INT64_MAX ? (int64_t)count - 1 : 0;
}

int clx_reset_on_close(int fd) {
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) ? -errno : 0;
}

int clx_listening_at(int fd, struct clx_endpoint *out, char *path, size_t room) {
    int type = 0, listens = 0;
    socklen_t n = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n)) return -errno;
    n = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n)) return -errno;
    if (type != SOCK_STREAM || !listens) return -EINVAL;
    struct sockaddr_storage a = {0};
    n = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &n)) return -errno;
    read_back(out, &a);
    // An abstract name begins with NUL, and so reads as no path.
    snprintf(path, room, "%s", a.ss_family == AF_UNIX ? ((struct sockaddr_un *)&a)->sun_path : "");
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) || fcntl(fd, F_SETFD, FD_CLOEXEC)) return -errno;
    if (a.ss_family != AF_UNIX) clx_no_delay(fd);
    return 0;
}

static socklen_t abstract(struct sockaddr_un *to, const char *name) {
    memset(to, 0, sizeof *to);
    to->sun_family = AF_UNIX;
    size_t n = strnlen(name, sizeof to->sun_path - 1);
    memcpy(to->sun_path + 1, name, n);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

static int patient(int fd) {
    // The other may have to wait for a processor, and who goes on without it loses connections later.
    struct timeval t = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
    return fd;
}

int clx_meeting_listen(const char *name) {
    struct sockaddr_un a;
    socklen_t n = abstract(&a, name);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    if (bind(fd, (struct sockaddr *)&a, n) || listen(fd, 16)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int clx_meeting_connect(const char *name) {
    struct sockaddr_un a;
    socklen_t n = abstract(&a, name);
    // Whoever has the name may not accept: a full queue is EAGAIN, and no reason to wait.
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    if (connect(fd, (struct sockaddr *)&a, n)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int clx_meeting_wait(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK)) return -errno;
    patient(fd);
    return 0;
}

int clx_meeting_accept(int fd) {
    int got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    return got < 0 ? -errno : patient(got);
}

uint32_t clx_peer_user(int fd) {
    struct ucred peer;
    socklen_t n = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) ? UINT32_MAX : peer.uid;
}

uint32_t clx_own_user(void) { return geteuid(); }

enum { DESCRIPTORS_MAX = 253 };

int clx_send_descriptors(int fd, const int *descriptors, int count) {
    if (count < 1 || count > DESCRIPTORS_MAX) return -EINVAL;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))] = {0};
    char byte = 1;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control};
    message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, (size_t)count * sizeof(int));
    return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int clx_receive_descriptors(int fd, int *descriptors, int room) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))] = {0};
    char byte;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) < 0) return -errno;
    int count = 0;
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
        int here = (int)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < here; i++) {
            int got;
            memcpy(&got, CMSG_DATA(h) + (size_t)i * sizeof(int), sizeof got);
            if (count < room) descriptors[count++] = got;
            else close(got);
        }
    }
    return count;
}

int clx_wait_any(const int *descriptors, int count) {
    struct pollfd items[128];
    if (count > 128) count = 128;
    for (int i = 0; i < count; i++) items[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
    while (poll(items, (nfds_t)count, -1) < 0)
        if (errno != EINTR) return -errno;
    for (int i = 0; i < count; i++)
        if (items[i].revents) return i;
    return -EAGAIN;
}

int clx_epoll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int clx_epoll_add(int epoll, int fd, uint64_t data) {
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = data};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

int clx_epoll_add_level(int epoll, int fd, uint64_t data) {
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = data};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

int clx_epoll_remove(int epoll, int fd) {
    struct epoll_event e = {0};
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &e) ? -errno : 0;
}

int clx_epoll_wait(int epoll, struct clx_event *events, int room, int64_t timeout_ns) {
    struct epoll_event got[256];
    if (room > 256) room = 256;
    // Whole milliseconds, rounded up: waking a little late is right for a deadline, waking early spins.
    int64_t ms = timeout_ns < 0 ? -1 : (timeout_ns + 999999) / 1000000;
    if (ms > 60000) ms = 60000;
    int n = epoll_wait(epoll, got, room, (int)ms);
    if (n < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < n; i++) {
        uint32_t e = got[i].events;
        events[i].data = got[i].data.u64;
        events[i].flags = (e & EPOLLIN ? CLX_READABLE : 0) | (e & EPOLLOUT ? CLX_WRITABLE : 0) |
                          (e & (EPOLLRDHUP | EPOLLHUP) ? CLX_ENDED : 0) | (e & EPOLLERR ? CLX_FAILED : 0);
    }
    return n;
}

int clx_eventfd(void) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void clx_eventfd_raise(int fd) {
    uint64_t one = 1;
    // The only failure is a full counter, and then the reader has been woken already.
    if (write(fd, &one, sizeof one) < 0) return;
}

void clx_eventfd_clear(int fd) {
    uint64_t count;
    if (read(fd, &count, sizeof count) < 0) return;
}

void clx_futex_wait(const uint32_t *word, uint32_t seen, int64_t timeout_ns) {
    struct timespec t = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, timeout_ns < 0 ? NULL : &t, NULL, 0);
}

void clx_futex_wake(const uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 0x7fffffff, NULL, NULL, 0); }

struct start {
    void (*body)(void *);
    void *argument;
    char name[16];
};

static void *enter(void *memory) {
    struct start start = *(struct start *)memory;
    free(memory);
    pthread_setname_np(pthread_self(), start.name);
    start.body(start.argument);
    return NULL;
}

int clx_thread(void (*body)(void *), void *argument, const char *name) {
    struct start *start = malloc(sizeof *start);
    if (!start) return -ENOMEM;
    start->body = body;
    start->argument = argument;
    snprintf(start->name, sizeof start->name, "%s", name);
    // Signals are for the main thread; a thread inherits the mask of the one that starts it.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    int result = pthread_create(&thread, &attributes, enter, start);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result) free(start);
    return -result;
}

void clx_sleep_ns(int64_t ns) {
    struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    nanosleep(&t, NULL);
}

uint64_t clx_monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int64_t clx_wall_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    // A clock outside of 1970 to 2262, which is what the count can tell, stands at the nearest end.
    if (t.tv_sec < 0) return 0;
    if (t.tv_sec >= INT64_MAX / 1000000000) return INT64_MAX;
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

uint64_t clx_random(void) {
    uint64_t value;
    if (getrandom(&value, sizeof value, 0) != sizeof value) value = clx_monotonic_ns() ^ ((uint64_t)getpid() << 32);
    return value;
}

void *clx_zeroed(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        static const char text[] = "lbd: out of memory\n";
        if (write(2, text, sizeof text - 1) < 0) abort();
        abort();
    }
    return memory;
}

void clx_zeroed_free(void *memory, size_t bytes) { munmap(memory, bytes); }
void clx_forget(void *memory, size_t bytes) { madvise(memory, bytes, MADV_DONTNEED); }

uint64_t clx_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return 1024;
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    return limit.rlim_cur;
}

void clx_raise_locked_memory_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_MEMLOCK, &limit);
}

static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static int process_memory = -1;
static DIR *process_descriptors;
static DIR *process_threads;

void clx_process_open(void) {
    pthread_mutex_lock(&process_lock);
    if (process_memory < 0) process_memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (!process_descriptors) process_descriptors = opendir("/proc/self/fd");
    if (!process_threads) process_threads = opendir("/proc/self/task");
    pthread_mutex_unlock(&process_lock);
}

static uint64_t entries(DIR *directory) {
    if (!directory) return 0;
    rewinddir(directory);
    uint64_t count = 0;
    for (struct dirent *entry; (entry = readdir(directory));) count += entry->d_name[0] != '.';
    return count;
}

// The size of /proc/self/fd is the number of its entries from Linux 6.2 on, and 0 before: then they are counted, which takes
// longer the more connections there are.
static uint64_t descriptors(void) {
    struct stat status;
    if (process_descriptors && !fstat(dirfd(process_descriptors), &status) && status.st_size > 0)
        return (uint64_t)status.st_size;
    return entries(process_descriptors);
}

void clx_process_read(struct clx_process *out) {
    memset(out, 0, sizeof *out);
    pthread_mutex_lock(&process_lock);
    char text[128];
    ssize_t n = process_memory < 0 ? -1 : pread(process_memory, text, sizeof text - 1, 0);
    if (n > 0) {
        text[n] = 0;
        unsigned long long all = 0, resident = 0;
        if (sscanf(text, "%llu %llu", &all, &resident) == 2) {
            uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
            out->virtual_bytes = all * page;
            out->resident_bytes = resident * page;
        }
    }
    out->descriptors = descriptors();
    out->threads = entries(process_threads);
    pthread_mutex_unlock(&process_lock);
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) out->descriptors_max = limit.rlim_cur;
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0)
        out->cpu_ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int clx_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

int clx_resolve(const char *host, uint16_t port, struct clx_endpoint *out, int room) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, NULL, &hints, &found)) return 0;
    int n = 0;
    for (struct addrinfo *a = found; a && n < room; a = a->ai_next) {
        struct sockaddr_storage s = {0};
        memcpy(&s, a->ai_addr, a->ai_addrlen);
        read_back(&out[n], &s);
        out[n++].port = port;
    }
    freeaddrinfo(found);
    return n;
}

int64_t clx_name_ttl(const char *host, uint16_t server) {
    static const int types[] = {ns_t_a, ns_t_aaaa};
    struct __res_state resolver;
    memset(&resolver, 0, sizeof resolver);
    if (res_ninit(&resolver)) return -1;
    resolver.retrans = 1;
    resolver.retry = 2;
    if (server) {
        resolver.nscount = 1;
        resolver.nsaddr_list[0] = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons(server), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    }
    int64_t least = -1;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        unsigned char answer[4096];
        int n = res_nsearch(&resolver, host, ns_c_in, types[i], answer, sizeof answer);
        ns_msg message;
        if (n <= 0 || (size_t)n > sizeof answer || ns_initparse(answer, n, &message)) continue;
        for (int k = 0; k < ns_msg_count(message, ns_s_an); k++) {
            ns_rr record;
            if (ns_parserr(&message, ns_s_an, k, &record)) break;
            int64_t ttl = ns_rr_ttl(record);
            if (least < 0 || ttl < least) least = ttl;
        }
    }
    res_nclose(&resolver);
    return least;
}

int clx_open_append(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    return fd < 0 ? -errno : fd;
}

int clx_write_all(int fd, const void *from, size_t count) {
    const char *at = from;
    while (count) {
        ssize_t n = write(fd, at, count);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return -errno;
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            poll(&p, 1, 1000);
            continue;
        }
        at += n;
        count -= (size_t)n;
    }
    return 0;
}

const char *clx_error_text(int error) { return strerrordesc_np(error < 0 ? -error : error); }
