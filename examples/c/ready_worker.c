// A worker that says when it is ready, in the given dialect. It echoes each request after DELAY microseconds.
//
//     ready_worker bare|addressed|paranoid-pirate|majordomo ENDPOINT [DELAY] [SERVICE]
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static void *context, *worker;
static bool pirate, majordomo;
static const char *endpoint, *service = "echo";

static long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void say(const void *bytes, size_t size, bool more) {
    zmq_send(worker, bytes, size, more ? ZMQ_SNDMORE : 0);
}

static void say_command(char command, bool more) {
    say("", 0, true);
    say("MDPW01", 6, true);
    say(&command, 1, more);
}

static void say_ready(void) {
    if (worker) zmq_close(worker);
    worker = zmq_socket(context, ZMQ_DEALER);
    if (zmq_connect(worker, endpoint)) exit((perror(endpoint), 1));
    if (pirate) {
        say("\001", 1, false);
    } else if (majordomo) {
        say_command(1, true);
        say(service, strlen(service), false);
    } else {
        say("", 0, true);
        say("READY", 5, false);
    }
}

static void say_alive(void) {
    if (pirate) say("\002", 1, false);
    if (majordomo) say_command(4, false);
}

int main(int count, char **arguments) {
    if (count < 3) return fprintf(stderr, "usage: ready_worker DIALECT ENDPOINT [DELAY] [SERVICE]\n"), 2;
    pirate = !strcmp(arguments[1], "paranoid-pirate");
    majordomo = !strcmp(arguments[1], "majordomo");
    endpoint = arguments[2];
    useconds_t delay = count > 3 ? (useconds_t)atoi(arguments[3]) : 0;
    if (count > 4) service = arguments[4];
    context = zmq_ctx_new();
    say_ready();
    printf("bound %s\n", endpoint);
    fflush(stdout);

    long interval = pirate ? 1000 : majordomo ? 2500 : 3600000, alive_at = milliseconds() + interval;
    for (;;) {
        long left = alive_at - milliseconds();
        if (left <= 0) {
            say_alive();
            alive_at += interval;
            continue;
        }
        zmq_pollitem_t item = {worker, 0, ZMQ_POLLIN, 0};
        if (zmq_poll(&item, 1, left) <= 0) continue;
        zmq_msg_t frames[8];
        int received = 0;
        bool more = true;
        while (more && received < 8) {
            zmq_msg_init(&frames[received]);
            if (zmq_msg_recv(&frames[received], worker, 0) < 0) return 0;
            more = zmq_msg_more(&frames[received++]);
        }
        // A request has frames after the header; a heartbeat and Majordomo's DISCONNECT have none.
        bool is_request = majordomo ? received > 4 : received > 1;
        bool is_dismissal = majordomo && received == 3 && *(char *)zmq_msg_data(&frames[2]) == 5;
        if (is_request && delay) usleep(delay);
        if (is_request && majordomo) *(char *)zmq_msg_data(&frames[2]) = 3;
        for (int i = 0; i < received; i++) {
            if (is_request) zmq_msg_send(&frames[i], worker, i < received - 1 ? ZMQ_SNDMORE : 0);
            zmq_msg_close(&frames[i]);
        }
        if (is_dismissal) say_ready();
    }
}
