// The fastest possible echo, for measuring: it sends each message back with the same frames.
//
//   echo_worker dealer connect tcp://127.0.0.1:5571     for peer: dealer, and for peer: rep (it keeps the envelope)
//   echo_worker router bind tcp://127.0.0.1:5570        for peer: router
#include <stdio.h>
#include <string.h>
#include <zmq.h>

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: %s dealer|router bind|connect ENDPOINT\n", argv[0]), 2;
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, strcmp(argv[1], "router") == 0 ? ZMQ_ROUTER : ZMQ_DEALER);
    int mark = 100000;
    zmq_setsockopt(socket, ZMQ_SNDHWM, &mark, sizeof mark);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &mark, sizeof mark);
    int code = strcmp(argv[2], "bind") == 0 ? zmq_bind(socket, argv[3]) : zmq_connect(socket, argv[3]);
    if (code != 0) return fprintf(stderr, "%s: %s\n", argv[3], zmq_strerror(zmq_errno())), 1;
    char endpoint[256];
    size_t size = sizeof endpoint;
    zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size);
    printf("bound %s\n", endpoint);
    fflush(stdout);
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    for (;;) {
        if (zmq_msg_recv(&frame, socket, 0) < 0) continue;
        zmq_msg_send(&frame, socket, zmq_msg_more(&frame) ? ZMQ_SNDMORE : 0);
    }
}
