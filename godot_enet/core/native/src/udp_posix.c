#if !defined(_WIN32)
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "udp_names.h"

#if defined(__linux__)
#include <netinet/udp.h>
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#define HAVE_BATCHES 1
#endif

static void set_option(int handle, int level, int option, int value) {
    /* None of them is needed to work, only to work well. */
    (void)setsockopt(handle, level, option, &value, sizeof value);
}

int udp_share(udp_socket *udp, bool shared) {
#if defined(__linux__)
    int value = shared;
    return setsockopt(udp->handle, SOL_SOCKET, SO_REUSEPORT, &value, sizeof value) < 0 ? errno : 0;
#else
    (void)udp;
    return shared ? ENOTSUP : 0; /* others have the option, but send everything to one of the sockets */
#endif
}

int udp_open(udp_socket *udp, const gde_address *bind_to, bool wildcard, uint16_t port, bool offload, bool joins) {
    bool both = !bind_to;
    udp->is_ipv6 = both || !is_mapped(bind_to);
    udp->watches = false;
    udp->report_count = 0;
    udp->handle = socket(udp->is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    if (udp->handle < 0 && both) {
        udp->is_ipv6 = false;
        udp->handle = socket(AF_INET, SOCK_DGRAM, 0);
    }
    if (udp->handle < 0) return errno;
    int error = os_make_ready(udp->handle);
    if (!error) {
        if (udp->is_ipv6) set_option(udp->handle, IPPROTO_IPV6, IPV6_V6ONLY, 0);
        set_option(udp->handle, SOL_SOCKET, SO_BROADCAST, 1);
        set_option(udp->handle, SOL_SOCKET, SO_RCVBUF, HOST_SOCKET_RECEIVE_BUFFER);
        set_option(udp->handle, SOL_SOCKET, SO_SNDBUF, HOST_SOCKET_SEND_BUFFER);
        udp->offload = false;
#if defined(HAVE_BATCHES)
        if (offload) {
            int on = 1;
            udp->offload = setsockopt(udp->handle, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0;
        }
#else
        (void)offload;
#endif
        if (joins) error = udp_share(udp, true);
        if (!error && (bind_to || wildcard)) {
            name at;
            gde_address any = {.port = port};
            if (!udp->is_ipv6) memcpy(any.ip, MAPPED, 12);
            if (bind_to) any = *bind_to;
            any.port = port;
            socklen_t length = to_name(udp, &any, &at);
            if (bind(udp->handle, &at.any, length) < 0) error = errno;
        }
    }
    if (error) close(udp->handle);
    return error;
}

void udp_close(udp_socket *udp) { close(udp->handle); }

int udp_local_address(udp_socket *udp, gde_address *address) {
    name at;
    socklen_t length = sizeof at;
    if (getsockname(udp->handle, &at.any, &length) < 0) return -1;
    from_name(&at, address);
    return address->port ? 0 : -1;
}

#if defined(HAVE_BATCHES)

/* Linux: struct sock_extended_err, whose header is not everywhere. */
typedef struct {
    uint32_t number;
    uint8_t origin, type, code, unused;
    uint32_t info, data;
} extended_error;

enum { MAX_ERRORS = 64, MAX_RETRIES = 4 };

void udp_watch(udp_socket *udp) {
    if (udp->watches) return;
    udp->watches = true;
    set_option(udp->handle, IPPROTO_IP, IP_RECVERR, 1);
    if (udp->is_ipv6) set_option(udp->handle, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

static void report(udp_socket *udp, const gde_address *to, int error) {
    uint32_t cause = error == ECONNREFUSED ? DROP_PORT_UNREACHABLE : DROP_ADDRESS_UNREACHABLE;
    if (cause == DROP_ADDRESS_UNREACHABLE && error != EHOSTUNREACH && error != ENETUNREACH) return;
    if (udp->report_count < UDP_REPORTS) udp->reports[udp->report_count++] = (udp_report){*to, cause};
}

/* Empties the socket's queue of errors, which are about datagrams sent earlier: with an error pending, the next call of
 * any kind fails. Returns how many there were. */
static int take_errors(udp_socket *udp) {
    int count = 0;
    while (count < MAX_ERRORS) {
        name to;
        union {
            char bytes[CMSG_SPACE(sizeof(extended_error) + sizeof(struct sockaddr_in6))];
            struct cmsghdr align;
        } details;
        struct msghdr message = {
            .msg_name = &to, .msg_namelen = sizeof to, .msg_control = &details, .msg_controllen = sizeof details};
        if (recvmsg(udp->handle, &message, MSG_ERRQUEUE) < 0) break;
        count++;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
            if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
                !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
                continue;
            extended_error error;
            gde_address address;
            memcpy(&error, CMSG_DATA(c), sizeof error);
            from_name(&to, &address);
            report(udp, &address, (int)error.number);
        }
    }
    return count;
}

typedef union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
} control;

struct udp_inbox {
    struct mmsghdr messages[UDP_BATCH];
    struct iovec spans[UDP_BATCH];
    name names[UDP_BATCH];
    control controls[UDP_BATCH];
    uint8_t *data;
};

udp_inbox *udp_inbox_create(void) {
    udp_inbox *inbox = calloc(1, sizeof *inbox);
    /* Pages of slots that are never used are never touched. */
    if (inbox && !(inbox->data = malloc((size_t)UDP_BATCH * UDP_SLOT))) {
        free(inbox);
        return NULL;
    }
    if (inbox) {
        for (int i = 0; i < UDP_BATCH; i++) {
            inbox->spans[i] = (struct iovec){inbox->data + (size_t)i * UDP_SLOT, UDP_SLOT};
            inbox->messages[i].msg_hdr.msg_name = &inbox->names[i];
            inbox->messages[i].msg_hdr.msg_iov = &inbox->spans[i];
            inbox->messages[i].msg_hdr.msg_iovlen = 1;
            inbox->messages[i].msg_hdr.msg_namelen = sizeof(name);
            inbox->messages[i].msg_hdr.msg_control = &inbox->controls[i];
            inbox->messages[i].msg_hdr.msg_controllen = sizeof(control);
        }
    }
    return inbox;
}

void udp_inbox_destroy(udp_inbox *inbox) {
    if (inbox) free(inbox->data);
    free(inbox);
}

static uint32_t segment_of(struct msghdr *message, uint32_t length) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(c), sizeof size);
            if (size > 0) return (uint32_t)size;
        }
    }
    return length;
}

int udp_receive(udp_socket *udp, udp_inbox *inbox, void (*take)(void *, const uint8_t *, uint32_t, const gde_address *),
                void *context) {
    int count, retries = 0;
    do count = recvmmsg(udp->handle, inbox->messages, UDP_BATCH, 0, NULL);
    while (count < 0 && (errno == EINTR || (udp->watches && errno != EAGAIN && errno != EWOULDBLOCK &&
                                            retries++ < MAX_RETRIES && take_errors(udp))));
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EBADF ? 0 : 1;
    for (int i = 0; i < count; i++) {
        struct mmsghdr *message = &inbox->messages[i];
        uint32_t length = message->msg_len, segment = segment_of(&message->msg_hdr, length);
        gde_address from;
        from_name(&inbox->names[i], &from);
        const uint8_t *data = inbox->spans[i].iov_base;
        for (uint32_t at = 0; at < length; at += segment)
            take(context, data + at, length - at < segment ? length - at : segment, &from);
        message->msg_hdr.msg_namelen = sizeof(name);
        message->msg_hdr.msg_controllen = sizeof(control);
    }
    return count;
}

enum { MAXIMUM_SEGMENTS = 64, MAXIMUM_SEGMENTED = 65000 };

/* How many of the datagrams can leave as one message that the kernel cuts: equal sizes, one address, the last one may
 * be shorter. They lie one behind the other in memory. */
static uint32_t run_of(const udp_datagram *first, uint32_t count) {
    uint32_t total = first->length, run = 1;
    while (run < count && run < MAXIMUM_SEGMENTS) {
        const udp_datagram *next = &first[run];
        if (next->length > first->length || next->data != first->data + total ||
            total + next->length > MAXIMUM_SEGMENTED || memcmp(&next->to, &first->to, sizeof next->to) != 0)
            break;
        total += next->length;
        run++;
        if (next->length < first->length) break;
    }
    return run;
}

uint64_t udp_send(udp_socket *udp, const udp_datagram *datagrams, uint32_t count) {
    struct mmsghdr messages[UDP_BATCH];
    struct iovec spans[UDP_BATCH];
    name names[UDP_BATCH];
    control controls[UDP_BATCH];
    uint32_t runs[UDP_BATCH], first[UDP_BATCH], at = 0;
    uint64_t taken = 0;
    while (at < count) {
        uint32_t used = 0;
        while (at < count && used < UDP_BATCH) {
            const udp_datagram *d = &datagrams[at];
            uint32_t run = udp->offload ? run_of(d, count - at) : 1, total = 0;
            socklen_t name_length = to_name(udp, &d->to, &names[used]);
            if (!name_length) {
                at++;
                continue;
            }
            for (uint32_t i = 0; i < run; i++) total += d[i].length;
            messages[used] = (struct mmsghdr){0};
            struct msghdr *header = &messages[used].msg_hdr;
            spans[used] = (struct iovec){(void *)(uintptr_t)d->data, total};
            header->msg_name = &names[used];
            header->msg_namelen = name_length;
            header->msg_iov = &spans[used];
            header->msg_iovlen = 1;
            if (run > 1) {
                memset(&controls[used], 0, sizeof(control));
                header->msg_control = &controls[used];
                header->msg_controllen = CMSG_SPACE(sizeof(uint16_t));
                struct cmsghdr *c = CMSG_FIRSTHDR(header);
                c->cmsg_level = IPPROTO_UDP;
                c->cmsg_type = UDP_SEGMENT;
                c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
                uint16_t size = (uint16_t)d->length;
                memcpy(CMSG_DATA(c), &size, sizeof size);
            }
            runs[used] = run;
            first[used++] = at;
            at += run;
        }
        int retries = 0;
        for (uint32_t done = 0; done < used;) {
            int sent = sendmmsg(udp->handle, messages + done, used - done, 0), error = errno;
            if (sent > 0) {
                for (int i = 0; i < sent; i++) taken += messages[done + (uint32_t)i].msg_len;
                done += (uint32_t)sent;
            } else if (error != EINTR) {
                bool full = error == EAGAIN || error == EWOULDBLOCK;
                if (udp->watches && !full) {
                    if (retries++ < MAX_RETRIES && take_errors(udp)) continue; /* this message was not sent yet */
                    report(udp, &datagrams[first[done]].to, error);
                }
                if (runs[done] > 1 && !full) {
                    /* The kernel or the device will not cut: go on without, beginning with these. */
                    udp->offload = false;
                    taken += udp_send(udp, datagrams + first[done], runs[done]);
                }
                done++; /* otherwise lost */
            }
        }
    }
    return taken;
}

#else

void udp_watch(udp_socket *udp) { (void)udp; }

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
        socklen_t length = sizeof at;
        ssize_t received = recvfrom(udp->handle, inbox->data, UDP_SLOT, 0, &at.any, &length);
        if (received < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EBADF) break;
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
        socklen_t length = to_name(udp, &datagrams[i].to, &to);
        if (!length) continue;
        ssize_t sent = sendto(udp->handle, datagrams[i].data, datagrams[i].length, 0, &to.any, length);
        if (sent > 0) taken += (uint64_t)sent;
    }
    return taken;
}

#endif
#endif
