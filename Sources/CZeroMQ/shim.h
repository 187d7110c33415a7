// The door to libzmq (zmq(7)), for ZeroMQ only. The functions below take a message as plain memory: Swift keeps it in a
// struct of its own (Frame.swift) whose address it can take safely, and a zmq_msg_t is 64 opaque bytes by the ABI.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <zmq.h>

_Static_assert(sizeof(zmq_msg_t) == 64, "Frame keeps a zmq_msg_t in eight words");
_Static_assert(_Alignof(zmq_msg_t) <= 8, "Frame keeps a zmq_msg_t in eight words");

// SCHED_BATCH of sched(7), which <sched.h> declares with _GNU_SOURCE only.
static const int zeromq_sched_batch = 3;

static inline void zeromq_message_init(void *message) { zmq_msg_init((zmq_msg_t *)message); }
// Fails with ENOMEM only. Up to 33 bytes are stored inside the message itself.
static inline int zeromq_message_init_size(void *message, size_t size) {
    return zmq_msg_init_size((zmq_msg_t *)message, size);
}
static inline void zeromq_message_close(void *message) { zmq_msg_close((zmq_msg_t *)message); }
// Neither function changes the message, although zmq_msg_data() takes it without const.
static inline void *zeromq_message_data(const void *message) { return zmq_msg_data((zmq_msg_t *)(uintptr_t)message); }
static inline size_t zeromq_message_size(const void *message) { return zmq_msg_size((const zmq_msg_t *)message); }
static inline int zeromq_message_more(const void *message) { return zmq_msg_more((const zmq_msg_t *)message); }
static inline int zeromq_message_send(void *message, void *socket, int flags) {
    return zmq_msg_send((zmq_msg_t *)message, socket, flags);
}
static inline int zeromq_message_receive(void *message, void *socket, int flags) {
    return zmq_msg_recv((zmq_msg_t *)message, socket, flags);
}
// Makes a second message with the same bytes: long ones are shared, not copied, zmq_msg_copy(3). Initialise `copy`
// first.
static inline int zeromq_message_copy(void *copy, void *message) {
    return zmq_msg_copy((zmq_msg_t *)copy, (zmq_msg_t *)message);
}
// An address that all messages of one connection share, and that no other connection gets as long as one of them is
// kept: that of a property in their shared metadata. NULL without a connection (inproc).
static inline const void *zeromq_message_origin(const void *message) {
    return zmq_msg_gets((const zmq_msg_t *)message, "Socket-Type");
}
// The descriptor of the message's connection (ZMQ_SRCFD, zmq_msg_get(3)); -1 without one (inproc).
static inline int zeromq_message_source(const void *message) {
    return zmq_msg_get((zmq_msg_t *)(uintptr_t)message, ZMQ_SRCFD);
}

// The functions below inspect a connection of libzmq through the descriptor that a monitor reports; they never read
// from it or write to it.

// The head of the kernel's struct tcp_info (linux/tcp.h), which only grows at its end; the C library's is shorter.
struct zeromq_tcp_info {
    uint8_t before_received[128];
    uint64_t received;
};
_Static_assert(offsetof(struct zeromq_tcp_info, received) == 128, "tcpi_bytes_received");

// Bytes received on a TCP connection so far (TCP_INFO, tcp(7)); -1 if it is not TCP, or closed.
static inline int64_t zeromq_bytes_received(int descriptor) {
    enum { tcp_info_option = 11 };
    struct zeromq_tcp_info info;
    socklen_t size = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(descriptor, IPPROTO_TCP, tcp_info_option, &info, &size) != 0) return -1;
    return (int64_t)info.received;
}

// A number unique to this socket, unlike its descriptor (SO_COOKIE, socket(7)); 0 if it is not a socket.
static inline uint64_t zeromq_cookie(int descriptor) {
    enum { cookie_option = 57 };
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    return getsockopt(descriptor, SOL_SOCKET, cookie_option, &cookie, &size) == 0 ? cookie : 0;
}

// Writes the peer's address: 127.0.0.1:4711, [::1]:4711, or the process of an ipc peer; returns its length. An
// IPv4-mapped IPv6 address is written as IPv4.
static inline int zeromq_peer(int descriptor, char *text, size_t size) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[INET6_ADDRSTRLEN] = "";
    if (getpeername(descriptor, (struct sockaddr *)&address, &length) != 0) return 0;
    if (address.ss_family == AF_INET) {
        const struct sockaddr_in *peer = (const struct sockaddr_in *)&address;
        inet_ntop(AF_INET, &peer->sin_addr, host, sizeof host);
        return snprintf(text, size, "%s:%u", host, ntohs(peer->sin_port));
    }
    if (address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *peer = (const struct sockaddr_in6 *)&address;
        int is_mapped = IN6_IS_ADDR_V4MAPPED(&peer->sin6_addr);
        if (is_mapped) inet_ntop(AF_INET, &peer->sin6_addr.s6_addr[12], host, sizeof host);
        else inet_ntop(AF_INET6, &peer->sin6_addr, host, sizeof host);
        return snprintf(text, size, is_mapped ? "%s:%u" : "[%s]:%u", host, ntohs(peer->sin6_port));
    }
    // struct ucred of unix(7), which <sys/socket.h> declares with _GNU_SOURCE only.
    enum { peer_credentials_option = 17 };
    int32_t credentials[3] = { 0, 0, 0 };
    length = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, peer_credentials_option, credentials, &length) != 0) return 0;
    return snprintf(text, size, "process %d", credentials[0]);
}
