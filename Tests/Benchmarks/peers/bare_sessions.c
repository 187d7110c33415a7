// What the kernel alone costs for a message of a session: an echo of epoll_wait, recv and send, and nothing else.
//
// It takes any request for a handshake, and any read for one whole frame of session_load's, which it answers with a
// frame of the same size: no codec, no worker, no memory of its own but a byte a connection. Edges, as the gateway has.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char handshake[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
static unsigned char is_open[1 << 20], buffer[1 << 16];

static void watch(int set, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = descriptor};
    epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event);
}

static void accept_all(int set, int listener) {
    int descriptor, on = 1;
    while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        is_open[descriptor] = 0;
        watch(set, descriptor);
    }
}

static void answer(int descriptor) {
    ssize_t count = recv(descriptor, buffer, sizeof buffer, 0);
    if (count <= 0) {
        close(descriptor);
    } else if (!is_open[descriptor]) {
        is_open[descriptor] = 1;
        send(descriptor, handshake, sizeof handshake - 1, MSG_NOSIGNAL);
    } else if (count > 6 && count <= 131) {
        // A frame of the client has four bytes of mask that ours has not.
        unsigned char frame[127] = {0x81, count - 6};
        send(descriptor, frame, count - 4, MSG_NOSIGNAL);
    }
}

int main(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < sizeof is_open ? limit.rlim_max : sizeof is_open;
    setrlimit(RLIMIT_NOFILE, &limit);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), set = epoll_create1(0);
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1024)
        || getsockname(listener, (struct sockaddr *)&address, &length))
        return perror("bind"), 1;
    watch(set, listener);
    printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(set, events, 256, -1);
        for (int index = 0; index < ready; index++) {
            if (events[index].data.fd == listener)
                accept_all(set, listener);
            else
                answer(events[index].data.fd);
        }
    }
}
