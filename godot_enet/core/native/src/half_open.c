/* Connections that somebody asked for and nobody has proved yet (see half_open.py, which explains it). */
#include "internal.h"

#include <stdlib.h>

/* The records of one network, oldest first. */
struct prefix {
    struct prefix *next;
    half_open *first, *last;
    uint32_t count;
    uint8_t size, bytes[15];
};

enum { PREFIX_SLOTS = 256, REQUEST_SLOTS = 1024 };

static const uint8_t LOOPBACK[16] = {[15] = 1};
static const uint8_t MAPPED[12] = {[10] = 0xFF, [11] = 0xFF};

/* Bytes of the address that name its network; 0 for this machine. */
static uint8_t prefix_size(const gde_address *address) {
    if (memcmp(address->ip, MAPPED, 12) == 0) return address->ip[12] == 127 ? 0 : 15;
    return memcmp(address->ip, LOOPBACK, 16) == 0 ? 0 : 6;
}

static uint32_t hash_of(const uint8_t *bytes, uint32_t size, uint32_t hash) {
    for (uint32_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 16777619u;
    return hash ^ hash >> 15;
}

static half_open **request_home(gde_engine *e, const gde_address *address, uint32_t connect_id) {
    uint32_t hash = hash_of(address->ip, 16, 2166136261u ^ address->scope ^ connect_id);
    return &e->half_requests[(hash ^ address->port) & (REQUEST_SLOTS - 1)];
}

static prefix **prefix_link(gde_engine *e, const gde_address *address, uint8_t size) {
    prefix **link = &e->half_prefixes[hash_of(address->ip, size, 2166136261u ^ size) & (PREFIX_SLOTS - 1)];
    while (*link && ((*link)->size != size || memcmp((*link)->bytes, address->ip, size) != 0)) link = &(*link)->next;
    return link;
}

/* The tables, when the first record comes. */
static bool has_tables(gde_engine *e) {
    if (!e->half_requests) e->half_requests = calloc(REQUEST_SLOTS, sizeof *e->half_requests);
    if (!e->half_prefixes) e->half_prefixes = calloc(PREFIX_SLOTS, sizeof *e->half_prefixes);
    if (!e->half_slots) e->half_slots = calloc(MAXIMUM_PEER_ID, sizeof *e->half_slots);
    return e->half_requests && e->half_prefixes && e->half_slots;
}

static half_open *asked_by(gde_engine *e, const gde_address *address, uint32_t connect_id) {
    half_open *h = e->half_requests ? *request_home(e, address, connect_id) : NULL;
    while (h && (h->connect_id != connect_id || !same_address(&h->address, address))) h = h->request_next;
    return h;
}

static bool is_over(const half_open *h, int64_t now) { return now - h->created >= HALF_OPEN_LIFE; }

half_open *half_open_find(gde_engine *e, const gde_address *address, uint32_t connect_id, int64_t now) {
    half_open *h = asked_by(e, address, connect_id);
    return h && !is_over(h, now) ? h : NULL;
}

half_open *half_open_at(const gde_engine *e, uint32_t slot) { return e->half_slots ? e->half_slots[slot] : NULL; }

half_open *half_open_in_the_way(gde_engine *e, const gde_address *address, uint32_t connect_id, int64_t now,
                                bool *good) {
    half_open *h = asked_by(e, address, connect_id);
    *good = false;
    if (h && is_over(h, now)) return h;
    if (e->half_first && is_over(e->half_first, now)) return e->half_first;
    *good = true;
    uint8_t size = prefix_size(address);
    const prefix *network = size && e->half_prefixes ? *prefix_link(e, address, size) : NULL;
    if (network && e->config.half_open_per_prefix && network->count >= e->config.half_open_per_prefix)
        return network->first;
    return e->half_count >= e->config.half_open_limit ? e->half_first : NULL;
}

half_open *half_open_add(gde_engine *e, const half_open *wanted) {
    uint8_t size = prefix_size(&wanted->address);
    half_open *h = has_tables(e) ? malloc(sizeof *h) : NULL;
    if (!h) return NULL;
    *h = *wanted;
    h->prefix = NULL;
    if (size) {
        prefix **link = prefix_link(e, &h->address, size);
        if (!*link) {
            if (!(*link = calloc(1, sizeof **link))) {
                free(h);
                return NULL;
            }
            (*link)->size = size;
            memcpy((*link)->bytes, h->address.ip, size);
        }
        h->prefix = *link;
        h->prefix_next = NULL;
        h->prefix_prev = h->prefix->last;
        *(h->prefix_prev ? &h->prefix_prev->prefix_next : &h->prefix->first) = h;
        h->prefix->last = h;
        h->prefix->count++;
    }
    h->next = NULL;
    h->prev = e->half_last;
    *(h->prev ? &h->prev->next : &e->half_first) = h;
    e->half_last = h;
    half_open **home = request_home(e, &h->address, h->connect_id);
    h->request_next = *home;
    *home = h;
    e->half_slots[h->slot] = h;
    e->half_count++;
    return h;
}

void half_open_remove(gde_engine *e, half_open *h) {
    *(h->prev ? &h->prev->next : &e->half_first) = h->next;
    *(h->next ? &h->next->prev : &e->half_last) = h->prev;
    prefix *network = h->prefix;
    if (network) {
        *(h->prefix_prev ? &h->prefix_prev->prefix_next : &network->first) = h->prefix_next;
        *(h->prefix_next ? &h->prefix_next->prefix_prev : &network->last) = h->prefix_prev;
        if (--network->count == 0) {
            *prefix_link(e, &h->address, network->size) = network->next;
            free(network);
        }
    }
    half_open **link = request_home(e, &h->address, h->connect_id);
    while (*link != h) link = &(*link)->request_next;
    *link = h->request_next;
    e->half_slots[h->slot] = NULL;
    e->half_count--;
    free(h);
}

void half_open_clear(gde_engine *e) {
    while (e->half_first) half_open_remove(e, e->half_first);
    free(e->half_requests);
    free(e->half_prefixes);
    free(e->half_slots);
}
