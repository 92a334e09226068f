#if defined(_WIN32)
#include "platform.h"

#include <errno.h>
#include <process.h>
#include <stdlib.h>
#include <string.h>
#include <ws2tcpip.h>

#include "udp_names.h"

void os_mutex_init(os_mutex *mutex) { InitializeCriticalSection(mutex); }
void os_mutex_destroy(os_mutex *mutex) { DeleteCriticalSection(mutex); }
void os_lock(os_mutex *mutex) { EnterCriticalSection(mutex); }
bool os_try_lock(os_mutex *mutex) { return TryEnterCriticalSection(mutex) != 0; }
void os_unlock(os_mutex *mutex) { LeaveCriticalSection(mutex); }
void os_condition_init(os_condition *condition) { InitializeConditionVariable(condition); }
void os_condition_destroy(os_condition *condition) { (void)condition; }
void os_wake_all(os_condition *condition) { WakeAllConditionVariable(condition); }
void os_wait(os_condition *condition, os_mutex *mutex, int64_t milliseconds) {
    SleepConditionVariableCS(condition, mutex, (DWORD)milliseconds);
}

typedef struct {
    void (*run)(void *);
    void *argument;
} thread_start;

static unsigned __stdcall thread_main(void *given) {
    thread_start start = *(thread_start *)given;
    free(given);
    start.run(start.argument);
    return 0;
}

int os_thread_start(os_thread *thread, void (*run)(void *), void *argument) {
    thread_start *start = malloc(sizeof *start);
    if (!start) return ENOMEM;
    *start = (thread_start){run, argument};
    *thread = (HANDLE)_beginthreadex(NULL, 0, thread_main, start, 0, NULL);
    if (*thread) return 0;
    free(start);
    return EAGAIN;
}

void os_thread_join(os_thread thread) {
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

/* Not GetTickCount64, which has a resolution of up to 16 ms. */
int64_t os_now(void) {
    LARGE_INTEGER ticks, rate;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&rate);
    return ticks.QuadPart / rate.QuadPart * 1000 + ticks.QuadPart % rate.QuadPart * 1000 / rate.QuadPart;
}

static bool start_winsock(void) {
    WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data) == 0;
}

static int last_error(void) {
    switch (WSAGetLastError()) {
    case WSAEADDRINUSE:
        return EADDRINUSE;
    case WSAEACCES:
        return EACCES;
    case WSAEADDRNOTAVAIL:
        return EADDRNOTAVAIL;
    case WSAEAFNOSUPPORT:
        return EAFNOSUPPORT;
    default:
        return EIO;
    }
}

static void make_ready(SOCKET handle) {
    u_long on = 1;
    ioctlsocket(handle, FIONBIO, &on);
}

/* A UDP socket that sends to itself: what can be waited for together with another socket. */
int os_waker_open(os_waker *waker) {
    if (!start_winsock()) return EIO;
    struct sockaddr_in at = {.sin_family = AF_INET};
    int length = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SOCKET handle = socket(AF_INET, SOCK_DGRAM, 0);
    if (handle == INVALID_SOCKET) return last_error();
    if (bind(handle, (struct sockaddr *)&at, sizeof at) || getsockname(handle, (struct sockaddr *)&at, &length) ||
        connect(handle, (struct sockaddr *)&at, sizeof at)) {
        int error = last_error();
        closesocket(handle);
        return error;
    }
    make_ready(handle);
    waker->reader = waker->writer = handle;
    return 0;
}

int os_waker_open_sockets(os_waker *waker) { return os_waker_open(waker); }

void os_waker_wake(os_waker *waker) { send(waker->writer, "", 1, 0); }

void os_waker_reset(os_waker *waker) {
    char sink[64];
    while (recv(waker->reader, sink, sizeof sink, 0) > 0) {
    }
}

void os_waker_close(os_waker *waker) { closesocket(waker->reader); }

bool os_wait_readable(os_socket socket, os_waker *waker, int64_t milliseconds) {
    WSAPOLLFD waited[2] = {{waker->reader, POLLRDNORM, 0}, {socket, POLLRDNORM, 0}};
    int count = WSAPoll(waited, 2, milliseconds < 0 ? -1 : milliseconds > 86400000 ? 86400000 : (int)milliseconds);
    return count > 0 && waited[0].revents;
}

static void set_option(SOCKET handle, int level, int option, int value) {
    (void)setsockopt(handle, level, option, (const char *)&value, sizeof value);
}

int udp_share(udp_socket *udp, bool shared) {
    (void)udp;
    return shared ? ENOTSUP : 0;
}

int udp_open(udp_socket *udp, const gde_address *bind_to, bool wildcard, uint16_t port, bool offload, bool joins) {
    (void)offload, (void)joins;
    if (!start_winsock()) return EIO;
    bool both = !bind_to;
    udp->offload = false;
    udp->is_ipv6 = both || !is_mapped(bind_to);
    udp->handle = socket(udp->is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    if (udp->handle == INVALID_SOCKET && both) {
        udp->is_ipv6 = false;
        udp->handle = socket(AF_INET, SOCK_DGRAM, 0);
    }
    if (udp->handle == INVALID_SOCKET) return last_error();
    make_ready(udp->handle);
    if (udp->is_ipv6) set_option(udp->handle, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_option(udp->handle, SOL_SOCKET, SO_BROADCAST, 1);
    set_option(udp->handle, SOL_SOCKET, SO_RCVBUF, HOST_SOCKET_RECEIVE_BUFFER);
    set_option(udp->handle, SOL_SOCKET, SO_SNDBUF, HOST_SOCKET_SEND_BUFFER);
    if (bind_to || wildcard) {
        name at;
        gde_address any = {.port = port};
        if (!udp->is_ipv6) memcpy(any.ip, MAPPED, 12);
        if (bind_to) any = *bind_to;
        any.port = port;
        int length = to_name(udp, &any, &at);
        if (bind(udp->handle, &at.any, length)) {
            int error = last_error();
            closesocket(udp->handle);
            return error;
        }
    }
    return 0;
}

void udp_watch(udp_socket *udp) { (void)udp; }

void udp_close(udp_socket *udp) { closesocket(udp->handle); }

int udp_local_address(udp_socket *udp, gde_address *address) {
    name at;
    int length = sizeof at;
    if (getsockname(udp->handle, &at.any, &length)) return -1;
    from_name(&at, address);
    return address->port ? 0 : -1;
}

struct udp_inbox {
    uint8_t data[UDP_SLOT];
};

udp_inbox *udp_inbox_create(void) { return malloc(sizeof(udp_inbox)); }
void udp_inbox_destroy(udp_inbox *inbox) { free(inbox); }

int udp_receive(udp_socket *udp, udp_inbox *inbox, void (*take)(void *, const uint8_t *, uint32_t, const gde_address *),
                void *context) {
    int count = 0;
    while (count < UDP_BATCH) {
        name at;
        int length = sizeof at;
        int received = recvfrom(udp->handle, (char *)inbox->data, UDP_SLOT, 0, &at.any, &length);
        if (received < 0) {
            int error = WSAGetLastError();
            /* WSAECONNRESET and similar errors report an earlier datagram that did not arrive. */
            if (error == WSAEWOULDBLOCK || error == WSAEINVAL || error == WSAENOTSOCK) break;
        } else if (received > 0) {
            gde_address from;
            from_name(&at, &from);
            take(context, inbox->data, (uint32_t)received, &from);
        }
        count++;
    }
    return count;
}

uint64_t udp_send(udp_socket *udp, const udp_datagram *datagrams, uint32_t count) {
    uint64_t taken = 0;
    for (uint32_t i = 0; i < count; i++) {
        name to;
        int length = to_name(udp, &datagrams[i].to, &to);
        if (!length) continue;
        int sent = sendto(udp->handle, (const char *)datagrams[i].data, (int)datagrams[i].length, 0, &to.any, length);
        if (sent > 0) taken += (uint64_t)sent;
    }
    return taken;
}
#endif
