// The bare price of a fresh identity an exchange: a client in C that does nothing else, against an echo that binds a
// ROUTER. Each exchange connects under a name of its own, sends, receives, and disconnects; so many go on at once.
//
//   fresh_identities sockets ENDPOINT COUNT SECONDS    a new DEALER for each exchange
//   fresh_identities again   ENDPOINT COUNT SECONDS    COUNT DEALERs, each connected anew under the next name
//   fresh_identities router  ENDPOINT COUNT SECONDS    one ROUTER, a connection for each exchange; tcp only
//
// Prints {"requests": ..., "seconds": ..., "cpu_us": ...}: what the client itself used of the processor.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <zmq.h>

enum { MOST = 1024 };

static void *context;
static const char *endpoint;
static unsigned long minted, done;

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check(int result, const char *what) {
    if (result >= 0) return;
    fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

static void *make_socket(int type) {
    void *socket = zmq_socket(context, type);
    int none = 0, mandatory = 1;
    check(socket ? 0 : -1, "zmq_socket");
    check(zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none), "ZMQ_LINGER");
    if (type == ZMQ_ROUTER) check(zmq_setsockopt(socket, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof mandatory), "MANDATORY");
    return socket;
}

static int descriptor_of(void *socket) {
    int descriptor;
    size_t size = sizeof descriptor;
    check(zmq_getsockopt(socket, ZMQ_FD, &descriptor, &size), "ZMQ_FD");
    return descriptor;
}

// DEALERs: in `again` a socket lives on under the next name.

struct one { void *socket; };

static void begin(int epoll, struct one *one, unsigned number) {
    char name[32];
    int length = snprintf(name, sizeof name, "fresh-%018lu", ++minted);
    int isNew = one->socket == NULL;
    if (isNew) one->socket = make_socket(ZMQ_DEALER);
    check(zmq_setsockopt(one->socket, ZMQ_ROUTING_ID, name, (size_t)length), "ZMQ_ROUTING_ID");
    check(zmq_connect(one->socket, endpoint), endpoint);
    if (isNew) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = number};
        check(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor_of(one->socket), &event), "epoll_ctl");
    }
    check(zmq_send(one->socket, "{\"n\":1}", 7, ZMQ_DONTWAIT), "zmq_send");
}

static int received(struct one *one) {
    char body[64];
    return zmq_recv(one->socket, body, sizeof body, ZMQ_DONTWAIT) >= 0;
}

static void end(struct one *one, int again) {
    done++;
    if (again) return check(zmq_disconnect(one->socket, endpoint), "zmq_disconnect");
    check(zmq_close(one->socket), "zmq_close");
    one->socket = NULL;
}

// Reads until a look finds nothing: only then does libzmq tell of the next message.
static void look(int epoll, struct one *one, unsigned number, int again) {
    while (received(one)) {
        end(one, again);
        begin(epoll, one, number);
    }
}

static void dealers(unsigned count, double until, int again) {
    static struct one all[MOST];
    struct epoll_event events[MOST];
    int epoll = epoll_create1(0);
    for (unsigned number = 0; number < count; number++) begin(epoll, &all[number], number);
    for (unsigned number = 0; number < count; number++) look(epoll, &all[number], number, again);
    while (seconds(CLOCK_MONOTONIC) < until) {
        int ready = epoll_wait(epoll, events, MOST, 100);
        for (int index = 0; index < ready; index++) {
            look(epoll, &all[events[index].data.u32], events[index].data.u32, again);
        }
    }
}

// One ROUTER: an identity is a connection, told from the others by a suffix that the resolver does not read.

static void connect_as(void *socket, unsigned long number) {
    char name[32], there[300];
    int length = snprintf(name, sizeof name, "%018lu", number);
    snprintf(there, sizeof there, "%s-%lu", endpoint, number);
    check(zmq_setsockopt(socket, ZMQ_ROUTING_ID, name, (size_t)length), "ZMQ_ROUTING_ID");
    check(zmq_setsockopt(socket, ZMQ_CONNECT_ROUTING_ID, name, (size_t)length), "ZMQ_CONNECT_ROUTING_ID");
    check(zmq_connect(socket, there), there);
    check(zmq_send(socket, name, (size_t)length, ZMQ_DONTWAIT | ZMQ_SNDMORE), "zmq_send");
    check(zmq_send(socket, "{\"n\":1}", 7, ZMQ_DONTWAIT), "zmq_send");
}

static void one_router(unsigned count, double until) {
    void *socket = make_socket(ZMQ_ROUTER);
    int limit = 100;
    check(zmq_setsockopt(socket, ZMQ_RCVTIMEO, &limit, sizeof limit), "ZMQ_RCVTIMEO");
    while (minted < count) connect_as(socket, ++minted);
    while (seconds(CLOCK_MONOTONIC) < until) {
        char name[300], body[64], there[300];
        int length = zmq_recv(socket, name, sizeof name - 1, 0);
        if (length < 0) continue;
        check(zmq_recv(socket, body, sizeof body, 0), "zmq_recv");
        name[length] = 0;
        snprintf(there, sizeof there, "%s-%lu", endpoint, strtoul(name, NULL, 10));
        check(zmq_disconnect(socket, there), there);
        done++;
        connect_as(socket, ++minted);
    }
    zmq_close(socket);
}

int main(int argc, char **argv) {
    if (argc != 5) return fprintf(stderr, "usage: %s sockets|again|router ENDPOINT COUNT SECONDS\n", argv[0]), 2;
    endpoint = argv[2];
    unsigned count = (unsigned)atoi(argv[3]);
    if (count < 1 || count > MOST) return fprintf(stderr, "COUNT is 1 to %d\n", MOST), 2;
    context = zmq_ctx_new();
    double begun = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), until = begun + atof(argv[4]);
    if (strcmp(argv[1], "router") == 0) one_router(count, until);
    else dealers(count, until, strcmp(argv[1], "again") == 0);
    double took = seconds(CLOCK_MONOTONIC) - begun;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"requests\": %lu, \"seconds\": %.3f, \"cpu_us\": %.1f}\n", done, took, done ? cpu / (double)done * 1e6 : 0);
    return 0;
}
