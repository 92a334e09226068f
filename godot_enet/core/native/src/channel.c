/* Channels: windows, and commands that arrived early (see channel.py). */
#include "internal.h"

#include <stdlib.h>

/* How many windows ahead of the current one a number is, counting one that wrapped as ahead. */
static int windows_ahead(const channel *c, uint16_t number) {
    int window = number >> 12;
    if (number < c->incoming_reliable) window += 16;
    return window - (c->incoming_reliable >> 12);
}

bool channel_accepts(const channel *c, uint16_t number) {
    int ahead = windows_ahead(c, number);
    return ahead >= 0 && ahead < FREE_WINDOWS - 1;
}

bool channel_acknowledges(const channel *c, uint16_t number) {
    int ahead = windows_ahead(c, number);
    return ahead < FREE_WINDOWS - 1 || ahead > FREE_WINDOWS;
}

bool channel_gate_closed(const channel *c, uint16_t number) {
    if (number & 0xFFF) return false;
    uint32_t window = number >> 12;
    if (c->reliable_windows[(window + 15) & 15] >= 4096) return true;
    return (c->used_windows & (0x3FFu << window | 0x3FFu >> (16 - window)) & 0xFFFFu) != 0;
}

channel *peer_find_channel(const peer *p, uint32_t id) {
    if (p->channels_used && p->first_ids[0] == id) return p->channels[0]; /* most programs use no other */
    if (id >= MAXIMUM_CHANNEL_COUNT) return NULL;
    if (p->channel_index) return p->channel_index[id] ? p->channels[p->channel_index[id] - 1] : NULL;
    for (uint32_t i = 1; i < p->channels_used; i++)
        if (p->first_ids[i] == id) return p->channels[i];
    return NULL;
}

/* Few programs use more than the first few channels: the rest of the table is allocated later. */
static bool index_channels(peer *p) {
    if (!(p->channel_index = calloc(1, MAXIMUM_CHANNEL_COUNT))) return false;
    for (uint32_t i = 0; i < p->channels_used; i++) p->channel_index[p->first_ids[i]] = (uint8_t)(i + 1);
    return true;
}

channel *peer_channel(peer *p, uint32_t id) {
    channel *c = peer_find_channel(p, id);
    if (c) return c;
    if (p->channels_used == FIRST_IDS && !p->channel_index && !index_channels(p)) return NULL;
    if (p->channels_used == p->channel_slots) {
        uint32_t slots = min32(p->channel_slots * 2u, MAXIMUM_CHANNEL_COUNT);
        bool first = p->channels == p->first_channels;
        channel **grown = realloc(first ? NULL : p->channels, slots * sizeof *grown);
        if (!grown) return NULL;
        if (first) memcpy(grown, p->first_channels, sizeof p->first_channels);
        p->channels = grown;
        p->channel_slots = (uint8_t)slots;
    }
    if (!(c = calloc(1, sizeof *c))) return NULL;
    p->channels[p->channels_used++] = c;
    if (p->channel_index)
        p->channel_index[id] = p->channels_used;
    else
        p->first_ids[p->channels_used - 1] = (uint8_t)id;
    return c;
}

void peer_init_channels(peer *p) {
    p->channels = p->first_channels;
    p->channel_slots = FIRST_CHANNELS;
    p->channels_used = 0;
    p->channel_index = NULL;
}

void peer_free_channels(gde_engine *e, peer *p) {
    for (uint32_t i = 0; i < p->channels_used; i++) {
        channel *c = p->channels[i];
        for (uint32_t j = 0; j < c->early_chains; j++) {
            for (held *h = c->early[j], *next; h; h = next) {
                next = h->next;
                held_free(e, h);
            }
        }
        for (uint32_t j = 0; j < c->late_count; j++) held_free(e, c->late[j]);
        free(c->early);
        free(c->late);
        free(c);
    }
    if (p->channels != p->first_channels) free(p->channels);
    free(p->channel_index);
    peer_init_channels(p);
}

held *early_find(const gde_engine *e, const channel *c, uint16_t number) {
    held *h = c->early_count ? c->early[keyed_chain(e, number, c->early_chains)] : NULL;
    while (h && h->reliable != number) h = h->next;
    return h;
}

static void early_link(const gde_engine *e, channel *c, held *h) {
    held **chain = &c->early[keyed_chain(e, h->reliable, c->early_chains)];
    h->next = *chain;
    *chain = h;
}

bool early_insert(const gde_engine *e, channel *c, held *h) {
    if (c->early_count == c->early_chains) {
        uint32_t old = c->early_chains, chains = old ? old * 2 : 8;
        held **before = c->early, **table = calloc(chains, sizeof *table);
        if (!table) return false;
        c->early = table;
        c->early_chains = (uint16_t)chains;
        for (uint32_t i = 0; i < old; i++) {
            for (held *one = before[i], *next; one; one = next) {
                next = one->next;
                early_link(e, c, one);
            }
        }
        free(before);
    }
    early_link(e, c, h);
    c->early_count++;
    return true;
}

void early_remove(const gde_engine *e, channel *c, held *h) {
    held **link = &c->early[keyed_chain(e, h->reliable, c->early_chains)];
    while (*link != h) link = &(*link)->next;
    *link = h->next;
    if (--c->early_count == 0 && c->early_chains > 64) {
        free(c->early);
        c->early = NULL;
        c->early_chains = 0;
    }
}
