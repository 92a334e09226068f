/* What the engines of one port share: the limits that count over all of them (see host_shards.c). Each engine has a thread
 * and a lock of its own. Bytes and peers are counted without a lock; the table of addresses has one, which connections
 * take, and packets never do. */
#include "internal.h"

#include <stdlib.h>

#include "atomics.h"
#include "platform.h"

/* How many peers an address has, or half-open connections a network. */
typedef struct tally {
    struct tally *next;
    gde_address key;
    uint32_t count;
} tally;

struct gde_group {
    uint32_t peer_limit, duplicate_peers, half_open_limit, half_open_per_prefix; /* 0: no limit, except of peers */
    uint64_t buffered_limit;
    uint64_t hash_key[2];
    uint32_t peers, half_open; /* these four are atomic */
    uint64_t buffered_bytes, queued_data;
    os_mutex lock; /* of what follows */
    tally **tallies;
    uint32_t chains;
};

enum { FEWEST_CHAINS = 256, MOST_CHAINS = 1 << 16, WHOLE_ADDRESS = 16 };

gde_group *group_create(const gde_config *config) {
    gde_group *g = calloc(1, sizeof *g);
    if (!g) return NULL;
    g->peer_limit = config->peer_count;
    /* The default, as many peers as ENet can have, is no limit. */
    bool limited = config->duplicate_peers != MAXIMUM_PEER_ID && config->duplicate_peers < config->peer_count;
    g->duplicate_peers = limited ? config->duplicate_peers : 0;
    g->half_open_limit = config->half_open_limit;
    g->half_open_per_prefix = config->half_open_per_prefix;
    g->chains = FEWEST_CHAINS;
    while (g->chains < config->peer_count && g->chains < MOST_CHAINS) g->chains *= 2;
    if (config->maximum_buffered_data)
        g->buffered_limit = max64(config->maximum_buffered_data, (uint64_t)config->peer_count * MAXIMUM_WINDOW_SIZE);
    gde_blake2s((uint8_t *)g->hash_key, sizeof g->hash_key, config->key, KEY_SIZE, NULL, 0);
    if (!(g->tallies = calloc(g->chains, sizeof *g->tallies))) {
        free(g);
        return NULL;
    }
    os_mutex_init(&g->lock);
    return g;
}

void group_free(gde_group *g) {
    if (!g) return;
    for (uint32_t i = 0; i < g->chains; i++) {
        for (tally *each = g->tallies[i], *next; each; each = next) {
            next = each->next;
            free(each);
        }
    }
    free(g->tallies);
    os_mutex_destroy(&g->lock);
    free(g);
}

void group_after_fork(gde_group *g) { os_mutex_init(&g->lock); }

void group_add(gde_group *g, gde_engine *e, uint32_t shard) {
    e->group = g;
    e->shard = shard;
    memcpy(e->hash_key, g->hash_key, sizeof e->hash_key); /* the same for all: they share a table */
    e->buffered_limit = g->buffered_limit;
    e->buffered_share = g->buffered_limit / g->peer_limit;
    e->queued_share = e->config.maximum_queued_total / g->peer_limit;
}

void group_remove(gde_engine *e) {
    e->config.half_open_limit = e->group->half_open_limit;
    e->group = NULL;
    e->buffered_elsewhere = e->queued_elsewhere = 0;
    set_shares(e);
}

/* Bytes */

void group_enter(gde_engine *e) {
    e->buffered_elsewhere = ATOMIC_LOAD(&e->group->buffered_bytes) - e->buffered_told;
    e->queued_elsewhere = ATOMIC_LOAD(&e->group->queued_data) - e->queued_told;
}

void group_leave(gde_engine *e) {
    if (e->buffered_bytes != e->buffered_told) {
        ATOMIC_ADD(&e->group->buffered_bytes, e->buffered_bytes - e->buffered_told);
        e->buffered_told = e->buffered_bytes;
    }
    if (e->queued_data != e->queued_told) {
        ATOMIC_ADD(&e->group->queued_data, e->queued_data - e->queued_told);
        e->queued_told = e->queued_data;
    }
}

uint64_t group_part(const gde_engine *e, uint64_t bandwidth) {
    uint64_t peers = ATOMIC_LOAD(&e->group->peers), part = peers ? bandwidth * e->peer_total / peers : bandwidth;
    return bandwidth ? max64(part, 1) : 0; /* 0 is no limit */
}

/* Counts of addresses */

static gde_address key_of(const gde_address *from, uint8_t size) {
    gde_address key = {.scope = size == WHOLE_ADDRESS ? from->scope : 0, .port = size};
    memcpy(key.ip, from->ip, size);
    return key;
}

static tally **link_of(const gde_engine *e, const gde_address *key) {
    tally **link = &e->group->tallies[hash_address(e, key, 0) & (e->group->chains - 1)];
    while (*link && !same_address(&(*link)->key, key)) link = &(*link)->next;
    return link;
}

static uint32_t count_of(const gde_engine *e, const gde_address *key) {
    os_lock(&e->group->lock);
    const tally *found = *link_of(e, key);
    uint32_t count = found ? found->count : 0;
    os_unlock(&e->group->lock);
    return count;
}

/* Counts one more, unless there are `limit` (0: any number) or there is no memory. */
static bool count_up(gde_engine *e, const gde_address *key, uint32_t limit) {
    os_lock(&e->group->lock);
    tally **link = link_of(e, key);
    if (!*link && (*link = calloc(1, sizeof **link))) (*link)->key = *key;
    bool counted = *link && (!limit || (*link)->count < limit);
    if (counted) (*link)->count++;
    os_unlock(&e->group->lock);
    return counted;
}

static void count_down(gde_engine *e, const gde_address *key) {
    os_lock(&e->group->lock);
    tally **link = link_of(e, key), *found = *link;
    if (found && --found->count == 0) {
        *link = found->next;
        free(found);
    }
    os_unlock(&e->group->lock);
}

/* Peers */

bool group_has_room(const gde_engine *e, const gde_address *from) {
    const gde_group *g = e->group;
    if (ATOMIC_LOAD(&g->peers) >= ATOMIC_LOAD(&g->peer_limit)) return false;
    if (!g->duplicate_peers) return true;
    gde_address key = key_of(from, WHOLE_ADDRESS);
    return count_of(e, &key) < g->duplicate_peers;
}

bool group_add_peer(gde_engine *e, const gde_address *from) {
    gde_group *g = e->group;
    gde_address key = key_of(from, WHOLE_ADDRESS);
    /* Counted first, so that of two engines that take the last place at once only one succeeds. */
    if (ATOMIC_ADD(&g->peers, 1) <= ATOMIC_LOAD(&g->peer_limit) &&
        (!g->duplicate_peers || count_up(e, &key, g->duplicate_peers)))
        return true;
    ATOMIC_ADD(&g->peers, -1);
    return false;
}

void group_remove_peer(gde_engine *e, const gde_address *from) {
    ATOMIC_ADD(&e->group->peers, -1);
    if (!e->group->duplicate_peers) return;
    gde_address key = key_of(from, WHOLE_ADDRESS);
    count_down(e, &key);
}

uint32_t group_set_peer_limit(gde_group *g, uint32_t limit) {
    uint32_t before = ATOMIC_LOAD(&g->peer_limit);
    ATOMIC_STORE(&g->peer_limit, limit);
    return before;
}

/* Half-open connections */

bool group_is_prefix_full(const gde_engine *e, const gde_address *from, uint8_t size) {
    if (!e->group->half_open_per_prefix) return false;
    gde_address key = key_of(from, size);
    return count_of(e, &key) >= e->group->half_open_per_prefix;
}

bool group_is_half_open_full(const gde_engine *e) {
    return ATOMIC_LOAD(&e->group->half_open) >= e->group->half_open_limit;
}

bool group_add_half_open(gde_engine *e, const gde_address *from, uint8_t size) {
    gde_address key = key_of(from, size);
    if (size && !count_up(e, &key, 0)) return false;
    ATOMIC_ADD(&e->group->half_open, 1);
    return true;
}

void group_remove_half_open(gde_engine *e, const gde_address *from, uint8_t size) {
    ATOMIC_ADD(&e->group->half_open, -1);
    if (!size) return;
    gde_address key = key_of(from, size);
    count_down(e, &key);
}
