// Native clients that ask without waiting: each keeps a window of requests under way, and counts what comes back.
//
//     native_load plain|majordomo ENDPOINT CLIENTS WINDOW SECONDS
//
// It prints {"requests":N,"seconds":S}. `majordomo` asks for the service `echo` in MDP/0.1.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

enum { MOST = 64 };
static const char body[] = "{\"number\":12345}";

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void ask(void *socket, bool majordomo) {
    if (majordomo) {
        zmq_send(socket, "", 0, ZMQ_SNDMORE);
        zmq_send(socket, "MDPC01", 6, ZMQ_SNDMORE);
        zmq_send(socket, "echo", 4, ZMQ_SNDMORE);
    }
    zmq_send(socket, body, sizeof body - 1, 0);
}

// Reads what is there; false when a reply is not the request's.
static bool take(void *socket, zmq_msg_t *frame, long *replies) {
    while (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) >= 0) {
        if (zmq_msg_more(frame)) continue;
        if (zmq_msg_size(frame) != sizeof body - 1 || memcmp(zmq_msg_data(frame), body, sizeof body - 1)) return false;
        ++*replies;
    }
    return true;
}

int main(int count, char **arguments) {
    if (count != 6) return fprintf(stderr, "usage: native_load plain|majordomo ENDPOINT CLIENTS WINDOW SECONDS\n"), 2;
    bool majordomo = !strcmp(arguments[1], "majordomo");
    int clients = atoi(arguments[3]), window = atoi(arguments[4]);
    if (clients < 1 || clients > MOST) return fprintf(stderr, "1 to %d clients\n", MOST), 2;
    void *context = zmq_ctx_new();
    zmq_pollitem_t items[MOST];
    for (int i = 0; i < clients; i++) {
        items[i] = (zmq_pollitem_t){zmq_socket(context, ZMQ_DEALER), 0, ZMQ_POLLIN, 0};
        int linger = 0;
        zmq_setsockopt(items[i].socket, ZMQ_LINGER, &linger, sizeof linger);
        if (zmq_connect(items[i].socket, arguments[2])) return perror(arguments[2]), 1;
        for (int sent = 0; sent < window; sent++) ask(items[i].socket, majordomo);
    }
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    long total = 0;
    double begun = now(), limit = atof(arguments[5]), elapsed;
    while ((elapsed = now() - begun) < limit) {
        if (zmq_poll(items, clients, 1000) < 0) return perror("zmq_poll"), 1;
        for (int i = 0; i < clients; i++) {
            long replies = 0;
            if (!(items[i].revents & ZMQ_POLLIN)) continue;
            if (!take(items[i].socket, &frame, &replies)) return fprintf(stderr, "a reply is not the request's\n"), 1;
            for (long sent = 0; sent < replies; sent++) ask(items[i].socket, majordomo);
            total += replies;
        }
    }
    printf("{\"requests\":%ld,\"seconds\":%.3f}\n", total, elapsed);
    for (int i = 0; i < clients; i++) zmq_close(items[i].socket);
    return 0;
}
