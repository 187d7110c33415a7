//  What the C workers share: their arguments, and the one line that says where they are.
//
//  Every worker takes one of
//      --bind tcp://127.0.0.1:*        prints "bound tcp://127.0.0.1:41235" once clients can connect
//      --connect tcp://127.0.0.1:5571  prints "connecting to tcp://127.0.0.1:5571"
//  and options of the form "--name value".

#ifndef WORKER_H
#define WORKER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

//  The value behind --name, or the default. Never fails: argv[argc] is NULL.
static inline const char *option(char **argv, const char *name, const char *otherwise)
{
    for (argv++; *argv; argv++)
        if (strcmp(*argv, name) == 0 && argv[1])
            return argv[1];
    return otherwise;
}

static inline void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

//  Binds or connects as the arguments say, else as the defaults say (one of them is NULL).
static inline void attach(void *socket, char **argv, const char *bind_to, const char *connect_to)
{
    const char *bind_asked = option(argv, "--bind", NULL);
    const char *connect_asked = option(argv, "--connect", NULL);
    if (bind_asked || connect_asked) {
        bind_to = bind_asked;
        connect_to = connect_asked;
    }
    if (bind_to) {
        if (zmq_bind(socket, bind_to) != 0)
            fail(bind_to);
        char endpoint[256];
        size_t size = sizeof endpoint;
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size);
        printf("bound %s\n", endpoint);
    } else {
        if (zmq_connect(socket, connect_to) != 0)
            fail(connect_to);
        printf("connecting to %s\n", connect_to);
    }
    fflush(stdout);
}

//  Sleeps; a negative or zero time returns at once.
static inline void sleep_ms(long ms)
{
    if (ms <= 0)
        return;
    struct timespec time = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&time, NULL);
}

#endif
