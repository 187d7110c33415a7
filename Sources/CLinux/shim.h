// The door to the Linux calls that a reactor needs, for Reactors only: epoll(7), eventfd(2), signalfd(2), prctl(2),
// getrlimit(2). It has what Swift cannot express: a packed struct with a union (epoll_event), constants that need a
// cast (EPOLLET), enums that Swift imports as types of their own (RLIMIT_NOFILE), and variadics (prctl). Each function
// is one call.
#pragma once
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

// epoll_create1(2), close-on-exec.
static inline int linux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

// epoll_ctl(2). Every event of this descriptor carries `token`.
static inline int linux_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = { .events = events, .data = { .u64 = token } };
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

static inline int linux_epoll_modify(int epoll, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = { .events = events, .data = { .u64 = token } };
    return epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event);
}

static inline int linux_epoll_remove(int epoll, int descriptor) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL);
}

// The two words of an event: struct epoll_event is packed on x86-64, and its data is a union.
static inline uint32_t linux_event_bits(const struct epoll_event *event) { return event->events; }
static inline uint64_t linux_event_token(const struct epoll_event *event) { return event->data.u64; }

// eventfd(2): counter 0, non-blocking, close-on-exec.
static inline int linux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// sigaddset(3) and pthread_sigmask(3): blocks `count` signals for the calling thread. Returns an errno; does not set
// errno.
static inline int linux_block_signals(const int *signals, int count, sigset_t *blocked) {
    sigemptyset(blocked);
    for (int i = 0; i < count; i++)
        if (sigaddset(blocked, signals[i]) != 0) return errno;
    return pthread_sigmask(SIG_BLOCK, blocked, NULL);
}

// signalfd(2): new, non-blocking, close-on-exec.
static inline int linux_signalfd(const sigset_t *blocked) { return signalfd(-1, blocked, SFD_CLOEXEC | SFD_NONBLOCK); }

// The number of the next pending signal of a signalfd; 0 if there is none.
static inline int linux_next_signal(int descriptor) {
    struct signalfd_siginfo info;
    return read(descriptor, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

// prctl(2), PR_SET_NAME: names the calling thread; the kernel keeps 15 bytes.
static inline void linux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0L, 0L, 0L); }

// getrlimit(2): raises RLIMIT_NOFILE to its hard limit if allowed. Returns the resulting soft limit.
static inline uint64_t linux_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? (uint64_t)limit.rlim_cur : (uint64_t)before;
}
