/* Half-open connections (see half_open.py, which explains them). */
#include "internal.h"

#include <stdlib.h>

/* The records of one network, oldest first. */
struct prefix {
    struct prefix *next;
    half_open *first, *last;
    uint32_t count;
    uint8_t size, bytes[15];
};

enum { MIN_CHAINS = 64, MAXIMUM_CHAINS = 1 << 20 };

static const uint8_t LOOPBACK[16] = {[15] = 1};
static const uint8_t MAPPED[12] = {[10] = 0xFF, [11] = 0xFF};

uint8_t prefix_size(const gde_address *address) {
    if (memcmp(address->ip, MAPPED, 12) == 0) return address->ip[12] == 127 ? 0 : 15;
    return memcmp(address->ip, LOOPBACK, 16) == 0 ? 0 : 6;
}

static half_open **request_chain(gde_engine *e, uint32_t hash) {
    return &e->half_requests[hash & (e->half_chains - 1)];
}
static half_open **number_chain(gde_engine *e, uint32_t hash) { return &e->half_numbers[hash & (e->half_chains - 1)]; }

uint32_t hash_prefix(const gde_engine *e, const gde_address *address, uint8_t size) {
    gde_address network = {{0}, size, 0, 0};
    if (!size) return 0;
    memcpy(network.ip, address->ip, size);
    return (uint32_t)hash_address(e, &network, 0);
}

static prefix **prefix_chain(gde_engine *e, uint32_t hash) { return &e->half_prefixes[hash & (e->half_chains - 1)]; }

static prefix **prefix_link(gde_engine *e, const half_open *h, uint8_t size) {
    prefix **link = prefix_chain(e, h->network_hash);
    while (*link && ((*link)->size != size || memcmp((*link)->bytes, h->address.ip, size) != 0)) link = &(*link)->next;
    return link;
}

static void link_record(gde_engine *e, half_open *h) {
    half_open **chain = request_chain(e, h->request_hash);
    h->request_next = *chain;
    *chain = h;
    chain = number_chain(e, h->number_hash);
    h->number_next = *chain;
    *chain = h;
}

/* Makes room for one more record: the tables have at least as many chains. False if there is no memory for the first
 * tables; without memory for larger ones the chains become longer. */
static bool grow_tables(gde_engine *e) {
    uint32_t old = e->half_chains, chains = old ? 2 * old : MIN_CHAINS;
    if (old && (e->half_count < old || old >= MAXIMUM_CHAINS)) return true;
    half_open **requests = calloc(chains, sizeof *requests), **numbers = calloc(chains, sizeof *numbers);
    prefix **prefixes = calloc(chains, sizeof *prefixes), **before = e->half_prefixes;
    if (!requests || !numbers || !prefixes) {
        free(requests);
        free(numbers);
        free(prefixes);
        return old != 0;
    }
    free(e->half_requests);
    free(e->half_numbers);
    e->half_requests = requests;
    e->half_numbers = numbers;
    e->half_prefixes = prefixes;
    e->half_chains = chains;
    for (half_open *h = e->half_first; h; h = h->next) link_record(e, h);
    for (uint32_t i = 0; i < old; i++) {
        for (prefix *network = before[i], *next; network; network = next) {
            next = network->next;
            prefix **chain = prefix_chain(e, network->first->network_hash);
            network->next = *chain;
            *chain = network;
        }
    }
    free(before);
    return true;
}

static half_open *asked_by(gde_engine *e, const peer_key *request) {
    half_open *h = e->half_count ? *request_chain(e, request->hash) : NULL;
    while (h && (h->connect_id != request->value || !same_address(&h->address, request->address))) h = h->request_next;
    return h;
}

static bool is_over(const half_open *h, int64_t now) { return now - h->created >= HALF_OPEN_LIFETIME; }

half_open *half_open_find(gde_engine *e, const peer_key *request, int64_t now) {
    half_open *h = asked_by(e, request);
    return h && !is_over(h, now) ? h : NULL;
}

half_open *half_open_at(gde_engine *e, const peer_key *number) {
    half_open *h = e->half_count ? *number_chain(e, number->hash) : NULL;
    while (h && (h->number != number->value || !same_address(&h->address, number->address))) h = h->number_next;
    return h;
}

half_open *half_open_expired(gde_engine *e, const peer_key *request, int64_t now) {
    half_open *h = asked_by(e, request);
    if (h && is_over(h, now)) return h;
    return e->half_first && is_over(e->half_first, now) ? e->half_first : NULL;
}

half_open *half_open_to_evict(gde_engine *e, const half_open *wanted) {
    uint8_t size = e->half_count ? prefix_size(&wanted->address) : 0;
    const prefix *network = size ? *prefix_link(e, wanted, size) : NULL;
    if (e->group) { /* of all records, only those of this engine can be evicted */
        if (network && group_is_prefix_full(e, &wanted->address, size)) return network->first;
        return group_is_half_open_full(e) ? e->half_first : NULL;
    }
    if (network && e->config.half_open_per_prefix && network->count >= e->config.half_open_per_prefix)
        return network->first;
    return e->half_count >= e->config.half_open_limit ? e->half_first : NULL;
}

half_open *half_open_add(gde_engine *e, const half_open *wanted) {
    uint8_t size = prefix_size(&wanted->address);
    half_open *h = grow_tables(e) ? malloc(sizeof *h) : NULL;
    if (!h) return NULL;
    if (e->group && !group_add_half_open(e, &wanted->address, size)) {
        free(h);
        return NULL;
    }
    *h = *wanted;
    h->prefix = NULL;
    if (size) {
        prefix **link = prefix_link(e, h, size);
        if (!*link) {
            if (!(*link = calloc(1, sizeof **link))) {
                if (e->group) group_remove_half_open(e, &wanted->address, size);
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
    link_record(e, h);
    e->number_uses[h->number]++;
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
            *prefix_link(e, h, network->size) = network->next;
            free(network);
        }
    }
    half_open **link = request_chain(e, h->request_hash);
    while (*link != h) link = &(*link)->request_next;
    *link = h->request_next;
    link = number_chain(e, h->number_hash);
    while (*link != h) link = &(*link)->number_next;
    *link = h->number_next;
    e->number_uses[h->number]--;
    e->half_count--;
    if (e->group) group_remove_half_open(e, &h->address, prefix_size(&h->address));
    free(h);
}

void half_open_clear(gde_engine *e) {
    while (e->half_first) half_open_remove(e, e->half_first);
    free(e->half_requests);
    free(e->half_numbers);
    free(e->half_prefixes);
}
