// Makes calls that open or watch a descriptor fail, on order: loaded into a gateway with LD_PRELOAD, told what to do
// through a page that it shares with the test (FAULTS_PAGE names the file).
//
//     page->at   0: none fails    n: the n-th call from now on fails    -1: all fail
//
// libzmq ends the process when epoll_ctl(2) fails, and for most errors of eventfd(2) but EMFILE and ENFILE
// (errno_assert): it is spared those.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct page {
    _Atomic int64_t at, code, kinds, counted, failed;
};

enum { kind_accept = 1, kind_socket = 2, kind_event = 4, kind_duplicate = 8, kind_watch = 16, kind_open = 32 };

static struct page *page;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_PAGE");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory != MAP_FAILED) page = memory;
}

static int is_of_libzmq(const void *caller) {
    Dl_info info;
    return dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "libzmq");
}

static int fails(int kind, const void *caller) {
    if (!page || page->at == 0 || !(page->kinds & kind)) return 0;
    if (kind == kind_watch && is_of_libzmq(caller)) return 0;
    if (kind == kind_event && page->code != EMFILE && page->code != ENFILE && is_of_libzmq(caller)) return 0;
    int64_t call = ++page->counted;
    if (page->at > 0 && page->at != call) return 0;
    page->failed++;
    errno = (int)page->code;
    return 1;
}

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

#define CALLER __builtin_return_address(0)

int accept(int listening, struct sockaddr *restrict address, socklen_t *restrict size) {
    return fails(kind_accept, CALLER) ? -1 : REAL(accept)(listening, address, size);
}

int accept4(int listening, struct sockaddr *restrict address, socklen_t *restrict size, int flags) {
    return fails(kind_accept, CALLER) ? -1 : REAL(accept4)(listening, address, size, flags);
}

int socket(int domain, int type, int protocol) {
    return fails(kind_socket, CALLER) ? -1 : REAL(socket)(domain, type, protocol);
}

int eventfd(unsigned int value, int flags) {
    return fails(kind_event, CALLER) ? -1 : ((int (*)(unsigned int, int))real("eventfd"))(value, flags);
}

int epoll_ctl(int epoll, int order, int descriptor, struct epoll_event *event) {
    if (order == EPOLL_CTL_ADD && fails(kind_watch, CALLER)) return -1;
    return REAL(epoll_ctl)(epoll, order, descriptor, event);
}

static int control(const char *name, const void *caller, int descriptor, int order, void *argument) {
    if ((order == F_DUPFD || order == F_DUPFD_CLOEXEC) && fails(kind_duplicate, caller)) return -1;
    return ((int (*)(int, int, ...))real(name))(descriptor, order, argument);
}

int fcntl(int descriptor, int order, ...) {
    va_list rest;
    va_start(rest, order);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    return control("fcntl", CALLER, descriptor, order, argument);
}

int fcntl64(int descriptor, int order, ...) {
    va_list rest;
    va_start(rest, order);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    return control("fcntl64", CALLER, descriptor, order, argument);
}

static int open_file(const char *name, const void *caller, const char *path, int flags, mode_t mode) {
    if (fails(kind_open, caller)) return -1;
    return ((int (*)(const char *, int, ...))real(name))(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_file("open", CALLER, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_file("open64", CALLER, path, flags, mode);
}
