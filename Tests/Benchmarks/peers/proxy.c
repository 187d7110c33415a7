// The shortest broker there is: zmq_proxy(3) between a ROUTER for clients and a DEALER for workers.
//
//     proxy CLIENTS WORKERS
#include <stdio.h>
#include <zmq.h>

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: proxy CLIENTS WORKERS\n"), 2;
    void *context = zmq_ctx_new(), *clients = zmq_socket(context, ZMQ_ROUTER), *workers = zmq_socket(context, ZMQ_DEALER);
    if (zmq_bind(clients, arguments[1])) return perror(arguments[1]), 1;
    if (zmq_bind(workers, arguments[2])) return perror(arguments[2]), 1;
    printf("bound %s\n", arguments[1]);
    fflush(stdout);
    return zmq_proxy(clients, workers, NULL);
}
