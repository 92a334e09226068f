/* What the files of a host share: host.c, and host_shards.c for a host of several shards. */
#ifndef GDE_HOST_H
#define GDE_HOST_H

#include "internal.h"
#include "platform.h"

typedef struct gde_shards gde_shards;

/* A host with one socket: a whole one, or a shard of one. The program knows a host of shards as its first shard. */
struct gde_host {
    gde_engine *engine;
    udp_socket udp;
    udp_inbox *inbox;
    uint8_t *staging;
    os_mutex lock;
    os_condition left, turn;
    os_waker waker;
    os_waker events; /* readable while events wait; open where the program has asked for it */
    os_thread thread;
    uint32_t in_pass; /* datagrams received in this step */
    bool has_events, shows_events;
    bool threaded, closed, closing, released, thread_running;
    uint32_t blocked; /* callers that wait inside service */
    uint32_t waiters; /* threads asleep on the descriptors */
    int64_t serviced;
    int64_t sleeping_until; /* the deadline that the thread sleeps until; -1: none, 0: awake */
    int64_t now;            /* of the step in progress */
    uint64_t totals[HOST_COUNT], popped[HOST_COUNT]; /* popped: as they were when the program last took them */
    gde_shards *shards; /* what the shards of one port have in common; NULL: there are none */
    gde_host *next;     /* the next shard */
    uint32_t passes_wanted, passes_done; /* full passes of its thread; the first is atomic */
    bool events_wait, drops_wait;        /* atomic: as they were when it was unlocked */
};

#define EACH_SHARD(host, each) for (gde_host *each = (host); each; each = each->next)

/* host.c */
gde_host *host_create(const gde_config *config); /* without socket and thread; NULL without memory */
/* Opens its socket, the first of a port or one that joins others; 0 or an errno. */
int32_t host_open(gde_host *host, const gde_address *bind, uint32_t flags, uint16_t port, bool joins);
void host_free_parts(gde_host *host);
void host_after_fork(gde_host *host);
bool host_stop(gde_host *host);
void host_release(gde_host *host);
void host_lock(gde_host *host);
void host_unlock(gde_host *host); /* wakes threads that may need to handle what was queued or set */
void host_step(gde_host *host, int64_t now, bool urgent);
void host_transmit(gde_host *host, int64_t now, bool urgent);
int64_t host_until_due(gde_host *host, int64_t now);
bool host_has_event(const gde_host *host);
int32_t host_next_events(gde_host *host, gde_event *events, gde_packet **taken, int32_t capacity);

/* host_shards.c */
gde_host *shards_create(const gde_config *config, const gde_address *bind, uint32_t flags, int32_t *error);
gde_host *shards_find(gde_host *host, uint64_t peer); /* the shard that a handle names */
void shards_publish(gde_host *host);
void shards_close(gde_host *host);
void shards_free(gde_host *host);
void shards_after_fork(gde_host *host);
int32_t shards_detach(gde_host *host, gde_engine **engine, int64_t *socket, int64_t *events);
int32_t shards_next_events(gde_host *host, gde_event *events, gde_packet **taken, int32_t capacity, packet *spare);
int32_t shards_service(gde_host *host, int64_t timeout, gde_event *event, gde_packet **taken);
int32_t shards_flush(gde_host *host);
int64_t shards_fileno(gde_host *host);
int32_t shards_has_drops(gde_host *host);
int64_t shards_idle(gde_host *host);

static inline gde_host *shard_of(gde_host *host, uint64_t peer) {
    return host->shards ? shards_find(host, peer) : host;
}

#endif
