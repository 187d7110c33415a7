//  An asynchronous worker: a DEALER that answers each request none to four times, after a pause each.
//
//  Goes with `peer: dealer`. It gets [identity][body] and sends [identity][reply] as often as it likes, whenever it
//  likes; the identity is the return address, to be handed back as it came. The gateway binds, workers connect:
//
//      jobs:
//        peer: dealer
//        bind: tcp://127.0.0.1:5571
//        replies: { idle: 2s, idle_means: complete, deadline: 30s }
//
//  dealer_worker [--connect E | --bind E] [--max-delay-ms N] [--replies N]     N replies instead of 0..4

#include "worker.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    (void) argc;
    void *context = zmq_ctx_new();
    void *worker = zmq_socket(context, ZMQ_DEALER);
    attach(worker, argv, NULL, "tcp://127.0.0.1:5571");

    long max_delay_ms = atol(option(argv, "--max-delay-ms", "1000"));
    int fixed = atoi(option(argv, "--replies", "-1"));
    srandom((unsigned) time(NULL) ^ (unsigned) getpid());

    while (1) {
        zmq_msg_t identity, body;
        zmq_msg_init(&identity);
        zmq_msg_init(&body);
        if (zmq_msg_recv(&identity, worker, 0) == -1 || zmq_msg_recv(&body, worker, 0) == -1)
            fail("receive");

        int replies = fixed >= 0 ? fixed : (int) (random() % 5);
        for (int reply = 0; reply < replies; reply++) {
            sleep_ms(random() % (max_delay_ms + 1));
            //  Copies share the bytes; sending takes the copy and leaves the original.
            zmq_msg_t address, answer;
            zmq_msg_init(&address);
            zmq_msg_init(&answer);
            zmq_msg_copy(&address, &identity);
            zmq_msg_copy(&answer, &body);
            if (zmq_msg_send(&address, worker, ZMQ_SNDMORE) == -1 || zmq_msg_send(&answer, worker, 0) == -1)
                fail("send");
        }
        zmq_msg_close(&identity);
        zmq_msg_close(&body);
    }
}
