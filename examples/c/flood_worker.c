// A DEALER worker that sends many small replies to a request, as fast as it can: {"n":1}, ... {"n":N,"done":true}.
//
//   flood_worker tcp://127.0.0.1:5571       the request's body is the number of replies, such as 100000
//
// services: { flood: { peer: dealer, bind: tcp://127.0.0.1:5571, replies: { final: { pointer: /done, equals: true } } } }
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

int main(int argc, char **argv) {
    if (argc != 2) return fprintf(stderr, "usage: %s ENDPOINT\n", argv[0]), 2;
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_DEALER);
    if (zmq_connect(socket, argv[1]) != 0) return fprintf(stderr, "%s\n", zmq_strerror(zmq_errno())), 1;
    printf("bound %s\n", argv[1]);
    fflush(stdout);
    for (;;) {
        char ticket[256], body[64], reply[64];
        int ticket_size = zmq_recv(socket, ticket, sizeof ticket, 0);
        int body_size = zmq_recv(socket, body, sizeof body - 1, 0);
        if (ticket_size < 0 || body_size < 0) continue;
        body[body_size < 63 ? body_size : 63] = 0;
        long count = atol(body);
        for (long n = 1; n <= count; n++) {
            int size = snprintf(reply, sizeof reply, n == count ? "{\"n\":%ld,\"done\":true}" : "{\"n\":%ld}", n);
            zmq_send(socket, ticket, ticket_size, ZMQ_SNDMORE);
            zmq_send(socket, reply, size, 0);
        }
    }
}
