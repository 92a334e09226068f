/* The peer slots of a host: which are free, who is where, and which handles are still good (see peer_table.py). */
#include "internal.h"

#include <stdlib.h>

static bool hosts_are_limited(const gde_engine *e) { return e->config.duplicate_peers < e->config.peer_count; }

/* A chain of the table holds one host where the peers of a host are counted, which also bounds it; else one connection,
 * so that a thousand players behind one address do not slow each other's arrival. */
static peer **chain_of(const gde_engine *e, const gde_address *address, uint32_t connect_id) {
    gde_address key = *address;
    if (hosts_are_limited(e)) {
        key.port = 0;
        connect_id = 0;
    }
    return &e->by_address[hash_address(e, &key, connect_id) & (e->by_address_slots - 1)];
}

/* Peers that may be anywhere are under no address. */
static peer **number_chain(const gde_engine *e, const gde_address *address, uint32_t number) {
    static const gde_address anywhere;
    return &e->by_number[hash_address(e, address ? address : &anywhere, number) & (e->by_address_slots - 1)];
}

static peer **number_chain_of(const gde_engine *e, const peer *p) {
    return number_chain(e, p->any_source ? NULL : &p->address, p->number);
}

static bool same_host(const gde_address *a, const gde_address *b) {
    return memcmp(a->ip, b->ip, 16) == 0 && a->scope == b->scope;
}

static void link_number(gde_engine *e, peer *p) {
    peer **chain = number_chain_of(e, p);
    p->number_prev = NULL;
    p->number_next = *chain;
    if (*chain) (*chain)->number_prev = p;
    *chain = p;
}

static void unlink_number(gde_engine *e, peer *p) {
    *(p->number_prev ? &p->number_prev->number_next : number_chain_of(e, p)) = p->number_next;
    if (p->number_next) p->number_next->number_prev = p->number_prev;
}

static void link_address(gde_engine *e, peer *p) {
    peer **chain = chain_of(e, &p->address, p->connect_id);
    p->chain_prev = NULL;
    p->chain_next = *chain;
    if (*chain) (*chain)->chain_prev = p;
    *chain = p;
}

static void unlink_address(gde_engine *e, peer *p) {
    if (p->chain_prev)
        p->chain_prev->chain_next = p->chain_next;
    else
        *chain_of(e, &p->address, p->connect_id) = p->chain_next;
    if (p->chain_next) p->chain_next->chain_prev = p->chain_prev;
}

static bool grow_chains(gde_engine *e) {
    uint32_t slots = e->by_address_slots ? e->by_address_slots * 2 : 16;
    peer **addresses = calloc(slots, sizeof *addresses), **numbers = calloc(slots, sizeof *numbers);
    if (!addresses || !numbers) {
        free(addresses);
        free(numbers);
        return false;
    }
    free(e->by_address);
    free(e->by_number);
    e->by_address = addresses;
    e->by_number = numbers;
    e->by_address_slots = slots;
    for (uint32_t i = 0; i < e->fresh; i++) {
        if (!e->slots[i]) continue;
        link_address(e, e->slots[i]);
        link_number(e, e->slots[i]);
    }
    return true;
}

static uint32_t lowest_free(const gde_engine *e) {
    for (uint32_t word = 0; word < PEER_WORDS; word++) {
        if (~e->used[word]) return word * 64 + lowest_bit(~e->used[word]);
    }
    return MAXIMUM_PEER_ID;
}

peer *table_allocate(gde_engine *e, const gde_address *address, uint32_t number, const uint32_t *connect_id) {
    uint32_t slot = lowest_free(e);
    if (slot >= MAXIMUM_PEER_ID) return NULL;
    bool has_table = e->peer_total < e->by_address_slots || grow_chains(e);
    peer *p = has_table && timers_reserve(e) ? calloc(1, sizeof *p) : NULL;
    if (!p) return NULL;
    set_bit(e->used, slot);
    p->number = (uint16_t)(number < MAXIMUM_PEER_ID ? number : free_number(e, address, slot));
    e->number_uses[p->number]++;
    p->handle = ++e->generation << 12 | slot;
    p->slot = (uint16_t)slot;
    p->address = *address;
    p->connect_id = connect_id ? *connect_id : engine_random(e);
    p->incoming_session = e->sessions[slot][0];
    p->outgoing_session = e->sessions[slot][1];
    p->outgoing_peer_id = MAXIMUM_PEER_ID;
    p->trial = p->tried_at = -1;
    unacknowledged_clear(p);
    p->mtu = e->config.mtu;
    p->window_size = MAXIMUM_WINDOW_SIZE;
    list_init(&p->control);
    list_init(&p->unreliable);
    list_init(&p->reliable);
    list_init(&p->sent);
    p->rtt = p->last_rtt = p->lowest_rtt = DEFAULT_ROUND_TRIP_TIME;
    p->timeout_limit = DEFAULT_TIMEOUT_LIMIT;
    p->timeout_minimum = DEFAULT_TIMEOUT_MINIMUM;
    p->timeout_maximum = DEFAULT_TIMEOUT_MAXIMUM;
    p->ping_interval = DEFAULT_PING_INTERVAL;
    p->throttle = p->throttle_limit = PACKET_THROTTLE_SCALE;
    p->throttle_acceleration = DEFAULT_THROTTLE_ACCELERATION;
    p->throttle_deceleration = DEFAULT_THROTTLE_DECELERATION;
    p->throttle_interval = DEFAULT_THROTTLE_INTERVAL;
    e->slots[slot] = p;
    if (slot >= e->fresh) e->fresh = slot + 1;
    e->peer_total++;
    link_address(e, p);
    link_number(e, p);
    return p;
}

void table_release(gde_engine *e, peer *p) {
    e->slots[p->slot] = NULL;
    clear_bit(e->used, p->slot);
    e->sessions[p->slot][0] = p->incoming_session;
    e->sessions[p->slot][1] = p->outgoing_session;
    e->peer_total--;
    e->number_uses[p->number]--;
    e->any_sources -= p->any_source;
    unlink_address(e, p);
    unlink_number(e, p);
    free(p);
}

void table_set_any_source(gde_engine *e, peer *p) {
    unlink_number(e, p);
    p->any_source = true;
    e->any_sources++;
    link_number(e, p);
}

void table_move(gde_engine *e, peer *p, const gde_address *address) {
    unlink_address(e, p);
    unlink_number(e, p);
    p->address = *address;
    p->any_source = false;
    e->any_sources--;
    link_address(e, p);
    link_number(e, p);
}

peer *table_at(const gde_engine *e, const gde_address *address, uint32_t number) {
    if (!e->peer_total) return NULL;
    for (peer *p = *number_chain(e, address, number); p; p = p->number_next)
        if (p->number == number && !p->any_source && same_address(&p->address, address)) return p;
    if (!e->any_sources) return NULL;
    for (peer *p = *number_chain(e, NULL, number); p; p = p->number_next)
        if (p->number == number && p->any_source) return p;
    return NULL;
}

peer *table_get(gde_engine *e, uint64_t handle) {
    uint32_t slot = handle & MAXIMUM_PEER_ID;
    if (slot >= MAXIMUM_PEER_ID) return NULL;
    peer *p = e->slots[slot];
    return p && p->handle == handle ? p : NULL;
}

bool table_has_connection(gde_engine *e, const gde_address *address, uint32_t connect_id) {
    if (!e->by_address_slots) return false;
    for (peer *p = *chain_of(e, address, connect_id); p; p = p->chain_next)
        if (p->connect_id == connect_id && p->state != STATE_CONNECTING && same_address(&p->address, address))
            return true;
    return false;
}

uint32_t table_count_from(gde_engine *e, const gde_address *address) {
    uint32_t count = 0;
    if (!e->by_address_slots || !hosts_are_limited(e)) return 0;
    for (peer *p = *chain_of(e, address, 0); p; p = p->chain_next)
        count += p->state != STATE_CONNECTING && same_host(&p->address, address);
    return count;
}
