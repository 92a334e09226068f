/* Preloaded into a process: its wall clock is set back by an hour, time and again.
 *
 * A program that reads the clock and then has the kernel wait until a moment of it finds that clock an hour earlier:
 * here every answer is an hour ahead of the kernel's own. astray_asked(): how often somebody asked. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <time.h>

static atomic_int asked;

int astray_asked(void) { return asked; }

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
        asked++;
        now->tv_sec += 3600;
    }
    return result;
}
