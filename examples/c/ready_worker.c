// A worker that says when it is ready, in the dialect asked for; it echoes each request after DELAY microseconds.
//
//     ready_worker bare|addressed|paranoid-pirate|majordomo ENDPOINT [DELAY] [SERVICE]
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

static void *worker;

static void say(const void *bytes, size_t size, bool more) {
    zmq_send(worker, bytes, size, more ? ZMQ_SNDMORE : 0);
}

static void send_header(char command, bool more) {
    say("", 0, true);
    say("MDPW01", 6, true);
    say(&command, 1, more);
}

int main(int count, char **arguments) {
    if (count < 3) return fprintf(stderr, "usage: ready_worker DIALECT ENDPOINT [DELAY] [SERVICE]\n"), 2;
    const char *dialect = arguments[1], *service = count > 4 ? arguments[4] : "echo";
    useconds_t delay = count > 3 ? (useconds_t)atoi(arguments[3]) : 0;
    bool pirate = !strcmp(dialect, "paranoid-pirate"), majordomo = !strcmp(dialect, "majordomo");

    worker = zmq_socket(zmq_ctx_new(), ZMQ_DEALER);
    if (zmq_connect(worker, arguments[2])) return perror(arguments[2]), 1;
    if (pirate) {
        say("\001", 1, false);
    } else if (majordomo) {
        send_header(1, true);
        say(service, strlen(service), false);
    } else {
        say("", 0, true);
        say("READY", 5, false);
    }
    printf("bound %s\n", arguments[2]);
    fflush(stdout);

    long heartbeat = pirate ? 1000 : majordomo ? 2500 : -1;
    for (;;) {
        zmq_pollitem_t item = {worker, 0, ZMQ_POLLIN, 0};
        if (zmq_poll(&item, 1, heartbeat) == 0) {
            if (pirate) say("\002", 1, false);
            if (majordomo) send_header(4, false);
            continue;
        }
        zmq_msg_t frames[8];
        int received = 0;
        bool more = true;
        while (more && received < 8) {
            zmq_msg_init(&frames[received]);
            if (zmq_msg_recv(&frames[received], worker, 0) < 0) return 0;
            more = zmq_msg_more(&frames[received++]);
        }
        // Who asks for work sends at least three frames behind Majordomo's header, two elsewhere; less is a heartbeat.
        bool is_request = majordomo ? received > 4 : received > 1;
        if (is_request && delay) usleep(delay);
        if (is_request && majordomo) *(char *)zmq_msg_data(&frames[2]) = 3;
        for (int i = 0; i < received; i++) {
            if (is_request) zmq_msg_send(&frames[i], worker, i < received - 1 ? ZMQ_SNDMORE : 0);
            zmq_msg_close(&frames[i]);
        }
    }
}
