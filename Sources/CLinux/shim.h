// The door to the Linux calls a reactor needs: epoll(7), eventfd(2), signalfd(2). Nothing but Reactors imports it.
#pragma once
#include <sys/prctl.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

// epoll_event is packed and its data a union: read and written here, so that Swift sees two plain integers.
static inline int gateway_epoll_ctl(int set, int operation, int descriptor, uint32_t events, uint64_t data) {
    struct epoll_event event = { .events = events, .data = { .u64 = data } };
    return epoll_ctl(set, operation, descriptor, &event);
}

static inline uint32_t gateway_epoll_events(const struct epoll_event *event) { return event->events; }
static inline uint64_t gateway_epoll_data(const struct epoll_event *event) { return event->data.u64; }

// The next signal's number, or -1 when none is waiting.
static inline int gateway_next_signal(int descriptor) {
    struct signalfd_siginfo info;
    return read(descriptor, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : -1;
}

// Names the calling thread, as `top -H` shows it; the kernel keeps 15 bytes.
static inline void gateway_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
