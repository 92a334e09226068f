/* The operating system as the host needs it: one UDP socket, batches, a clock, a lock, a thread, a wake-up.
 * platform_posix.c with udp_posix.c, and platform_windows.c; nothing else knows which it is. */
#ifndef GDE_PLATFORM_H
#define GDE_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "gde.h"

#if defined(_WIN32)
#include <winsock2.h>
#include <windows.h>
typedef CRITICAL_SECTION os_mutex;
typedef CONDITION_VARIABLE os_condition;
typedef HANDLE os_thread;
typedef SOCKET os_socket;
#else
#include <pthread.h>
typedef pthread_mutex_t os_mutex;
typedef pthread_cond_t os_condition;
typedef pthread_t os_thread;
typedef int os_socket;
#endif

void os_mutex_init(os_mutex *mutex);
void os_mutex_destroy(os_mutex *mutex);
void os_lock(os_mutex *mutex);
bool os_try_lock(os_mutex *mutex);
void os_unlock(os_mutex *mutex);
void os_condition_init(os_condition *condition);
void os_condition_destroy(os_condition *condition);
/* Waits at most `milliseconds`; may return early. */
void os_wait(os_condition *condition, os_mutex *mutex, int64_t milliseconds);
void os_wake_all(os_condition *condition);
int os_thread_start(os_thread *thread, void (*run)(void *), void *argument);
void os_thread_join(os_thread thread);
#if !defined(_WIN32)
int os_make_ready(int descriptor); /* no blocking, not for child processes; 0 or errno */
#endif
int64_t os_now(void); /* milliseconds, never going back; what SystemClock in clock.py shows */

/* A wake-up that can be waited for together with the socket. */
typedef struct {
    os_socket reader, writer;
} os_waker;
int os_waker_open(os_waker *waker);
void os_waker_wake(os_waker *waker);
void os_waker_reset(os_waker *waker);
void os_waker_close(os_waker *waker);
/* Returns when one of the two is readable (or broken) or after `milliseconds`; -1 waits for ever. */
void os_wait_readable(os_socket socket, os_waker *waker, int64_t milliseconds);

typedef struct {
    os_socket handle;
    bool is_ipv6;
    bool offload; /* segmentation offload still works here */
} udp_socket;

/* `bind` NULL binds nothing; `wildcard` binds every address of both families. Returns 0 or an errno. */
int udp_open(udp_socket *udp, const gde_address *bind, bool wildcard, uint16_t port, bool offload);
void udp_close(udp_socket *udp);
int udp_local_address(udp_socket *udp, gde_address *address); /* 0, or -1 while nothing is bound */

enum { UDP_BATCH = 32, UDP_SLOT = 65536 };

/* Where one call of udp_receive leaves what it took. */
typedef struct udp_inbox udp_inbox;
udp_inbox *udp_inbox_create(void);
void udp_inbox_destroy(udp_inbox *inbox);
/* Takes what has arrived, at most UDP_BATCH messages, and gives each datagram to `take`. Returns the number of
 * messages, 0 when there was none. */
int udp_receive(udp_socket *udp, udp_inbox *inbox, void (*take)(void *, const uint8_t *, uint32_t, const gde_address *),
                void *context);

typedef struct {
    const uint8_t *data;
    uint32_t length;
    gde_address to;
} udp_datagram;

/* Sends all of them; what the system refuses is lost, as on the wire. Returns the bytes it took. */
uint64_t udp_send(udp_socket *udp, const udp_datagram *datagrams, uint32_t count);

#endif
