//  The fastest echo: every message goes back frame by frame as it came, without a copy. For trying and for measuring.
//
//  The first argument is its socket type, which is also the `peer` it goes with:
//
//      echo_worker router --bind tcp://127.0.0.1:5573     echo: { peer: router, connect: tcp://127.0.0.1:5573 }
//      echo_worker dealer --connect tcp://127.0.0.1:5574  echo: { peer: dealer, bind: tcp://127.0.0.1:5574 }
//      echo_worker rep --connect tcp://127.0.0.1:5575     echo: { peer: rep, bind: tcp://127.0.0.1:5575 }
//
//  Binding and connecting can be swapped for dealer and rep. With router it keeps a delimiter, so `delimiter: true`
//  works too. Each request gets one reply: declare `replies: { count: 1 }` (rep has it already).

#include "worker.h"

int main(int argc, char **argv)
{
    const char *role = argc > 1 ? argv[1] : "";
    int type = strcmp(role, "router") == 0   ? ZMQ_ROUTER
               : strcmp(role, "dealer") == 0 ? ZMQ_DEALER
               : strcmp(role, "rep") == 0    ? ZMQ_REP
                                             : -1;
    if (type == -1) {
        fprintf(stderr, "usage: echo_worker router|dealer|rep [--bind ENDPOINT | --connect ENDPOINT]\n");
        return 2;
    }
    void *context = zmq_ctx_new();
    void *worker = zmq_socket(context, type);
    if (type == ZMQ_ROUTER)
        attach(worker, argv, "tcp://127.0.0.1:5573", NULL);
    else
        attach(worker, argv, NULL, type == ZMQ_DEALER ? "tcp://127.0.0.1:5574" : "tcp://127.0.0.1:5575");

    zmq_msg_t frame;
    zmq_msg_init(&frame);
    while (1) {
        if (zmq_msg_recv(&frame, worker, 0) == -1)
            fail("receive");
        int more = zmq_msg_more(&frame) ? ZMQ_SNDMORE : 0;
        if (zmq_msg_send(&frame, worker, more) == -1)
            fail("send");
    }
}
