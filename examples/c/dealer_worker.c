// A DEALER worker that connects to the gateway. It receives [ticket][body] and sends [ticket][body] 0 to 4 times, after
// random delays.
//
//   dealer_worker tcp://127.0.0.1:5571 [max delay in ms]
//
// services: { jobs: { peer: dealer, bind: tcp://127.0.0.1:5571, replies: { idle: 1500ms, idle_means: complete } } }
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

int main(int argc, char **argv) {
    if (argc < 2) return fprintf(stderr, "usage: %s ENDPOINT [MAX_DELAY_MS]\n", argv[0]), 2;
    int max_delay = argc > 2 ? atoi(argv[2]) : 1000;
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_DEALER);
    if (zmq_connect(socket, argv[1]) != 0) return fprintf(stderr, "%s\n", zmq_strerror(zmq_errno())), 1;
    printf("bound %s\n", argv[1]);
    fflush(stdout);
    srandom(getpid());
    for (;;) {
        zmq_msg_t ticket, body;
        zmq_msg_init(&ticket);
        zmq_msg_init(&body);
        if (zmq_msg_recv(&ticket, socket, 0) < 0 || zmq_msg_recv(&body, socket, 0) < 0) continue;
        for (int replies = random() % 5; replies > 0; replies--) {
            usleep((random() % (max_delay + 1)) * 1000);
            zmq_send(socket, zmq_msg_data(&ticket), zmq_msg_size(&ticket), ZMQ_SNDMORE);
            zmq_send(socket, zmq_msg_data(&body), zmq_msg_size(&body), 0);
        }
        zmq_msg_close(&ticket);
        zmq_msg_close(&body);
    }
}
