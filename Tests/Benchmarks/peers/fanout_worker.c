// A worker that nobody has to ask: to everyone it has heard of it sends one message after the other, for so many seconds
// from the last newcomer on; then it forgets them all.
//
//     fanout_worker ENDPOINT SECONDS
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zmq.h>

enum { TICKET = 64, MOST = 1 << 16 };
static char tickets[MOST][TICKET];
static size_t sizes[MOST];

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: fanout_worker ENDPOINT SECONDS\n"), 2;
    void *socket = zmq_socket(zmq_ctx_new(), ZMQ_DEALER);
    if (zmq_connect(socket, arguments[1])) return perror(arguments[1]), 1;
    printf("bound %s\n", arguments[1]);
    fflush(stdout);
    static const char body[] = "{\"price\":1234567890,\"text\":\"some sixty-four bytes or nearly\"}";
    size_t known = 0;
    time_t end = 0;
    for (size_t next = 0;; next = next + 1 < known ? next + 1 : 0) {
        char other[1024];
        // Once a round, and as long as nobody is known: who is new?
        while (next == 0 && known < MOST) {
            int size = zmq_recv(socket, tickets[known], TICKET, known ? ZMQ_DONTWAIT : 0);
            if (size < 0) break;
            zmq_recv(socket, other, sizeof other, 0);
            sizes[known++] = (size_t)size;
            end = time(NULL) + atoi(arguments[2]);
        }
        if (next == 0 && time(NULL) > end) {
            known = 0;
            continue;
        }
        zmq_send(socket, tickets[next], sizes[next], ZMQ_SNDMORE);
        zmq_send(socket, body, sizeof body - 1, 0);
    }
}
