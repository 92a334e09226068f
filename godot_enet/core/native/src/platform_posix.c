#if !defined(_WIN32)
#define _GNU_SOURCE
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void os_mutex_init(os_mutex *mutex) { pthread_mutex_init(mutex, NULL); }
void os_mutex_destroy(os_mutex *mutex) { pthread_mutex_destroy(mutex); }
void os_lock(os_mutex *mutex) { pthread_mutex_lock(mutex); }
bool os_try_lock(os_mutex *mutex) { return pthread_mutex_trylock(mutex) == 0; }
void os_unlock(os_mutex *mutex) { pthread_mutex_unlock(mutex); }
void os_condition_destroy(os_condition *condition) { pthread_cond_destroy(condition); }
void os_wake_all(os_condition *condition) { pthread_cond_broadcast(condition); }

/* Waits never use the wall clock, which may be set. */
#ifdef __APPLE__ /* conditions have no other clock, but accept relative times */
void os_condition_init(os_condition *condition) { pthread_cond_init(condition, NULL); }

void os_wait(os_condition *condition, os_mutex *mutex, int64_t milliseconds) {
    struct timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    pthread_cond_timedwait_relative_np(condition, mutex, &wait);
}
#else
void os_condition_init(os_condition *condition) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

void os_wait(os_condition *condition, os_mutex *mutex, int64_t milliseconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(condition, mutex, &until);
}
#endif

typedef struct {
    void (*run)(void *);
    void *argument;
} thread_start;

static void *thread_main(void *given) {
    thread_start start = *(thread_start *)given;
    free(given);
    start.run(start.argument);
    return NULL;
}

int os_thread_start(os_thread *thread, void (*run)(void *), void *argument) {
    thread_start *start = malloc(sizeof *start);
    if (!start) return ENOMEM;
    *start = (thread_start){run, argument};
    /* Signals are handled by the program's threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(thread, NULL, thread_main, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) free(start);
    return error;
}

void os_thread_join(os_thread thread) { pthread_join(thread, NULL); }

int64_t os_now(void) {
    struct timespec now;
#ifdef CLOCK_UPTIME_RAW /* macOS, whose CLOCK_MONOTONIC counts time asleep, and Python's clock does not */
    clock_gettime(CLOCK_UPTIME_RAW, &now);
#else
    clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int os_make_ready(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL, 0);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0) return errno;
    return fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0 ? errno : 0;
}

static int adopt_ends(os_waker *waker, const int ends[2]) {
    int error;
    waker->reader = ends[0];
    waker->writer = ends[1];
    if ((error = os_make_ready(ends[0])) || (error = os_make_ready(ends[1]))) {
        os_waker_close(waker);
        return error;
    }
    return 0;
}

int os_waker_open(os_waker *waker) {
    int ends[2];
    return pipe(ends) < 0 ? errno : adopt_ends(waker, ends);
}

int os_waker_open_sockets(os_waker *waker) {
    int ends[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 ? errno : adopt_ends(waker, ends);
}

void os_waker_wake(os_waker *waker) {
    ssize_t written = write(waker->writer, "", 1);
    (void)written; /* A full pipe is awake already. */
}

void os_waker_reset(os_waker *waker) {
    char sink[64];
    while (read(waker->reader, sink, sizeof sink) == (ssize_t)sizeof sink) {
    }
}

void os_waker_close(os_waker *waker) {
    close(waker->reader);
    close(waker->writer);
}

bool os_wait_readable(os_socket socket, os_waker *waker, int64_t milliseconds) {
    struct pollfd waited[2] = {{waker->reader, POLLIN, 0}, {socket, POLLIN, 0}};
    int count = poll(waited, 2, milliseconds < 0 ? -1 : milliseconds > 86400000 ? 86400000 : (int)milliseconds);
    return count > 0 && waited[0].revents;
}
#endif
