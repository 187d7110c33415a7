// Many WebSocket sessions from one thread: each keeps a window of messages under way and counts what comes back.
//
//   session_load PORT PATH SESSIONS WINDOW SECONDS [listen]
//
// Opens all sessions, sends WINDOW small messages on each, answers each reply with the next message, and after SECONDS
// prints one line of JSON: messages that came back, and the seconds it took. Window 0 opens the sessions and holds them,
// idle, until its standard input ends: then the server's memory can be looked at. With `listen` nothing is sent but the
// first window: what comes is counted.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char body[] = "{\"hello\":\"world\",\"n\":1234567890,\"text\":\"some sixty-four bytes\"}";

struct session {
    int descriptor;
    // Bytes of the frame at hand that are still to come; frames of the server have two bytes of head here.
    size_t missing;
    size_t head;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static int open_session(int port, const char *path) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0)
        fail("connect");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    char request[512], answer[2048];
    int length = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, port);
    if (send(descriptor, request, length, 0) != length)
        fail("send");
    for (size_t count = 0; count < sizeof answer - 1;) {
        if (recv(descriptor, answer + count, 1, 0) != 1)
            fail("recv");
        answer[++count] = 0;
        if (count >= 4 && memcmp(answer + count - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    if (strncmp(answer, "HTTP/1.1 101", 12) != 0) {
        fprintf(stderr, "no session: %s\n", answer);
        exit(1);
    }
    return descriptor;
}

// Counts the frames that end in these bytes.
static long take(struct session *session, const unsigned char *bytes, size_t count) {
    long frames = 0;
    for (size_t at = 0; at < count;) {
        if (session->missing == 0) {
            if (session->head == 0) {
                if (bytes[at] != 0x81) {
                    fprintf(stderr, "not a text message: %02x\n", bytes[at]);
                    exit(1);
                }
                session->head = 1;
                at++;
                continue;
            }
            session->head = 0;
            session->missing = bytes[at++];
            continue;
        }
        size_t step = count - at < session->missing ? count - at : session->missing;
        at += step;
        session->missing -= step;
        if (session->missing == 0)
            frames++;
    }
    return frames;
}

int main(int argc, char **argv) {
    if (argc != 6 && argc != 7)
        return fprintf(stderr, "usage: %s PORT PATH SESSIONS WINDOW SECONDS [listen]\n", argv[0]), 2;
    int listens = argc == 7;
    int port = atoi(argv[1]), count = atoi(argv[3]), window = atoi(argv[4]);
    double seconds = atof(argv[5]);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    // One frame under a mask, and a window of them.
    size_t size = sizeof body - 1, frame = size + 6;
    unsigned char *frames = malloc(frame * (window + 1));
    const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    for (int each = 0; each <= window; each++) {
        unsigned char *at = frames + each * frame;
        at[0] = 0x81;
        at[1] = 0x80 | size;
        memcpy(at + 2, mask, 4);
        for (size_t index = 0; index < size; index++)
            at[6 + index] = body[index] ^ mask[index % 4];
    }

    struct session *sessions = calloc(count, sizeof *sessions);
    int set = epoll_create1(0);
    for (int index = 0; index < count; index++) {
        sessions[index].descriptor = open_session(port, argv[2]);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &sessions[index]};
        epoll_ctl(set, EPOLL_CTL_ADD, sessions[index].descriptor, &event);
    }
    printf("open\n");
    fflush(stdout);
    if (window == 0)
        return getchar(), 0;

    for (int index = 0; index < count; index++)
        if (send(sessions[index].descriptor, frames, frame * window, 0) != (ssize_t)(frame * window))
            fail("send");
    static unsigned char buffer[1 << 16];
    double begun = now(), end = begun + seconds;
    long messages = 0;
    while (now() < end) {
        struct epoll_event events[256];
        int ready = epoll_wait(set, events, 256, 100);
        for (int index = 0; index < ready; index++) {
            struct session *session = events[index].data.ptr;
            ssize_t received = recv(session->descriptor, buffer, sizeof buffer, 0);
            if (received <= 0)
                fail("a session ended");
            long came = take(session, buffer, received);
            messages += came;
            for (long left = listens ? 0 : came; left > 0; left -= window) {
                size_t bytes = frame * (left < window ? left : window);
                if (send(session->descriptor, frames, bytes, 0) != (ssize_t)bytes)
                    fail("send");
            }
        }
    }
    printf("{\"messages\": %ld, \"seconds\": %.6f}\n", messages, now() - begun);
    return 0;
}
