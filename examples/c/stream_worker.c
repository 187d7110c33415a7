//  A worker that streams: the request {"count":N} gets N small replies {"i":0}, {"i":1}, ... and then {"done":true}.
//
//  The first argument is its socket type, which is also the `peer` it goes with:
//
//      stream_worker router --bind tcp://127.0.0.1:5576
//      numbers: { peer: router, connect: tcp://127.0.0.1:5576,
//                 replies: { final: { pointer: /done, equals: true, deliver: marker } } }
//
//      stream_worker dealer --connect tcp://127.0.0.1:5577      with `peer: dealer, bind: tcp://127.0.0.1:5577`
//
//  A slow reader makes it wait in zmq_send. A ROUTER has to be told to wait: left alone, it drops what does not fit.

#include "worker.h"

//  The number behind "count" in the body. A real worker would parse its JSON.
static long count_in(zmq_msg_t *body)
{
    char text[256];
    size_t size = zmq_msg_size(body) < sizeof text - 1 ? zmq_msg_size(body) : sizeof text - 1;
    memcpy(text, zmq_msg_data(body), size);
    text[size] = 0;
    char *key = strstr(text, "\"count\"");
    char *colon = key ? strchr(key, ':') : NULL;
    return colon ? atol(colon + 1) : 0;
}

//  False if nobody is behind the identity any more.
static int reply(void *worker, zmq_msg_t *identity, const char *text, size_t size)
{
    return zmq_send(worker, zmq_msg_data(identity), zmq_msg_size(identity), ZMQ_SNDMORE) != -1
           && zmq_send(worker, text, size, 0) != -1;
}

int main(int argc, char **argv)
{
    int is_dealer = argc > 1 && strcmp(argv[1], "dealer") == 0;
    void *context = zmq_ctx_new();
    void *worker = zmq_socket(context, is_dealer ? ZMQ_DEALER : ZMQ_ROUTER);
    int on = 1;
    if (!is_dealer)
        zmq_setsockopt(worker, ZMQ_ROUTER_MANDATORY, &on, sizeof on);
    attach(worker, argv, is_dealer ? NULL : "tcp://127.0.0.1:5576", is_dealer ? "tcp://127.0.0.1:5577" : NULL);

    while (1) {
        zmq_msg_t identity, body;
        zmq_msg_init(&identity);
        zmq_msg_init(&body);
        if (zmq_msg_recv(&identity, worker, 0) == -1 || zmq_msg_recv(&body, worker, 0) == -1)
            fail("receive");
        long count = count_in(&body);
        char text[64];
        long i = 0;
        while (i < count && reply(worker, &identity, text, (size_t) snprintf(text, sizeof text, "{\"i\":%ld}", i)))
            i++;
        if (i == count)
            reply(worker, &identity, "{\"done\":true}", 13);
        zmq_msg_close(&identity);
        zmq_msg_close(&body);
    }
}
