// A REP worker like a "hello world" server: one request, one reply.
//
//   rep_worker connect tcp://127.0.0.1:5560     to a gateway or a proxy that binds
//   rep_worker bind tcp://127.0.0.1:5555        for a gateway that connects
//
// services: { hello: { peer: rep, bind: tcp://127.0.0.1:5560 } }
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: %s bind|connect ENDPOINT\n", argv[0]), 2;
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_REP);
    int code = strcmp(argv[1], "bind") == 0 ? zmq_bind(socket, argv[2]) : zmq_connect(socket, argv[2]);
    if (code != 0) return fprintf(stderr, "%s: %s\n", argv[2], zmq_strerror(zmq_errno())), 1;
    char endpoint[256];
    size_t size = sizeof endpoint;
    zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size);
    printf("bound %s\n", endpoint);
    fflush(stdout);
    for (;;) {
        zmq_msg_t request;
        zmq_msg_init(&request);
        if (zmq_msg_recv(&request, socket, 0) < 0) continue;
        assert(!zmq_msg_more(&request)); // one body frame, as REP programs expect
        zmq_msg_send(&request, socket, 0);
    }
}
