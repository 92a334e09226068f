/* A host: an engine, a socket, and the threads that serve them (see pump.py and drivers/, which this follows).
 *
 * The program's own calls do their network work in the calling thread; the network thread runs only while no
 * call serves the socket. One lock guards everything; it is never held while a thread waits. */
#include "host.h"

#include <stdlib.h>

enum { STAGED = 64, STAGING = 1 << 18 };

static void take_datagram(void *context, const uint8_t *data, uint32_t length, const gde_address *from) {
    gde_host *host = context;
    if (!length) return;
    /* One call may return thousands of coalesced datagrams; a pass has the same limit on every system. */
    if (host->in_pass++ % RECEIVE_BATCH == 0) gde_begin_pass(host->engine);
    host->totals[HOST_TOTAL_RECEIVED_PACKETS]++;
    host->totals[HOST_TOTAL_RECEIVED_DATA] += length;
    gde_receive(host->engine, data, length, from, host->now);
}

void host_transmit(gde_host *host, int64_t now, bool urgent) {
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

/* Only one packet waits for the program: a request, or a reply. */
static bool has_lone_packet(const gde_engine *e) {
    const peer *p = e->dispatch_first;
    return p && !p->dispatch_next && p->packet_count == 1 && !p->connect_pending;
}

/* Everything due, after the backlog of former passes. */
static void attend_engine(gde_host *host, int64_t now) {
    uint8_t buffer[MAXIMUM_DATAGRAM];
    gde_address from;
    for (uint32_t length; (length = gde_poll_backlog(host->engine, buffer, &from));)
        gde_receive(host->engine, buffer, length, &from, now);
    gde_handle_timeout(host->engine, now);
}

static void report_unreachable(gde_host *host) {
    while (host->udp.report_count) {
        const udp_report *next = &host->udp.reports[--host->udp.report_count];
        gde_on_unreachable(host->engine, &next->address, next->cause);
    }
}

/* What a step does before it receives. */
static void begin_step(gde_host *host, int64_t now, bool urgent) {
    host->now = now;
    attend_engine(host, now);
    host_transmit(host, now, urgent);
}

void host_step(gde_host *host, int64_t now, bool urgent) {
    begin_step(host, now, urgent);
    host->in_pass = 0;
    bool any = false;
    for (int taken = 0; taken < RECEIVE_BATCH;) {
        int count = udp_receive(&host->udp, host->inbox, take_datagram, host);
        any = any || count;
        taken += count;
        if (count < UDP_BATCH) break;
    }
    report_unreachable(host);
    if (any) {
        attend_engine(host, now);
        /* Without a thread the program calls again soon: the acknowledgement of a lone packet can wait for its
         * reply. */
        if (host->threaded || !has_lone_packet(host->engine)) host_transmit(host, now, urgent);
    }
}

/* Milliseconds until the engine needs attention; -1 if never. */
int64_t host_until_due(gde_host *host, int64_t now) {
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

bool host_has_event(const gde_host *host) { return host->engine->returned || host->engine->dispatch_first; }

/* Makes the descriptor of a host with a thread readable while events wait for the program. */
static void show_events(gde_host *host) {
    if (!host->has_events || host->shows_events == host_has_event(host)) return;
    host->shows_events = !host->shows_events;
    if (host->shows_events)
        os_waker_wake(&host->events);
    else
        os_waker_reset(&host->events);
}

void host_release(gde_host *host) {
    if (host->released) return;
    host->released = true;
    udp_close(&host->udp);
    if (!host->shards) os_waker_close(&host->waker); /* a shard may be woken without its lock */
    if (host->has_events) os_waker_close(&host->events);
    host->has_events = false;
}

static void network_thread(void *given) {
    gde_host *host = given;
    os_lock(&host->lock);
    while (!host->closing) {
        int64_t now = os_now(), wait = host_until_due(host, now);
        host->sleeping_until = wait < 0 ? -1 : now + wait;
        host->waiters++;
        os_unlock(&host->lock);
        bool woken = os_wait_readable(host->udp.handle, &host->waker, wait);
        os_lock(&host->lock);
        host->waiters--;
        host->sleeping_until = 0;
        while (!host->closing && (host->blocked || os_now() - host->serviced < SERVICE_GRACE_MS))
            os_wait(&host->turn, &host->lock, host->blocked ? BLOCKED_POLL_MS : SERVICE_GRACE_MS);
        if (host->closing) break;
        if (woken) os_waker_reset(&host->waker);
        host_step(host, os_now(), true);
        show_events(host);
        if (host->blocked) os_waker_wake(&host->waker);
    }
    host->thread_running = false;
    os_wake_all(&host->left);
    os_unlock(&host->lock);
}

gde_host *host_create(const gde_config *config) {
    gde_host *host = calloc(1, sizeof *host);
    if (!host) return NULL;
    host->engine = gde_engine_create(config);
    host->inbox = udp_inbox_create();
    host->staging = malloc(STAGING);
    os_mutex_init(&host->lock);
    os_condition_init(&host->left);
    os_condition_init(&host->turn);
    if (host->engine && host->inbox && host->staging) return host;
    host_free_parts(host);
    return NULL;
}

void host_free_parts(gde_host *host) {
    gde_engine_destroy(host->engine);
    udp_inbox_destroy(host->inbox);
    free(host->staging);
    os_condition_destroy(&host->left);
    os_condition_destroy(&host->turn);
    os_mutex_destroy(&host->lock);
    free(host);
}

int32_t host_open(gde_host *host, const gde_address *bind, uint32_t flags, uint16_t port, bool joins) {
    int error = udp_open(&host->udp, flags & GDE_HOST_BOUND ? bind : NULL, (flags & GDE_HOST_WILDCARD) != 0, port,
                         !(flags & GDE_HOST_NO_OFFLOAD), joins);
    if (!error && (error = os_waker_open(&host->waker))) udp_close(&host->udp);
    return error;
}

gde_host *gde_host_create(const gde_config *config, const gde_address *bind, uint32_t flags, int32_t *error) {
    if (config->shards > 1) return shards_create(config, bind, flags, error);
    gde_host *host = host_create(config);
    *error = 12; /* ENOMEM */
    if (!host) return NULL;
    if ((*error = host_open(host, bind, flags, bind ? bind->port : 0, false))) {
        host_free_parts(host);
        return NULL;
    }
    host->serviced = os_now() - SERVICE_GRACE_MS;
    if (flags & GDE_HOST_THREADED) {
        host->thread_running = host->threaded = true;
        /* If no thread can be started, only service serves the network. */
        if (os_thread_start(&host->thread, network_thread, host)) host->thread_running = host->threaded = false;
    }
    return host;
}

/* Ends the thread and blocked calls. The lock is held on entry and return; true for the first caller. */
bool host_stop(gde_host *host) {
    bool first = !host->closing;
    host->closing = host->closed = true;
    os_wake_all(&host->turn);
    while (host->waiters || host->thread_running) {
        if (!host->released) os_waker_wake(&host->waker);
        os_wait(&host->left, &host->lock, BLOCKED_POLL_MS);
    }
    return first;
}

void gde_host_close(gde_host *host) {
    if (host->shards) {
        shards_close(host);
        return;
    }
    os_lock(&host->lock);
    bool first = host_stop(host);
    host_release(host);
    os_unlock(&host->lock);
    if (first && host->threaded) os_thread_join(host->thread);
}

int32_t gde_host_detach(gde_host *host, gde_engine **engine, int64_t *socket, int64_t *events) {
    if (host->shards) return shards_detach(host, engine, socket, events);
    /* An empty engine remains, so that late calls find one. */
    gde_engine *empty = gde_engine_create(&host->engine->config);
    if (!empty) return GDE_ERR_MEMORY;
    os_lock(&host->lock);
    if (host->closed) {
        os_unlock(&host->lock);
        gde_engine_destroy(empty);
        return GDE_ERR_CLOSED;
    }
    host_stop(host);
    bool closed = host->released; /* by another caller that stopped it while this one waited */
    if (!closed) {
        *engine = host->engine;
        *socket = (int64_t)host->udp.handle;
        host->engine = empty;
        host->released = true;
        os_waker_close(&host->waker);
        events[0] = host->has_events ? (int64_t)host->events.reader : -1;
        events[1] = host->has_events ? (int64_t)host->events.writer : -1;
        host->has_events = false;
    }
    os_unlock(&host->lock);
    if (host->threaded) os_thread_join(host->thread);
    if (closed) gde_engine_destroy(empty);
    return closed ? GDE_ERR_CLOSED : GDE_OK;
}

void gde_host_free(gde_host *host) {
    if (!host) return;
    gde_host_close(host);
    if (host->shards)
        shards_free(host);
    else
        host_free_parts(host);
}

void gde_host_after_fork(gde_host *host) {
    if (host->shards)
        shards_after_fork(host);
    else
        host_after_fork(host);
}

void host_after_fork(gde_host *host) {
    /* The lock and the conditions may have been in use by threads that do not exist here. */
    os_mutex_init(&host->lock);
    os_condition_init(&host->left);
    os_condition_init(&host->turn);
    host->blocked = host->waiters = 0;
    host->thread_running = host->threaded = false;
    host->closing = host->closed = true;
    /* The network thread may have been interrupted in a change; its state is not used any more, nor freed. */
    gde_engine *empty = gde_engine_create(&host->engine->config);
    if (empty) host->engine = empty;
    host_release(host);
}

static int32_t next_event(gde_host *host, gde_event *event, gde_packet **taken) {
    if (!event) return host_has_event(host);
    *taken = NULL;
    if (!gde_poll_event(host->engine, event)) return 0;
    if (event->type == EVENT_RECEIVE) {
        /* The caller owns the packet from now on. */
        packet *mine = host->engine->taken;
        host->engine->taken = NULL;
        *taken = (gde_packet *)mine;
    }
    return 1;
}

int32_t host_next_events(gde_host *host, gde_event *events, gde_packet **taken, int32_t capacity) {
    int32_t count = 0;
    while (count < capacity && next_event(host, &events[count], &taken[count]))
        if (events[count++].type != EVENT_RECEIVE) break;
    return count;
}

/* Pooled blocks are ordinary memory: the owner of the packet frees it. */
void gde_packet_free(gde_packet *taken) { free(taken); }

static int32_t wait_for_event(gde_host *host, int64_t now, int64_t deadline, gde_event *event, gde_packet **taken) {
    for (;;) {
        int64_t wait = host_until_due(host, now);
        if (wait < 0 || wait > deadline - now) wait = deadline - now;
        host->blocked++;
        host->waiters++;
        os_unlock(&host->lock);
        bool woken = os_wait_readable(host->udp.handle, &host->waker, wait > 0 ? wait : 0);
        os_lock(&host->lock);
        host->blocked--;
        host->waiters--;
        if (host->closed) {
            os_wake_all(&host->left);
            return GDE_ERR_CLOSED;
        }
        if (woken) os_waker_reset(&host->waker);
        now = os_now();
        host_step(host, now, false);
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
    return gde_host_next_events(host, event, taken, 1, given);
}

int32_t gde_host_next_events(gde_host *host, gde_event *events, gde_packet **taken, int32_t capacity,
                             gde_packet *given) {
    if (host->shards) return shards_next_events(host, events, taken, capacity, (packet *)given);
    os_lock(&host->lock);
    for (packet *spare = (packet *)given, *next; spare; spare = next) {
        next = spare->next;
        packet_free(host->engine, spare);
    }
    int32_t found = host->closed ? GDE_ERR_CLOSED
                    : events     ? host_next_events(host, events, taken, capacity)
                                 : host_has_event(host);
    show_events(host);
    os_unlock(&host->lock);
    return found;
}

int32_t gde_host_service(gde_host *host, int64_t timeout, gde_event *event, gde_packet **taken) {
    if (host->shards) return shards_service(host, timeout, event, taken);
    os_lock(&host->lock);
    int32_t found = GDE_ERR_CLOSED;
    if (!host->closed && !(found = next_event(host, event, taken))) {
        int64_t now = os_now();
        if (timeout < 0)
            begin_step(host, now, false);
        else
            host_step(host, now, false);
        host->serviced = now;
        found = next_event(host, event, taken);
        if (!found && timeout > 0)
            found = wait_for_event(host, now, now + timeout, event, taken);
        else
            wake_for_deadline(host);
    }
    show_events(host);
    os_unlock(&host->lock);
    return found;
}

int32_t gde_host_serve(gde_host *host) {
    if (host->shards) return shards_service(host, 0, NULL, NULL);
    os_lock(&host->lock);
    int32_t found = GDE_ERR_CLOSED;
    if (!host->closed) {
        int64_t now = os_now();
        host_step(host, now, false);
        host->serviced = now;
        found = host_has_event(host);
    }
    host_unlock(host);
    return found;
}

int32_t gde_host_put_back(gde_host *host, gde_event *event, gde_packet **taken) {
    if (event->type == EVENT_NONE) return GDE_OK;
    host = shard_of(host, event->peer);
    host_lock(host);
    /* The engine of a closed host may belong to another one by now. */
    int32_t result = GDE_OK;
    if (host->closed)
        result = GDE_ERR_CLOSED;
    else if (!put_back(host->engine, event, (packet *)*taken))
        result = GDE_ERR_MEMORY;
    if (result == GDE_OK) {
        event->type = EVENT_NONE;
        *taken = NULL;
        show_events(host);
    }
    host_unlock(host);
    return result;
}

void host_lock(gde_host *host) {
    os_lock(&host->lock);
    if (host->engine->group) group_enter(host->engine);
}

void host_unlock(gde_host *host) {
    if (host->shards)
        shards_publish(host);
    else if (host->blocked && !host->closed)
        os_waker_wake(&host->waker);
    os_unlock(&host->lock);
}

/* Every other function calls the engine under the lock. */
#define LOCKED(host, type, result, call)                    \
    do {                                                    \
        host_lock(host);                                    \
        type outcome_ = (host)->closed ? (result) : (call); \
        host_unlock(host);                                  \
        return outcome_;                                    \
    } while (0)

int32_t gde_host_flush(gde_host *host) {
    if (host->shards) return shards_flush(host);
    os_lock(&host->lock);
    if (!host->closed) {
        host_transmit(host, os_now(), false);
        wake_for_deadline(host);
    }
    int32_t result = host->closed ? GDE_ERR_CLOSED : GDE_OK;
    os_unlock(&host->lock);
    return result;
}

int64_t gde_host_connect(gde_host *host, const gde_address *to, uint32_t channels, uint32_t data, uint32_t any_source) {
    if (host->shards) return GDE_ERR_SHARDS; /* the answers would reach another shard */
    LOCKED(host, int64_t, GDE_ERR_CLOSED,
           (udp_watch(&host->udp), gde_connect(host->engine, to, channels, data, any_source)));
}

int32_t gde_host_disconnect(gde_host *host, uint64_t peer, uint32_t data, uint32_t mode) {
    host = shard_of(host, peer);
    host_lock(host);
    int32_t result = GDE_ERR_CLOSED;
    if (!host->closed) {
        int64_t now = os_now();
        result = gde_disconnect(host->engine, peer, data, mode, now);
        /* An immediate disconnect must be sent at once; the reference flushes here, too. */
        if (mode != MODE_RESET && host->engine->outbox_count) host_transmit(host, now, false);
    }
    host_unlock(host);
    return result;
}

int32_t gde_host_send(gde_host *host, uint64_t peer, uint32_t channel, const uint8_t *data, uint64_t length,
                      uint32_t flags) {
    host = shard_of(host, peer);
    LOCKED(host, int32_t, GDE_ERR_CLOSED, gde_send(host->engine, peer, channel, data, length, flags));
}

int32_t gde_host_broadcast(gde_host *host, uint32_t channel, const uint8_t *data, uint64_t length, uint32_t flags) {
    body *shared = NULL;
    int32_t result = GDE_OK;
    EACH_SHARD(host, each) {
        host_lock(each);
        int32_t outcome = each->closed ? GDE_ERR_CLOSED
                                       : queue_broadcast(each->engine, channel, data, length, flags, &shared);
        if (outcome) result = outcome;
        host_unlock(each);
    }
    body_release(shared);
    return result;
}

int32_t gde_host_set_unread(gde_host *host, uint64_t peer, uint32_t packets, uint64_t size) {
    host = shard_of(host, peer);
    LOCKED(host, int32_t, GDE_ERR_CLOSED, (gde_set_unread(host->engine, peer, packets, size), GDE_OK));
}

int32_t gde_host_ping(gde_host *host, uint64_t peer) {
    host = shard_of(host, peer);
    LOCKED(host, int32_t, GDE_ERR_CLOSED, gde_ping(host->engine, peer));
}

int32_t gde_host_configure(gde_host *host, uint64_t peer, uint32_t option, uint32_t a, uint32_t b, uint32_t c) {
    host = shard_of(host, peer);
    host_lock(host);
    int32_t result = host->closed ? GDE_ERR_CLOSED : gde_configure(host->engine, peer, option, a, b, c);
    if (!host->closed) wake_for_deadline(host);
    host_unlock(host);
    return result;
}

int32_t gde_host_bandwidth_limit(gde_host *host, uint32_t incoming, uint32_t outgoing) {
    int32_t result = GDE_OK;
    EACH_SHARD(host, each) {
        host_lock(each);
        if (each->closed) {
            result = GDE_ERR_CLOSED;
        } else {
            gde_bandwidth_limit(each->engine, incoming, outgoing);
            wake_for_deadline(each);
        }
        host_unlock(each);
    }
    return result;
}

int32_t gde_host_set_channel_limit(gde_host *host, uint32_t limit) {
    int32_t result = GDE_OK;
    EACH_SHARD(host, each) {
        host_lock(each);
        if (each->closed)
            result = GDE_ERR_CLOSED;
        else
            gde_set_channel_limit(each->engine, limit);
        host_unlock(each);
    }
    return result;
}

int32_t gde_host_refuse_connects(gde_host *host, uint32_t refuse, uint32_t data) {
    int32_t result = GDE_OK;
    EACH_SHARD(host, each) {
        host_lock(each);
        if (each->closed)
            result = GDE_ERR_CLOSED;
        else
            gde_refuse_connects(each->engine, refuse, data);
        host_unlock(each);
    }
    return result;
}

int32_t gde_host_set_compressor(gde_host *host, uint32_t mode) {
    int32_t result = GDE_OK;
    EACH_SHARD(host, each) {
        host_lock(each);
        int32_t outcome = each->closed ? GDE_ERR_CLOSED : gde_set_compressor(each->engine, mode);
        if (outcome) result = outcome;
        host_unlock(each);
    }
    return result;
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
    host_unlock(host);
    return result;
}

int32_t gde_host_peers(gde_host *host, uint64_t *peers, int32_t capacity) {
    int32_t count = 0;
    EACH_SHARD(host, each) {
        os_lock(&each->lock);
        if (!each->closed) count += gde_peers(each->engine, peers + count, capacity - count);
        os_unlock(&each->lock);
    }
    return count;
}

int32_t gde_host_peer_info(gde_host *host, uint64_t peer, gde_peer_info *info) {
    host = shard_of(host, peer);
    LOCKED(host, int32_t, gde_get_peer_info(host->engine, peer, info), gde_get_peer_info(host->engine, peer, info));
}

int32_t gde_host_peer_state(gde_host *host, uint64_t peer) {
    host = shard_of(host, peer);
    os_lock(&host->lock);
    int32_t state = gde_peer_state(host->engine, peer);
    os_unlock(&host->lock);
    return state;
}

int64_t gde_host_peer_statistic(gde_host *host, uint64_t peer, uint32_t which) {
    host = shard_of(host, peer);
    os_lock(&host->lock);
    int64_t value = gde_peer_statistic(host->engine, peer, which);
    os_unlock(&host->lock);
    return value;
}

uint64_t gde_host_pop_statistic(gde_host *host, uint32_t which) {
    uint64_t value = 0;
    if (which >= HOST_COUNT) return 0;
    EACH_SHARD(host, each) {
        os_lock(&each->lock);
        value += each->totals[which] - each->popped[which];
        each->popped[which] = each->totals[which];
        os_unlock(&each->lock);
    }
    return value;
}

uint64_t gde_host_total(gde_host *host, uint32_t which) {
    uint64_t value = 0;
    if (which >= HOST_COUNT) return 0;
    EACH_SHARD(host, each) {
        os_lock(&each->lock);
        value += each->totals[which];
        os_unlock(&each->lock);
    }
    return value;
}

void gde_host_add_summary(gde_host *host, gde_summary *sums) {
    EACH_SHARD(host, each) {
        os_lock(&each->lock);
        gde_add_summary(each->engine, sums);
        os_unlock(&each->lock);
    }
}

int64_t gde_host_idle(gde_host *host) {
    if (host->shards) return shards_idle(host);
    os_lock(&host->lock);
    int64_t idle = host->blocked ? 0 : os_now() - host->serviced;
    os_unlock(&host->lock);
    return idle > 0 ? idle : 0;
}

uint32_t gde_host_channel_limit(gde_host *host) {
    os_lock(&host->lock);
    uint32_t limit = gde_channel_limit(host->engine);
    os_unlock(&host->lock);
    return limit;
}

int32_t gde_host_drops(gde_host *host, uint64_t *counts, int32_t capacity) {
    for (int32_t i = 0; i < capacity && i < DROP_COUNT; i++) counts[i] = 0;
    EACH_SHARD(host, each) {
        os_lock(&each->lock);
        for (int32_t i = 0; i < capacity && i < DROP_COUNT; i++) counts[i] += each->engine->drops[i];
        os_unlock(&each->lock);
    }
    return DROP_COUNT;
}

int32_t gde_host_poll_drops(gde_host *host, gde_drop_report *reports, int32_t capacity) {
    int32_t count = 0;
    EACH_SHARD(host, each) {
        gde_drop_report found[DROP_COUNT];
        host_lock(each);
        int32_t more = gde_poll_drops(each->engine, found, DROP_COUNT);
        host_unlock(each);
        for (int32_t i = 0; i < more; i++) {
            int32_t at = 0; /* one report for each cause */
            while (at < count && reports[at].cause != found[i].cause) at++;
            if (at < count)
                reports[at].times += found[i].times;
            else if (count < capacity)
                reports[count++] = found[i];
        }
    }
    return count;
}

int32_t gde_host_has_drops(gde_host *host) {
    if (host->shards) return shards_has_drops(host);
    os_lock(&host->lock);
    int32_t any = host->engine->report_count > 0;
    os_unlock(&host->lock);
    return any;
}

int64_t gde_host_fileno(gde_host *host) {
    if (host->shards) return shards_fileno(host);
    os_lock(&host->lock);
    int64_t handle = -1;
    if (!host->closed && !host->threaded) {
        handle = (int64_t)host->udp.handle;
    } else if (!host->closed) {
        if (!host->has_events) {
            host->has_events = os_waker_open_sockets(&host->events) == 0;
            host->shows_events = false;
            show_events(host);
        }
        if (host->has_events) handle = (int64_t)host->events.reader;
    }
    os_unlock(&host->lock);
    return handle;
}

int32_t gde_host_poll_timeout(gde_host *host, int64_t *due) {
    os_lock(&host->lock);
    int32_t found = host->closed ? GDE_ERR_CLOSED : host->threaded ? 0 : gde_poll_timeout(host->engine, due);
    os_unlock(&host->lock);
    return found;
}

int32_t gde_host_local_address(gde_host *host, gde_address *address) {
    os_lock(&host->lock);
    int32_t result = host->closed ? -1 : udp_local_address(&host->udp, address);
    os_unlock(&host->lock);
    return result;
}
