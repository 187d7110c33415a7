//  A REP worker: one request, one reply, in lock step. It reads "Hello" and answers "World".
//
//  Goes with `peer: rep`. As a server that is connected to:
//
//      hello: { peer: rep, connect: tcp://127.0.0.1:5555, body: text }
//
//  As one of many workers that connect to the gateway (start it as often as you like):
//
//      hello: { peer: rep, bind: tcp://127.0.0.1:5560, body: text }
//
//  rep_worker [--bind E | --connect E] [--answer TEXT] [--work-ms N]

#include "worker.h"

int main(int argc, char **argv)
{
    (void) argc;
    void *context = zmq_ctx_new();
    void *worker = zmq_socket(context, ZMQ_REP);
    attach(worker, argv, "tcp://127.0.0.1:5555", NULL);

    const char *answer = option(argv, "--answer", "World");
    long work_ms = atol(option(argv, "--work-ms", "0"));

    while (1) {
        zmq_msg_t request;
        zmq_msg_init(&request);
        if (zmq_msg_recv(&request, worker, 0) == -1)
            fail("receive");
        printf("received %.*s\n", (int) zmq_msg_size(&request), (char *) zmq_msg_data(&request));
        fflush(stdout);
        zmq_msg_close(&request);

        sleep_ms(work_ms);  //  Do some 'work'
        if (zmq_send(worker, answer, strlen(answer), 0) == -1)
            fail("send");
    }
}
