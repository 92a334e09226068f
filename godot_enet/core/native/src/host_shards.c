/* A host of several shards: sockets with one address and port, each with an engine and a thread of its own.
 *
 * The kernel chooses the socket of a datagram by a keyed hash of its addresses, so a client always reaches the same
 * shard, and clients need not know that there are several. The shards do all network work in their threads: service only
 * takes events, and wakes the threads that have something to send. A shard's events stay in its engine, under its own
 * lock; what all threads use is in group.c, and here the number of callers that wait. */
#include "host.h"

#include <stdlib.h>

#include "atomics.h"

enum { DRAINED_BATCHES = 4096 };

struct gde_shards {
    gde_host *shards[MAXIMUM_SHARDS];
    uint32_t count;
    gde_group *group;
    bool forked; /* in a child process that has copies of the sockets */
    bool closed; /* these three are atomic */
    uint32_t waiting; /* callers that wait inside service */
    int64_t serviced; /* when service was last called; atomic, too */
    uint32_t turn; /* the shard whose event comes next */
    os_mutex gate; /* of what follows */
    os_condition arrived;
    os_waker events; /* readable while events wait; open where the program has asked for it */
    bool has_events, shows_events; /* the first is atomic */
};

gde_host *shards_find(gde_host *host, uint64_t peer) {
    const gde_shards *all = host->shards;
    uint32_t shard = (uint32_t)(peer >> SLOT_BITS) & (MAXIMUM_SHARDS - 1);
    return all->shards[shard < all->count ? shard : 0]; /* which has no such peer */
}

static bool any_events(const gde_shards *all) {
    for (uint32_t i = 0; i < all->count; i++)
        if (ATOMIC_LOAD(&all->shards[i]->events_wait)) return true;
    return false;
}

/* Called with the gate locked. */
static void show_events(gde_shards *all) {
    if (!all->has_events || all->shows_events == any_events(all)) return;
    all->shows_events = !all->shows_events;
    if (all->shows_events)
        os_waker_wake(&all->events);
    else
        os_waker_reset(&all->events);
}

/* Called before a shard is unlocked: shows the others what changed, and wakes callers that wait for events. */
void shards_publish(gde_host *host) {
    gde_shards *all = host->shards;
    if (host->engine->group) group_leave(host->engine);
    ATOMIC_STORE(&host->drops_wait, host->engine->report_count > 0);
    ATOMIC_STORE(&host->events_wait, host_has_event(host));
    /* A caller first counts itself as waiting, or opens the descriptor, and then looks for events. */
    if (!ATOMIC_LOAD(&all->has_events) && !(host->events_wait && ATOMIC_LOAD(&all->waiting))) return;
    os_lock(&all->gate);
    show_events(all);
    os_wake_all(&all->arrived);
    os_unlock(&all->gate);
}

/* The thread */

static void run_shard(void *given) {
    gde_host *host = given;
    os_lock(&host->lock);
    while (!host->closing) {
        int64_t now = os_now(), wait = host_until_due(host, now);
        host->sleeping_until = wait < 0 ? -1 : now + wait;
        os_unlock(&host->lock);
        bool woken = os_wait_readable(host->udp.handle, &host->waker, wait);
        host_lock(host);
        host->sleeping_until = 0;
        if (woken) os_waker_reset(&host->waker);
        uint32_t wanted = ATOMIC_LOAD(&host->passes_wanted);
        if (!host->closing) {
            host_step(host, os_now(), wanted == host->passes_done);
        } else if (wanted != host->passes_done) {
            host_transmit(host, os_now(), false); /* what service has left to this thread */
        }
        host->passes_done = wanted;
        shards_publish(host);
        os_wake_all(&host->turn);
    }
    host->thread_running = false;
    os_wake_all(&host->left);
    os_unlock(&host->lock);
}

/* Asks a shard for a full pass if there is anything to send. Returns the number of the pass. */
static uint32_t request_pass(gde_host *host) {
    const gde_engine *e = host->engine;
    bool unsent = e->dirty.words_used || e->held_back.words_used || e->outbox_first < e->outbox_count;
    if (!unsent) return host->passes_done;
    if (host->sleeping_until != 0) {
        host->sleeping_until = 0;
        os_waker_wake(&host->waker);
    }
    return ATOMIC_ADD(&host->passes_wanted, 1);
}

/* The same without waiting for the thread, if that has the lock. */
static void nudge(gde_host *host) {
    if (os_try_lock(&host->lock)) {
        if (!host->closed) request_pass(host);
        os_unlock(&host->lock);
    } else if (ATOMIC_ADD(&host->passes_wanted, 1)) {
        os_waker_wake(&host->waker); /* it may have looked already */
    }
}

/* Creation and end */

static void free_shared(gde_shards *all) {
    group_free(all->group);
    os_condition_destroy(&all->arrived);
    os_mutex_destroy(&all->gate);
    free(all);
}

static void ignore(void *context, const uint8_t *data, uint32_t length, const gde_address *from) {
    (void)context, (void)data, (void)length, (void)from;
}

/* Drops what arrived while the sockets were bound: the kernel may send more of it to another shard. */
static void drain(gde_host *host) {
    for (int i = 0; i < DRAINED_BATCHES && udp_receive(&host->udp, host->inbox, ignore, NULL); i++) {
    }
}

/* What each shard is created with; the limits of all together are the group's. */
static gde_config config_of_shard(const gde_config *config, uint32_t shard) {
    gde_config own = *config;
    uint8_t number[4];
    own.peer_count = min32(config->peer_count, MAXIMUM_PEER_ID);
    if (own.half_open_limit) own.half_open_limit = max32(own.half_open_limit / config->shards, 1); /* sizes tables */
    write32_little(number, shard);
    gde_blake2s(own.key, sizeof own.key, config->key, KEY_SIZE, number, sizeof number);
    return own;
}

/* Adds a shard with its socket. The first one is bound alone: that fails if anyone has the port, even with other sockets
 * that share it. Returns 0 or an errno. */
static int32_t add_shard(gde_shards *all, const gde_config *config, const gde_address *bind, uint32_t flags) {
    gde_address at = *bind;
    uint32_t shard = all->count;
    if (shard && udp_local_address(&all->shards[0]->udp, &at)) return 22; /* EINVAL */
    gde_config own = config_of_shard(config, shard);
    gde_host *host = host_create(&own);
    if (!host) return 12; /* ENOMEM */
    int32_t error = host_open(host, bind, flags, at.port, shard > 0);
    if (error) {
        host_free_parts(host);
        return error;
    }
    host->shards = all;
    group_add(all->group, host->engine, shard);
    if (shard) all->shards[shard - 1]->next = host;
    all->shards[all->count++] = host;
    return shard ? 0 : udp_share(&host->udp, true);
}

gde_host *shards_create(const gde_config *config, const gde_address *bind, uint32_t flags, int32_t *error) {
    *error = 22; /* EINVAL */
    if (!bind || !(flags & GDE_HOST_THREADED) || config->shards > MAXIMUM_SHARDS) return NULL;
    *error = 12; /* ENOMEM */
    gde_shards *all = calloc(1, sizeof *all);
    if (!all || !(all->group = group_create(config))) {
        free(all);
        return NULL;
    }
    os_mutex_init(&all->gate);
    os_condition_init(&all->arrived);
    do *error = add_shard(all, config, bind, flags);
    while (!*error && all->count < config->shards);
    for (uint32_t i = 0; i < all->count && !*error; i++) drain(all->shards[i]);
    for (uint32_t i = 0; i < all->count && !*error; i++) {
        gde_host *host = all->shards[i];
        host->thread_running = host->threaded = true;
        if ((*error = os_thread_start(&host->thread, run_shard, host))) host->thread_running = host->threaded = false;
    }
    all->serviced = os_now();
    if (!*error) return all->shards[0];
    if (all->count)
        gde_host_free(all->shards[0]);
    else
        free_shared(all);
    return NULL;
}

/* Ends the threads and blocked calls. Returns true for the first caller. */
static bool end_threads(gde_shards *all) {
    bool first = !ATOMIC_EXCHANGE(&all->closed, true);
    os_lock(&all->gate);
    os_wake_all(&all->arrived);
    os_unlock(&all->gate);
    EACH_SHARD(all->shards[0], each) { /* all at once */
        os_lock(&each->lock);
        each->closing = each->closed = true;
        os_waker_wake(&each->waker);
        os_unlock(&each->lock);
    }
    EACH_SHARD(all->shards[0], each) {
        os_lock(&each->lock);
        host_stop(each);
        os_unlock(&each->lock);
        if (first && each->threaded) os_thread_join(each->thread);
    }
    return first;
}

/* Closes the descriptor that shows events, or hands it over to `events`. */
static void release_events(gde_shards *all, int64_t *events) {
    os_lock(&all->gate);
    if (events) {
        events[0] = all->has_events ? (int64_t)all->events.reader : -1;
        events[1] = all->has_events ? (int64_t)all->events.writer : -1;
    } else if (all->has_events) {
        os_waker_close(&all->events);
    }
    ATOMIC_STORE(&all->has_events, false);
    os_unlock(&all->gate);
}

static void release_from(gde_host *first) {
    EACH_SHARD(first, each) {
        os_lock(&each->lock);
        host_release(each);
        os_unlock(&each->lock);
    }
}

void shards_close(gde_host *host) {
    end_threads(host->shards);
    release_from(host);
    release_events(host->shards, NULL);
}

int32_t shards_detach(gde_host *host, gde_engine **engine, int64_t *socket, int64_t *events) {
    gde_shards *all = host->shards;
    gde_engine *empty = gde_engine_create(&host->engine->config);
    if (!empty) return GDE_ERR_MEMORY;
    /* Only one shard can go on, so none may have peers, nor get any meanwhile. */
    uint32_t limit = group_set_peer_limit(all->group, 0);
    bool used = false;
    EACH_SHARD(host, each) {
        os_lock(&each->lock);
        used = used || each->engine->peer_total || host_has_event(each);
        os_unlock(&each->lock);
    }
    if (used) group_set_peer_limit(all->group, limit);
    bool closed = used || !end_threads(all);
    if (!closed) {
        release_from(host->next);
        os_lock(&host->lock);
        closed = host->released; /* by another caller */
        if (!closed) {
            *engine = host->engine;
            *socket = (int64_t)host->udp.handle;
            for (gde_host *each = host->next; each; each = each->next)
                for (int i = 0; i < DROP_COUNT; i++) host->engine->drops[i] += each->engine->drops[i];
            group_remove(host->engine);
            udp_share(&host->udp, false);
            release_events(all, events);
            host->engine = empty;
            host->released = true;
        }
        os_unlock(&host->lock);
    }
    if (closed) gde_engine_destroy(empty);
    return used ? GDE_ERR_SHARDS : closed ? GDE_ERR_CLOSED : GDE_OK;
}

void shards_free(gde_host *host) {
    gde_shards *all = host->shards;
    for (uint32_t i = 0; i < all->count; i++) {
        if (!all->forked) os_waker_close(&all->shards[i]->waker);
        host_free_parts(all->shards[i]);
    }
    free_shared(all);
}

void shards_after_fork(gde_host *host) {
    gde_shards *all = host->shards;
    os_mutex_init(&all->gate);
    os_condition_init(&all->arrived);
    group_after_fork(all->group);
    all->closed = all->forked = true;
    EACH_SHARD(host, each) {
        host_after_fork(each);
        os_waker_close(&each->waker);
    }
    release_events(all, NULL);
}

/* Events */

/* Takes the next events of one shard, which the caller has locked; `spare` is given back to it. */
static int32_t take_events(gde_host *host, gde_event *events, gde_packet **taken, int32_t capacity, packet **spare) {
    for (packet *next; *spare; *spare = next) {
        next = (*spare)->next;
        packet_free(host->engine, *spare);
    }
    int32_t found = host->closed ? GDE_ERR_CLOSED : host_next_events(host, events, taken, capacity);
    shards_publish(host);
    os_unlock(&host->lock);
    return found;
}

int32_t shards_next_events(gde_host *host, gde_event *events, gde_packet **taken, int32_t capacity, packet *spare) {
    gde_shards *all = host->shards;
    uint32_t turn = ATOMIC_LOAD(&all->turn);
    int32_t found = 0;
    if (!events) return ATOMIC_LOAD(&all->closed) ? GDE_ERR_CLOSED : any_events(all);
    *taken = NULL;
    /* A shard whose thread is at work is asked only if the others have nothing. */
    for (uint32_t i = 0; i < 2 * all->count && !found; i++) {
        gde_host *each = all->shards[(turn + i) % all->count];
        if (!ATOMIC_LOAD(&each->events_wait)) continue;
        if (i >= all->count)
            os_lock(&each->lock);
        else if (!os_try_lock(&each->lock))
            continue;
        found = take_events(each, events, taken, capacity, &spare);
        if (found > 0) ATOMIC_STORE(&all->turn, (turn + i + 1) % all->count);
    }
    for (packet *next; spare; spare = next) {
        next = spare->next;
        gde_packet_free((gde_packet *)spare);
    }
    return !found && ATOMIC_LOAD(&all->closed) ? GDE_ERR_CLOSED : found;
}

static void wait_for_arrival(gde_shards *all, int64_t deadline) {
    os_lock(&all->gate);
    ATOMIC_ADD(&all->waiting, 1);
    while (!ATOMIC_LOAD(&all->closed) && !any_events(all)) {
        int64_t left = deadline - os_now();
        if (left <= 0) break;
        os_wait(&all->arrived, &all->gate, left);
    }
    ATOMIC_ADD(&all->waiting, -1);
    os_unlock(&all->gate);
}

int32_t shards_service(gde_host *host, int64_t timeout, gde_event *event, gde_packet **taken) {
    int64_t now = os_now(), deadline = now + timeout;
    ATOMIC_STORE(&host->shards->serviced, now);
    for (;;) {
        int32_t found = shards_next_events(host, event, taken, 1, NULL);
        if (found) return found;
        EACH_SHARD(host, each) nudge(each);
        if (os_now() >= deadline) return 0;
        wait_for_arrival(host->shards, deadline);
    }
}

int32_t shards_flush(gde_host *host) {
    uint32_t wanted[MAXIMUM_SHARDS], *at = wanted;
    EACH_SHARD(host, each) {
        os_lock(&each->lock);
        *at++ = each->closed ? each->passes_done : request_pass(each);
        os_unlock(&each->lock);
    }
    at = wanted;
    EACH_SHARD(host, each) {
        os_lock(&each->lock);
        while (!each->closing && (int32_t)(each->passes_done - *at) < 0)
            os_wait(&each->turn, &each->lock, BLOCKED_POLL_MS);
        at++;
        os_unlock(&each->lock);
    }
    return ATOMIC_LOAD(&host->shards->closed) ? GDE_ERR_CLOSED : GDE_OK;
}

int64_t shards_fileno(gde_host *host) {
    gde_shards *all = host->shards;
    os_lock(&all->gate);
    if (!ATOMIC_LOAD(&all->closed) && !all->has_events && os_waker_open_sockets(&all->events) == 0) {
        all->shows_events = false;
        ATOMIC_STORE(&all->has_events, true);
        show_events(all);
    }
    int64_t handle = all->has_events && !ATOMIC_LOAD(&all->closed) ? (int64_t)all->events.reader : -1;
    os_unlock(&all->gate);
    return handle;
}

int64_t shards_idle(gde_host *host) {
    const gde_shards *all = host->shards;
    int64_t idle = ATOMIC_LOAD(&all->waiting) ? 0 : os_now() - ATOMIC_LOAD(&all->serviced);
    return idle > 0 ? idle : 0;
}

int32_t shards_has_drops(gde_host *host) {
    EACH_SHARD(host, each)
    if (ATOMIC_LOAD(&each->drops_wait)) return 1;
    return 0;
}
