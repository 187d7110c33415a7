//  Reads streams of replies from an HTTP server, one or thousands at a time, on one thread.
//
//      stream_load PORT PATH ACCEPT BODY CLIENTS REPLIES SECONDS
//
//  Opens CLIENTS connections to 127.0.0.1, sends on each one POST with BODY, and reads until each response is complete:
//  NDJSON lines, or server-sent events without the last one ("event: end"), inside a chunked body. Prints one JSON
//  object: replies, the seconds from the first send to the last byte, how many streams were complete and had exactly
//  REPLIES replies, how many were refused (not 200), and how long the first reply took. Gives up after SECONDS.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum where { HEADER, SIZE, EXTENSION, DATA, DATA_END, TRAILER, DONE };

struct client {
    int descriptor;
    enum where where;
    unsigned long left;     //  bytes left in this chunk
    int header_end;         //  how much of "\r\n\r\n" we have seen
    char status[16];        //  "HTTP/1.1 200"
    int status_size;
    char line_start;        //  first byte of the line we are in, 0 between lines
    int is_last_chunk;
    long replies;
    double first;           //  when the first reply was there
    int in_end_event;
};

static int is_sse;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static void line_ended(struct client *client)
{
    //  NDJSON: each line is a reply. SSE: each data line is one, but for that of the event "end"; the only other
    //  line that begins with an e is "event: end" itself.
    if (!is_sse)
        client->replies += client->line_start != 0;
    else if (client->line_start == 'e')
        client->in_end_event = 1;
    else if (client->line_start == 'd' && !client->in_end_event)
        client->replies++;
    if (client->replies == 1 && client->first == 0)
        client->first = now();
    client->line_start = 0;
}

static void take_body(struct client *client, const char *bytes, size_t size)
{
    const char *end = bytes + size;
    while (bytes < end) {
        if (client->line_start == 0 && *bytes != '\n')
            client->line_start = *bytes;
        const char *line_end = memchr(bytes, '\n', (size_t) (end - bytes));
        if (!line_end)
            return;
        line_ended(client);
        bytes = line_end + 1;
    }
}

//  The end of a line outside the body: of a chunk's size, of its data, or of the trailer.
static void take_line_end(struct client *client)
{
    if (client->where == DATA_END) {
        client->where = SIZE;
        client->left = 0;
    } else if (client->where == TRAILER) {
        client->where = DONE;
    } else {
        client->is_last_chunk = client->left == 0;
        client->where = client->is_last_chunk ? TRAILER : DATA;
    }
}

static void take_header(struct client *client, char byte)
{
    if (client->status_size < 12)
        client->status[client->status_size++] = byte;
    client->header_end = byte == "\r\n\r\n"[client->header_end] ? client->header_end + 1 : byte == '\r';
    if (client->header_end == 4)    //  What is not 200 is a problem with a length: it is over, and incomplete.
        client->where = strncmp(client->status + 9, "200", 3) == 0 ? SIZE : DONE;
}

static void take(struct client *client, const char *bytes, size_t size)
{
    for (size_t at = 0; at < size && client->where != DONE; at++) {
        char byte = bytes[at];
        if (client->where == HEADER) {
            take_header(client, byte);
        } else if (client->where == DATA) {
            size_t here = size - at < client->left ? size - at : client->left;
            take_body(client, bytes + at, here);
            at += here - 1;
            client->left -= here;
            if (client->left == 0)
                client->where = DATA_END;
        } else if (byte == '\n') {
            take_line_end(client);
        } else if (client->where == SIZE && byte == ';') {
            client->where = EXTENSION;
        } else if (client->where == SIZE && byte != '\r') {
            int digit = byte <= '9' ? byte - '0' : (byte | 32) - 'a' + 10;
            client->left = client->left * 16 + (unsigned long) digit;
        }
    }
}

static int connected(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short) port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(descriptor, (struct sockaddr *) &address, sizeof address) != 0) {
        perror("connect");
        exit(1);
    }
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    return descriptor;
}

//  True when the response is over, well or not.
static int drain(struct client *client)
{
    static char buffer[1 << 18];
    while (1) {
        ssize_t size = read(client->descriptor, buffer, sizeof buffer);
        if (size < 0)
            return errno != EAGAIN && errno != EINTR;
        if (size == 0)
            return 1;
        take(client, buffer, (size_t) size);
        if (client->where == DONE)
            return 1;
        if ((size_t) size < sizeof buffer)
            return 0;
    }
}

static int by_value(const void *left, const void *right)
{
    double difference = *(const double *) left - *(const double *) right;
    return (difference > 0) - (difference < 0);
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fprintf(stderr, "usage: stream_load PORT PATH ACCEPT BODY CLIENTS REPLIES SECONDS\n");
        return 2;
    }
    int port = atoi(argv[1]), count = atoi(argv[5]);
    long wanted = atol(argv[6]);
    is_sse = strcmp(argv[3], "text/event-stream") == 0;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    char *request;
    int request_size = asprintf(
        &request, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        argv[2], port, argv[3], strlen(argv[4]), argv[4]);
    struct client *clients = calloc((size_t) count, sizeof *clients);
    int set = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++) {
        clients[i].descriptor = connected(port);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned) i};
        epoll_ctl(set, EPOLL_CTL_ADD, clients[i].descriptor, &event);
    }

    double begun = now(), deadline = begun + atof(argv[7]), last = begun;
    for (int i = 0; i < count; i++)
        if (write(clients[i].descriptor, request, (size_t) request_size) != request_size)
            perror("write");
    int open = count;
    while (open > 0 && now() < deadline) {
        struct epoll_event events[256];
        int ready = epoll_wait(set, events, 256, 100);
        for (int i = 0; i < ready; i++) {
            struct client *client = &clients[events[i].data.u32];
            if (drain(client)) {
                epoll_ctl(set, EPOLL_CTL_DEL, client->descriptor, NULL);
                close(client->descriptor);
                open--;
                last = now();
            }
        }
    }

    long replies = 0;
    int complete = 0, refused = 0, firsts = 0;
    double *first = calloc((size_t) count, sizeof *first);
    for (int i = 0; i < count; i++) {
        replies += clients[i].replies;
        complete += clients[i].where == DONE && clients[i].replies == wanted;
        refused += clients[i].status_size == 12 && strncmp(clients[i].status + 9, "200", 3) != 0;
        if (clients[i].first > 0)
            first[firsts++] = clients[i].first - begun;
    }
    qsort(first, (size_t) firsts, sizeof *first, by_value);
    printf("{\"replies\":%ld,\"seconds\":%.6f,\"streams\":%d,\"complete\":%d,\"refused\":%d,\"first_p50\":%.6f,\"first_p99\":%.6f}\n",
           replies, last - begun, count, complete, refused, firsts ? first[firsts / 2] : 0, firsts ? first[firsts * 99 / 100] : 0);
    return complete == count ? 0 : 1;
}
