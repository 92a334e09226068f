/* The limit on connections per second from one network (see connect_rate.py). */
#include "internal.h"

#include <stdlib.h>

enum { CHAINS = 256 };

struct network_count {
    struct network_count *next;
    uint32_t count;
    uint8_t size, bytes[15];
};

void connect_rate_clear(gde_engine *e) {
    for (uint32_t i = 0; e->rate_counts && i < CHAINS; i++) {
        for (network_count *n; (n = e->rate_counts[i]);) {
            e->rate_counts[i] = n->next;
            free(n);
        }
    }
    free(e->rate_counts);
    e->rate_counts = NULL;
}

static network_count **count_link(gde_engine *e, const gde_address *from) {
    uint8_t size = prefix_size(from);
    network_count **link = &e->rate_counts[hash_prefix(e, from, size) & (CHAINS - 1)];
    while (*link && ((*link)->size != size || memcmp((*link)->bytes, from->ip, size) != 0)) link = &(*link)->next;
    return link;
}

bool connect_rate_has_room(gde_engine *e, const gde_address *from, int64_t now) {
    if (!e->rate_limit) return true;
    if (now / CONNECT_RATE_INTERVAL != e->rate_second) {
        connect_rate_clear(e);
        e->rate_second = now / CONNECT_RATE_INTERVAL;
    }
    const network_count *n = e->rate_counts ? *count_link(e, from) : NULL;
    return !n || n->count < e->rate_limit;
}

void connect_rate_count(gde_engine *e, const gde_address *from) {
    if (!e->rate_limit) return;
    if (!e->rate_counts && !(e->rate_counts = calloc(CHAINS, sizeof *e->rate_counts))) return;
    network_count **link = count_link(e, from);
    if (!*link) {
        if (!(*link = calloc(1, sizeof **link))) return;
        (*link)->size = prefix_size(from);
        memcpy((*link)->bytes, from->ip, (*link)->size);
    }
    (*link)->count++;
}
