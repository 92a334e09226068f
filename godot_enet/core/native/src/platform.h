/* The operating system functions that a host needs: one UDP socket, batches, a clock, a lock, a thread, a wake-up.
 * platform_posix.c with udp_posix.c, and platform_windows.c; nothing else depends on the system. */
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
int64_t os_now(void); /* monotonic milliseconds, the clock of SystemClock in clock.py */

/* A wake-up that can be waited for together with the socket. */
typedef struct {
    os_socket reader, writer;
} os_waker;
int os_waker_open(os_waker *waker);
int os_waker_open_sockets(os_waker *waker); /* of sockets, which Python can adopt */
void os_waker_wake(os_waker *waker);
void os_waker_reset(os_waker *waker);
void os_waker_close(os_waker *waker);
/* Returns when one of the two is readable (or broken) or after `milliseconds`; -1 waits forever. True if the waker is. */
bool os_wait_readable(os_socket socket, os_waker *waker, int64_t milliseconds);

typedef struct {
    gde_address address;
    uint32_t cause; /* DROP_PORT_UNREACHABLE or DROP_ADDRESS_UNREACHABLE */
} udp_report;

enum { UDP_REPORTS = 4 };

typedef struct {
    os_socket handle;
    bool is_ipv6;
    bool offload; /* segmentation offload still works here */
    bool watches; /* see udp_watch */
    uint32_t report_count;
    udp_report reports[UDP_REPORTS]; /* to be taken by the caller; further ones are lost */
} udp_socket;

/* `bind` NULL binds nothing; `wildcard` binds every address of both families; `joins`: the port of a socket that is shared
 * already. Returns 0 or an errno. */
int udp_open(udp_socket *udp, const gde_address *bind, bool wildcard, uint16_t port, bool offload, bool joins);
/* Lets sockets that join have the same port, between which the system divides the remotes by a hash of their addresses.
 * Returns 0 or an errno: not every system can. */
int udp_share(udp_socket *udp, bool shared);
/* From now on collects reports of unreachable addresses, where the system has them. Only for hosts that connect: anybody
 * can forge such reports, and each takes time. */
void udp_watch(udp_socket *udp);
void udp_close(udp_socket *udp);
int udp_local_address(udp_socket *udp, gde_address *address); /* 0, or -1 while nothing is bound */

enum { UDP_BATCH = 32, UDP_SLOT = 65536 };

/* The buffers of one call of udp_receive. */
typedef struct udp_inbox udp_inbox;
udp_inbox *udp_inbox_create(void);
void udp_inbox_destroy(udp_inbox *inbox);
/* Receives at most UDP_BATCH messages, and passes each datagram to `take`. Returns the number of
 * messages, 0 when there was none. */
int udp_receive(udp_socket *udp, udp_inbox *inbox, void (*take)(void *, const uint8_t *, uint32_t, const gde_address *),
                void *context);

typedef struct {
    const uint8_t *data;
    uint32_t length;
    gde_address to;
} udp_datagram;

/* Sends all of them; those that the system refuses are lost, as on the wire. Returns the bytes sent. */
uint64_t udp_send(udp_socket *udp, const udp_datagram *datagrams, uint32_t count);

#endif
