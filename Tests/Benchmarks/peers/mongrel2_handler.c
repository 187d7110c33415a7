//  A Mongrel2 handler that echoes the body: the least work that a service behind Mongrel2 can do.
//
//      mongrel2_handler PULL_ENDPOINT PUB_ENDPOINT
//
//  Mongrel2 pushes "UUID CONNECTION PATH N:HEADERS,M:BODY," (the last two are netstrings), and takes from a subscription
//  "UUID N:CONNECTION, RESPONSE" with the bytes of the HTTP response.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

//  Reads "N:bytes," at *at; false if it is none.
static int netstring(const char **at, const char *end, const char **bytes, size_t *size)
{
    char *colon;
    *size = strtoul(*at, &colon, 10);
    if (*colon != ':' || colon + 1 + *size >= end || colon[1 + *size] != ',')
        return 0;
    *bytes = colon + 1;
    *at = colon + 2 + *size;
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: mongrel2_handler PULL_ENDPOINT PUB_ENDPOINT\n");
        return 2;
    }
    void *context = zmq_ctx_new();
    void *requests = zmq_socket(context, ZMQ_PULL);
    void *responses = zmq_socket(context, ZMQ_PUB);
    int mark = 100000;
    zmq_setsockopt(requests, ZMQ_RCVHWM, &mark, sizeof mark);
    zmq_setsockopt(responses, ZMQ_SNDHWM, &mark, sizeof mark);
    if (zmq_connect(requests, argv[1]) != 0 || zmq_connect(responses, argv[2]) != 0) {
        fprintf(stderr, "connect: %s\n", zmq_strerror(zmq_errno()));
        return 1;
    }

    static char request[1 << 21], response[1 << 21];
    while (1) {
        int size = zmq_recv(requests, request, sizeof request - 1, 0);
        if (size < 0 || (size_t) size > sizeof request - 1)
            continue;
        request[size] = 0;
        const char *end = request + size;
        char *connection = strchr(request, ' ');
        char *path = connection ? strchr(connection + 1, ' ') : NULL;
        char *rest = path ? strchr(path + 1, ' ') : NULL;
        const char *at = rest ? rest + 1 : NULL, *headers, *body;
        size_t headers_size, body_size;
        if (!at || !netstring(&at, end, &headers, &headers_size) || !netstring(&at, end, &body, &body_size))
            continue;
        if (headers_size > 11 && memmem(headers, headers_size, "\"JSON\"", 6))
            continue;   //  {"METHOD":"JSON"}: Mongrel2 tells that a client left
        int head = snprintf(
            response, sizeof response,
            "%.*s %zu:%.*s, HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
            (int) (connection - request), request, (size_t) (path - connection - 1), (int) (path - connection - 1),
            connection + 1, body_size);
        memcpy(response + head, body, body_size);
        zmq_send(responses, response, (size_t) head + body_size, 0);
    }
}
