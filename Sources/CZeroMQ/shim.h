// The door to libzmq (zmq(7)). Nothing but ZeroMQ imports it.
#pragma once
#include <errno.h>
#include <string.h>
#include <zmq.h>

// errno as libzmq sees it, captured beside the call (zmq_errno(3)).
static inline int gateway_zmq_errno(void) { return zmq_errno(); }

static inline int gateway_zmq_set_int(void *socket, int option, int value) {
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

static inline int gateway_zmq_set_int64(void *socket, int option, int64_t value) {
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

// An option of type int, or -1 with errno set.
static inline int gateway_zmq_get_int(void *socket, int option) {
    int value = 0;
    size_t size = sizeof value;
    return zmq_getsockopt(socket, option, &value, &size) == 0 ? value : -1;
}
