/* Preloaded into a process: the system calls of its UDP sockets fail when the program wants them to.
 *
 * storm(number, sends, receives): from now on one of so many datagrams is refused with the errno `number`, and one of so
 * many attempts to receive; 0 for none. Which ones, is by chance, or retries could meet the same fate each time.
 * storm_hits(receiving): how often that has happened.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>

static atomic_int number, each[2], hits[2];
static atomic_uint chance = 1;

void storm(int error, int sends, int receives) {
    number = error;
    each[0] = sends;
    each[1] = receives;
}

int storm_hits(int receiving) { return hits[receiving]; }

static int strikes(int socket, int receiving) {
    int type = 0, every = each[receiving];
    socklen_t length = sizeof type;
    if (!every || getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &length) < 0 || type != SOCK_DGRAM) return 0;
    chance = chance * 1664525u + 1013904223u;
    if ((chance >> 16) % (unsigned int)every) return 0;
    hits[receiving]++;
    errno = number;
    return 1;
}

ssize_t sendto(int socket, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length) {
    static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "sendto");
    return strikes(socket, 0) ? -1 : real(socket, data, size, flags, to, length);
}

ssize_t recvfrom(int socket, void *data, size_t size, int flags, struct sockaddr *from, socklen_t *length) {
    static ssize_t (*real)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "recvfrom");
    return strikes(socket, 1) ? -1 : real(socket, data, size, flags, from, length);
}

/* As the kernel: it ends before the first one that fails, and fails only if that is the first of all. */
int sendmmsg(int socket, struct mmsghdr *messages, unsigned int count, int flags) {
    static int (*real)(int, struct mmsghdr *, unsigned int, int);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "sendmmsg");
    for (unsigned int i = 0; i < count; i++) {
        if (!strikes(socket, 0)) continue;
        if (i == 0) return -1;
        hits[0]--; /* it comes again */
        count = i;
    }
    return real(socket, messages, count, flags);
}

int recvmmsg(int socket, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout) {
    static int (*real)(int, struct mmsghdr *, unsigned int, int, struct timespec *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "recvmmsg");
    return strikes(socket, 1) ? -1 : real(socket, messages, count, flags, timeout);
}
