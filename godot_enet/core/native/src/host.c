/* A host: an engine, a socket, and who looks after them (see pump.py and drivers/, which this follows).
 *
 * The program's own calls do their network work in the calling thread; the network thread steps in only when nobody
 * else looks after the socket. One lock for all; it is never held while anybody waits. */
#include "internal.h"
#include "platform.h"

#include <stdlib.h>

enum {
    STAGED = 64,
    STAGING = 1 << 18
};

struct gde_host {
    gde_engine *engine;
    udp_socket udp;
    udp_inbox *inbox;
    uint8_t *staging;
    os_mutex lock;
    os_condition left, turn;
    os_waker waker;
    os_thread thread;
    uint32_t in_pass; /* datagrams received in this step */
    bool threaded, closed, closing, released, thread_running;
    uint32_t blocked; /* callers that wait inside service */
    uint32_t waiters; /* threads asleep on the descriptors */
    int64_t serviced;
    int64_t sleeping_until; /* what the thread sleeps for; -1 for ever, 0 while it is awake */
    int64_t now;            /* of the step in progress */
    uint64_t totals[HOST_COUNT];
};

static void take_datagram(void *context, const uint8_t *data, uint32_t length, const gde_address *from) {
    gde_host *host = context;
    if (!length) return;
    /* One call may bring thousands where the system puts them together; a pass has as many as everywhere. */
    if (host->in_pass++ % RECEIVE_BATCH == 0) gde_begin_pass(host->engine);
    host->totals[HOST_TOTAL_RECEIVED_PACKETS]++;
    host->totals[HOST_TOTAL_RECEIVED_DATA] += length;
    gde_receive(host->engine, data, length, from, host->now);
}

static void transmit(gde_host *host, int64_t now, bool urgent) {
    udp_datagram staged[STAGED];
    uint32_t count = 0, used = 0;
    for (;;) {
        gde_address to;
        int32_t length = gde_poll_transmit(host->engine, now, urgent, host->staging + used, &to);
        if (length > 0) {
            staged[count++] = (udp_datagram){host->staging + used, (uint32_t)length, to};
            used += (uint32_t)length;
        }
        if (count && (length <= 0 || count == STAGED || used + MAXIMUM_DATAGRAM + 8 > STAGING)) {
            host->totals[HOST_TOTAL_SENT_PACKETS] += count;
            host->totals[HOST_TOTAL_SENT_DATA] += udp_send(&host->udp, staged, count);
            count = used = 0;
        }
        if (length <= 0) return;
    }
}

/* One packet waits for the program, and nothing else: a request, or an answer. */
static bool has_lone_packet(const gde_engine *e) {
    const peer *p = e->dispatch_first;
    return p && !p->dispatch_next && p->packet_count == 1 && !p->connect_pending;
}

/* What is due, and before it what former passes have left. */
static void attend_engine(gde_host *host, int64_t now) {
    uint8_t buffer[MAXIMUM_DATAGRAM];
    gde_address from;
    for (uint32_t length; (length = gde_poll_backlog(host->engine, buffer, &from));)
        gde_receive(host->engine, buffer, length, &from, now);
    gde_handle_timeout(host->engine, now);
}

static void step(gde_host *host, int64_t now, bool urgent) {
    host->now = now;
    attend_engine(host, now);
    transmit(host, now, urgent);
    host->in_pass = 0;
    bool any = false;
    for (int taken = 0; taken < RECEIVE_BATCH;) {
        int count = udp_receive(&host->udp, host->inbox, take_datagram, host);
        any = any || count;
        taken += count;
        if (count < UDP_BATCH) break;
    }
    if (any) {
        attend_engine(host, now);
        /* Without a thread the program calls again soon: then what acknowledges a lone packet rides with the answer. */
        if (host->threaded || !has_lone_packet(host->engine)) transmit(host, now, urgent);
    }
}

/* Milliseconds until the engine needs attention; -1 if never. */
static int64_t until_due(gde_host *host, int64_t now) {
    int64_t due;
    if (!gde_poll_timeout(host->engine, &due)) return -1;
    return due > now ? due - now : 0;
}

static void wake_for_deadline(gde_host *host) {
    int64_t due;
    if (host->sleeping_until == 0 || !gde_poll_timeout(host->engine, &due)) return;
    if (host->sleeping_until < 0 || due < host->sleeping_until) {
        host->sleeping_until = 0;
        os_waker_wake(&host->waker);
    }
}

static void release(gde_host *host) {
    if (host->released) return;
    host->released = true;
    udp_close(&host->udp);
    os_waker_close(&host->waker);
}

static void network_thread(void *given) {
    gde_host *host = given;
    os_lock(&host->lock);
    while (!host->closing) {
        int64_t now = os_now(), wait = until_due(host, now);
        host->sleeping_until = wait < 0 ? -1 : now + wait;
        host->waiters++;
        os_unlock(&host->lock);
        os_wait_readable(host->udp.handle, &host->waker, wait);
        os_lock(&host->lock);
        host->waiters--;
        host->sleeping_until = 0;
        while (!host->closing && (host->blocked || os_now() - host->serviced < STAND_BACK))
            os_wait(&host->turn, &host->lock, host->blocked ? YIELD : STAND_BACK);
        if (host->closing) break;
        os_waker_reset(&host->waker);
        step(host, os_now(), true);
        if (host->blocked) os_waker_wake(&host->waker);
    }
    host->thread_running = false;
    os_wake_all(&host->left);
    os_unlock(&host->lock);
}

gde_host *gde_host_create(const gde_config *config, const gde_address *bind, uint32_t flags, int32_t *error) {
    gde_host *host = calloc(1, sizeof *host);
    *error = 12; /* ENOMEM */
    if (!host) return NULL;
    host->engine = gde_engine_create(config);
    host->inbox = udp_inbox_create();
    host->staging = malloc(STAGING);
    if (!host->engine || !host->inbox || !host->staging) goto without_socket;
    *error = udp_open(&host->udp, flags & GDE_HOST_BOUND ? bind : NULL, (flags & GDE_HOST_WILDCARD) != 0,
                      bind ? bind->port : 0, !(flags & GDE_HOST_NO_OFFLOAD));
    if (*error) goto without_socket;
    *error = os_waker_open(&host->waker);
    if (*error) {
        udp_close(&host->udp);
        goto without_socket;
    }
    os_mutex_init(&host->lock);
    os_condition_init(&host->left);
    os_condition_init(&host->turn);
    host->serviced = os_now() - STAND_BACK;
    if (flags & GDE_HOST_THREADED) {
        host->thread_running = host->threaded = true;
        /* Where no thread can be started, service alone does the work. */
        if (os_thread_start(&host->thread, network_thread, host)) host->thread_running = host->threaded = false;
    }
    return host;
without_socket:
    gde_engine_destroy(host->engine);
    udp_inbox_destroy(host->inbox);
    free(host->staging);
    free(host);
    return NULL;
}

/* Ends the thread and whoever waits. Called and left with the lock held; true for the first who does. */
static bool stop(gde_host *host) {
    bool first = !host->closing;
    host->closing = host->closed = true;
    os_wake_all(&host->turn);
    while (host->waiters || host->thread_running) {
        if (!host->released) os_waker_wake(&host->waker);
        os_wait(&host->left, &host->lock, YIELD);
    }
    return first;
}

void gde_host_close(gde_host *host) {
    os_lock(&host->lock);
    bool first = stop(host);
    release(host);
    os_unlock(&host->lock);
    if (first && host->threaded) os_thread_join(host->thread);
}

int32_t gde_host_detach(gde_host *host, gde_engine **engine, int64_t *socket) {
    /* An engine that nobody is in stays behind, so that late calls find one. */
    gde_engine *empty = gde_engine_create(&host->engine->config);
    if (!empty) return GDE_ERR_MEMORY;
    os_lock(&host->lock);
    if (host->closed) {
        os_unlock(&host->lock);
        gde_engine_destroy(empty);
        return GDE_ERR_CLOSED;
    }
    stop(host);
    bool closed = host->released; /* by somebody who stopped it while we waited for the same */
    if (!closed) {
        *engine = host->engine;
        *socket = (int64_t)host->udp.handle;
        host->engine = empty;
        host->released = true;
        os_waker_close(&host->waker);
    }
    os_unlock(&host->lock);
    if (host->threaded) os_thread_join(host->thread);
    if (closed) gde_engine_destroy(empty);
    return closed ? GDE_ERR_CLOSED : GDE_OK;
}

void gde_host_free(gde_host *host) {
    if (!host) return;
    gde_host_close(host);
    gde_engine_destroy(host->engine);
    udp_inbox_destroy(host->inbox);
    free(host->staging);
    os_condition_destroy(&host->left);
    os_condition_destroy(&host->turn);
    os_mutex_destroy(&host->lock);
    free(host);
}

void gde_host_after_fork(gde_host *host) {
    /* The lock and the conditions may have been in use by threads that are not here. */
    os_mutex_init(&host->lock);
    os_condition_init(&host->left);
    os_condition_init(&host->turn);
    host->blocked = host->waiters = 0;
    host->thread_running = host->threaded = false;
    host->closing = host->closed = true;
    /* The network thread may have been in the middle of a change; what it left is not touched any more, nor freed. */
    gde_engine *empty = gde_engine_create(&host->engine->config);
    if (empty) host->engine = empty;
    release(host);
}

static int32_t next_event(gde_host *host, gde_event *event, gde_packet **taken) {
    if (!event) return host->engine->returned || host->engine->dispatch_first;
    *taken = NULL;
    if (!gde_poll_event(host->engine, event)) return 0;
    if (event->type == EVENT_RECEIVE) {
        /* The packet goes to the caller: it is not the engine's any more. */
        packet *mine = host->engine->taken;
        host->engine->taken = NULL;
        *taken = (gde_packet *)mine;
    }
    return 1;
}

/* Pooled blocks are ordinary memory: whoever holds the packet frees it. */
void gde_packet_free(gde_packet *taken) { free(taken); }

static int32_t wait_for_event(gde_host *host, int64_t now, int64_t deadline, gde_event *event, gde_packet **taken) {
    for (;;) {
        int64_t wait = until_due(host, now);
        if (wait < 0 || wait > deadline - now) wait = deadline - now;
        host->blocked++;
        host->waiters++;
        os_unlock(&host->lock);
        os_wait_readable(host->udp.handle, &host->waker, wait > 0 ? wait : 0);
        os_lock(&host->lock);
        host->blocked--;
        host->waiters--;
        if (host->closed) {
            os_wake_all(&host->left);
            return GDE_ERR_CLOSED;
        }
        os_waker_reset(&host->waker);
        now = os_now();
        step(host, now, false);
        host->serviced = now;
        int32_t found = next_event(host, event, taken);
        if (found && host->blocked) os_waker_wake(&host->waker);
        if (found || now >= deadline) {
            wake_for_deadline(host);
            return found;
        }
    }
}

int32_t gde_host_next_event(gde_host *host, gde_event *event, gde_packet **taken, gde_packet *given) {
    os_lock(&host->lock);
    for (packet *spare = (packet *)given, *next; spare; spare = next) {
        next = spare->next;
        packet_free(host->engine, spare);
    }
    int32_t found = host->closed ? GDE_ERR_CLOSED : next_event(host, event, taken);
    os_unlock(&host->lock);
    return found;
}

int32_t gde_host_service(gde_host *host, int64_t timeout, gde_event *event, gde_packet **taken) {
    os_lock(&host->lock);
    int32_t found = GDE_ERR_CLOSED;
    if (!host->closed && !(found = next_event(host, event, taken))) {
        int64_t now = os_now();
        step(host, now, false);
        host->serviced = now;
        found = next_event(host, event, taken);
        if (!found && timeout > 0)
            found = wait_for_event(host, now, now + timeout, event, taken);
        else
            wake_for_deadline(host);
    }
    os_unlock(&host->lock);
    return found;
}

void gde_host_put_back(gde_host *host, gde_event *event, gde_packet **taken) {
    if (event->type == EVENT_NONE) return;
    os_lock(&host->lock);
    put_back(host->engine, event, (packet *)*taken);
    event->type = EVENT_NONE;
    *taken = NULL;
    if (host->blocked && !host->closed) os_waker_wake(&host->waker);
    os_unlock(&host->lock);
}

/* Every other function is an engine's, under the lock. */
#define LOCKED(host, type, result, call)                    \
    do {                                                    \
        os_lock(&(host)->lock);                             \
        type outcome_ = (host)->closed ? (result) : (call); \
        leave(host);                                        \
        return outcome_;                                    \
    } while (0)

/* Something was queued or set: whoever sleeps may have to get up. */
static void leave(gde_host *host) {
    if (host->blocked && !host->closed) os_waker_wake(&host->waker);
    os_unlock(&host->lock);
}

int32_t gde_host_flush(gde_host *host) {
    os_lock(&host->lock);
    if (!host->closed) {
        transmit(host, os_now(), false);
        wake_for_deadline(host);
    }
    int32_t result = host->closed ? GDE_ERR_CLOSED : GDE_OK;
    os_unlock(&host->lock);
    return result;
}

int64_t gde_host_connect(gde_host *host, const gde_address *to, uint32_t channels, uint32_t data, uint32_t any_source) {
    LOCKED(host, int64_t, GDE_ERR_CLOSED, gde_connect(host->engine, to, channels, data, any_source));
}

int32_t gde_host_disconnect(gde_host *host, uint64_t peer, uint32_t data, uint32_t mode) {
    os_lock(&host->lock);
    int32_t result = GDE_ERR_CLOSED;
    if (!host->closed) {
        int64_t now = os_now();
        result = gde_disconnect(host->engine, peer, data, mode, now);
        /* What was said at once must leave at once; the reference flushes here, too. */
        if (mode != MODE_RESET && host->engine->outbox_count) transmit(host, now, false);
    }
    leave(host);
    return result;
}

int32_t gde_host_send(gde_host *host, uint64_t peer, uint32_t channel, const uint8_t *data, uint64_t length,
                      uint32_t flags) {
    LOCKED(host, int32_t, GDE_ERR_CLOSED, gde_send(host->engine, peer, channel, data, length, flags));
}

int32_t gde_host_broadcast(gde_host *host, uint32_t channel, const uint8_t *data, uint64_t length, uint32_t flags) {
    LOCKED(host, int32_t, GDE_ERR_CLOSED, gde_broadcast(host->engine, channel, data, length, flags));
}

int32_t gde_host_set_untaken(gde_host *host, uint64_t peer, uint32_t packets, uint64_t size) {
    LOCKED(host, int32_t, GDE_ERR_CLOSED, (gde_set_untaken(host->engine, peer, packets, size), GDE_OK));
}

int32_t gde_host_ping(gde_host *host, uint64_t peer) {
    LOCKED(host, int32_t, GDE_ERR_CLOSED, gde_ping(host->engine, peer));
}

int32_t gde_host_configure(gde_host *host, uint64_t peer, uint32_t option, uint32_t a, uint32_t b, uint32_t c) {
    os_lock(&host->lock);
    int32_t result = host->closed ? GDE_ERR_CLOSED : gde_configure(host->engine, peer, option, a, b, c);
    if (!host->closed) wake_for_deadline(host);
    leave(host);
    return result;
}

int32_t gde_host_bandwidth_limit(gde_host *host, uint32_t incoming, uint32_t outgoing) {
    os_lock(&host->lock);
    int32_t result = host->closed ? GDE_ERR_CLOSED : GDE_OK;
    if (!host->closed) {
        gde_bandwidth_limit(host->engine, incoming, outgoing);
        wake_for_deadline(host);
    }
    leave(host);
    return result;
}

int32_t gde_host_set_channel_limit(gde_host *host, uint32_t limit) {
    LOCKED(host, int32_t, GDE_ERR_CLOSED, (gde_set_channel_limit(host->engine, limit), GDE_OK));
}

int32_t gde_host_set_compressor(gde_host *host, uint32_t mode) {
    LOCKED(host, int32_t, GDE_ERR_CLOSED, gde_set_compressor(host->engine, mode));
}

int32_t gde_host_socket_send(gde_host *host, const uint8_t *data, uint32_t length, const gde_address *to) {
    os_lock(&host->lock);
    int32_t result = GDE_ERR_CLOSED;
    if (!host->closed) {
        udp_datagram one = {data, length, *to};
        udp_send(&host->udp, &one, 1);
        /* The thread may be waiting on a socket that had no port until now. */
        if (host->threaded) os_waker_wake(&host->waker);
        result = GDE_OK;
    }
    leave(host);
    return result;
}

int32_t gde_host_peers(gde_host *host, uint64_t *peers, int32_t capacity) {
    LOCKED(host, int32_t, 0, gde_peers(host->engine, peers, capacity));
}

int32_t gde_host_peer_info(gde_host *host, uint64_t peer, gde_peer_info *info) {
    LOCKED(host, int32_t, gde_get_peer_info(host->engine, peer, info), gde_get_peer_info(host->engine, peer, info));
}

int32_t gde_host_peer_state(gde_host *host, uint64_t peer) {
    os_lock(&host->lock);
    int32_t state = gde_peer_state(host->engine, peer);
    os_unlock(&host->lock);
    return state;
}

int64_t gde_host_peer_statistic(gde_host *host, uint64_t peer, uint32_t which) {
    os_lock(&host->lock);
    int64_t value = gde_peer_statistic(host->engine, peer, which);
    os_unlock(&host->lock);
    return value;
}

uint64_t gde_host_pop_statistic(gde_host *host, uint32_t which) {
    os_lock(&host->lock);
    uint64_t value = which < HOST_COUNT ? host->totals[which] : 0;
    if (which < HOST_COUNT) host->totals[which] = 0;
    os_unlock(&host->lock);
    return value;
}

uint32_t gde_host_channel_limit(gde_host *host) {
    os_lock(&host->lock);
    uint32_t limit = gde_channel_limit(host->engine);
    os_unlock(&host->lock);
    return limit;
}

int32_t gde_host_drops(gde_host *host, uint64_t *counts, int32_t capacity) {
    os_lock(&host->lock);
    int32_t causes = gde_drops(host->engine, counts, capacity);
    os_unlock(&host->lock);
    return causes;
}

int32_t gde_host_poll_drops(gde_host *host, gde_drop_report *reports, int32_t capacity) {
    os_lock(&host->lock);
    int32_t count = gde_poll_drops(host->engine, reports, capacity);
    os_unlock(&host->lock);
    return count;
}

int32_t gde_host_has_drops(gde_host *host) {
    os_lock(&host->lock);
    int32_t any = host->engine->report_count > 0;
    os_unlock(&host->lock);
    return any;
}

int64_t gde_host_fileno(gde_host *host) {
    os_lock(&host->lock);
    int64_t handle = host->closed ? -1 : (int64_t)host->udp.handle;
    os_unlock(&host->lock);
    return handle;
}

int32_t gde_host_poll_timeout(gde_host *host, int64_t *due) {
    os_lock(&host->lock);
    int32_t found = host->closed ? 0 : gde_poll_timeout(host->engine, due);
    os_unlock(&host->lock);
    return found;
}

int32_t gde_host_local_address(gde_host *host, gde_address *address) {
    os_lock(&host->lock);
    int32_t result = host->closed ? -1 : udp_local_address(&host->udp, address);
    os_unlock(&host->lock);
    return result;
}
