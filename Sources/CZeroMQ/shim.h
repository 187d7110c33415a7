// The door to libzmq (zmq(7)). Nothing but ZeroMQ imports it. The functions below take a message as plain memory: Swift
// keeps it in a struct of its own (Frame.swift), whose address it can give out safely, and zmq_msg_t is 64 opaque bytes
// by the ABI.
#pragma once
#include <zmq.h>

_Static_assert(sizeof(zmq_msg_t) == 64, "Frame keeps a zmq_msg_t in eight words");
_Static_assert(_Alignof(zmq_msg_t) <= 8, "Frame keeps a zmq_msg_t in eight words");

// SCHED_BATCH of sched(7), which <sched.h> shows with _GNU_SOURCE only.
static const int zeromq_sched_batch = 3;

static inline void zeromq_message_init(void *message) { zmq_msg_init((zmq_msg_t *)message); }
// Fails with ENOMEM only. Up to 33 bytes lie within the message itself.
static inline int zeromq_message_init_size(void *message, size_t size) {
    return zmq_msg_init_size((zmq_msg_t *)message, size);
}
static inline void zeromq_message_close(void *message) { zmq_msg_close((zmq_msg_t *)message); }
// Neither changes the message, though zmq_msg_data() takes it without const.
static inline void *zeromq_message_data(const void *message) { return zmq_msg_data((zmq_msg_t *)(uintptr_t)message); }
static inline size_t zeromq_message_size(const void *message) { return zmq_msg_size((const zmq_msg_t *)message); }
static inline int zeromq_message_more(const void *message) { return zmq_msg_more((const zmq_msg_t *)message); }
static inline int zeromq_message_send(void *message, void *socket, int flags) {
    return zmq_msg_send((zmq_msg_t *)message, socket, flags);
}
static inline int zeromq_message_receive(void *message, void *socket, int flags) {
    return zmq_msg_recv((zmq_msg_t *)message, socket, flags);
}
// Another message of the same bytes: long ones are shared, not copied, zmq_msg_copy(3). `copy` must be initialised.
static inline int zeromq_message_copy(void *copy, void *message) {
    return zmq_msg_copy((zmq_msg_t *)copy, (zmq_msg_t *)message);
}
// What is the same address for all messages of one connection, and of no other as long as one of them is kept: the
// place of a property that they share. NULL where there is none (inproc).
static inline const void *zeromq_message_origin(const void *message) {
    return zmq_msg_gets((const zmq_msg_t *)message, "Socket-Type");
}
// The descriptor of the connection the message came by (ZMQ_SRCFD, zmq_msg_get(3)); -1 where there is none (inproc).
static inline int zeromq_message_source(const void *message) {
    return zmq_msg_get((zmq_msg_t *)(uintptr_t)message, ZMQ_SRCFD);
}
