/* The peer slots of a host: free slots, peers by address and number, and valid handles (see peer_table.py). */
#include "internal.h"

#include <stdlib.h>

peer_key key_for(const gde_engine *e, const gde_address *address, uint32_t value) {
    return (peer_key){address, value, (uint32_t)hash_address(e, address, value)};
}

static bool hosts_are_limited(const gde_engine *e) { return e->config.duplicate_peers < e->config.peer_count; }

/* A chain of the table holds one host where the peers of a host are counted, which also bounds it; else one connection,
 * so that a thousand players behind one address do not slow each other's arrival. */
static uint32_t hash_host(const gde_engine *e, const gde_address *address) {
    gde_address host = *address;
    host.port = 0;
    return (uint32_t)hash_address(e, &host, 0);
}

static uint32_t hash_request(const gde_engine *e, const peer_key *request) {
    return hosts_are_limited(e) ? hash_host(e, request->address) : request->hash;
}

static peer **request_chain(const gde_engine *e, uint32_t hash) {
    return &e->by_address[hash & (e->by_address_slots - 1)];
}
static peer **number_chain(const gde_engine *e, uint32_t hash) {
    return &e->by_number[hash & (e->by_address_slots - 1)];
}

/* Peers with any source are under no address. */
static uint32_t hash_anywhere(const gde_engine *e, uint32_t number) {
    static const gde_address anywhere;
    return (uint32_t)hash_address(e, &anywhere, number);
}

static bool same_host(const gde_address *a, const gde_address *b) {
    return memcmp(a->ip, b->ip, 16) == 0 && a->scope == b->scope;
}

static void link_number(gde_engine *e, peer *p) {
    peer **chain = number_chain(e, p->number_hash);
    p->number_next = *chain;
    *chain = p;
}

static void unlink_number(gde_engine *e, peer *p) {
    peer **link = number_chain(e, p->number_hash);
    while (*link != p) link = &(*link)->number_next;
    *link = p->number_next;
}

static void link_address(gde_engine *e, peer *p) {
    peer **chain = request_chain(e, p->request_hash);
    p->chain_next = *chain;
    *chain = p;
}

static void unlink_address(gde_engine *e, peer *p) {
    peer **link = request_chain(e, p->request_hash);
    while (*link != p) link = &(*link)->chain_next;
    *link = p->chain_next;
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

uint32_t table_lowest_free(const gde_engine *e) {
    for (uint32_t word = 0; word < PEER_WORDS; word++) {
        if (~e->used[word]) return word * 64 + lowest_bit(~e->used[word]);
    }
    return MAXIMUM_PEER_ID;
}

peer *table_allocate(gde_engine *e, const peer_key *request, const peer_key *number) {
    uint32_t slot = table_lowest_free(e);
    if (slot >= MAXIMUM_PEER_ID) return NULL;
    bool has_table = e->peer_total < e->by_address_slots || grow_chains(e);
    if (e->group && !group_add_peer(e, request->address)) return NULL;
    peer *p = has_table ? calloc(1, sizeof *p) : NULL;
    if (!p) {
        if (e->group) group_remove_peer(e, request->address);
        return NULL;
    }
    set_bit(e->used, slot);
    p->number = (uint16_t)number->value;
    p->number_hash = number->hash;
    e->number_uses[p->number]++;
    p->handle = ++e->generation << PLACE_BITS | e->shard << SLOT_BITS | slot;
    p->slot = (uint16_t)slot;
    p->address = *request->address;
    p->connect_id = request->value;
    p->request_hash = hash_request(e, request);
    p->incoming_session = e->sessions[slot][0];
    p->outgoing_session = e->sessions[slot][1];
    p->outgoing_peer_id = MAXIMUM_PEER_ID;
    p->validation_credit = p->validation_started = -1;
    p->stall.since = p->over_budget.since = -1;
    unacknowledged_clear(p);
    peer_init_channels(p);
    p->acks = p->first_acks;
    p->ack_capacity = FIRST_ACKS;
    p->mtu = (uint16_t)e->config.mtu;
    p->window_size = MAXIMUM_WINDOW_SIZE;
    list_init(&p->control);
    list_init(&p->unreliable);
    list_init(&p->reliable);
    list_init(&p->sent);
    p->rtt = p->last_rtt = p->lowest_rtt = DEFAULT_ROUND_TRIP_TIME;
    p->timeouts.limit = DEFAULT_TIMEOUT_LIMIT;
    p->timeouts.minimum = DEFAULT_TIMEOUT_MINIMUM;
    p->timeouts.maximum = DEFAULT_TIMEOUT_MAXIMUM;
    p->timeouts.ping_interval = DEFAULT_PING_INTERVAL;
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
    if (e->group) group_remove_peer(e, &p->address);
    free(p);
}

void table_set_any_source(gde_engine *e, peer *p) {
    unlink_number(e, p);
    p->any_source = true;
    p->number_hash = hash_anywhere(e, p->number);
    e->any_sources++;
    link_number(e, p);
}

void table_move(gde_engine *e, peer *p, const gde_address *address) {
    unlink_address(e, p);
    unlink_number(e, p);
    p->address = *address;
    p->any_source = false;
    peer_key request = key_for(e, address, p->connect_id);
    p->request_hash = hash_request(e, &request);
    p->number_hash = key_for(e, address, p->number).hash;
    e->any_sources--;
    link_address(e, p);
    link_number(e, p);
}

peer *table_at(const gde_engine *e, const peer_key *number) {
    if (!e->peer_total) return NULL;
    for (peer *p = *number_chain(e, number->hash); p; p = p->number_next)
        if (p->number == number->value && !p->any_source && same_address(&p->address, number->address)) return p;
    if (!e->any_sources) return NULL;
    for (peer *p = *number_chain(e, hash_anywhere(e, number->value)); p; p = p->number_next)
        if (p->number == number->value && p->any_source) return p;
    return NULL;
}

peer *table_get(gde_engine *e, uint64_t handle) {
    uint32_t slot = handle & MAXIMUM_PEER_ID;
    if (slot >= MAXIMUM_PEER_ID) return NULL;
    peer *p = e->slots[slot];
    return p && p->handle == handle ? p : NULL;
}

bool table_has_connection(gde_engine *e, const peer_key *request) {
    if (!e->by_address_slots) return false;
    for (peer *p = *request_chain(e, hash_request(e, request)); p; p = p->chain_next)
        if (p->connect_id == request->value && p->state != STATE_CONNECTING &&
            same_address(&p->address, request->address))
            return true;
    return false;
}

uint32_t table_count_from(gde_engine *e, const gde_address *address) {
    uint32_t count = 0;
    if (!e->by_address_slots || !hosts_are_limited(e)) return 0;
    for (peer *p = *request_chain(e, hash_host(e, address)); p; p = p->chain_next)
        count += p->state != STATE_CONNECTING && same_host(&p->address, address);
    return count;
}
