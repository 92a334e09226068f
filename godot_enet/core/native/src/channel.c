/* Channels: windows, and what arrived too early (see channel.py and reassembly.py). */
#include "internal.h"

#include <stdlib.h>

enum { FREE_WINDOWS = 8 };

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
    if (id >= MAXIMUM_CHANNEL_COUNT) return NULL;
    if (p->channel_index) return p->channel_index[id] ? p->channels[p->channel_index[id] - 1] : NULL;
    for (uint32_t i = 0; i < p->channels_used; i++)
        if (p->first_ids[i] == id) return p->channels[i];
    return NULL;
}

/* Few programs use more than the first few channels: the rest of the table is not worth its memory before. */
static bool index_channels(peer *p) {
    if (!(p->channel_index = calloc(1, MAXIMUM_CHANNEL_COUNT))) return false;
    for (uint32_t i = 0; i < p->channels_used; i++) p->channel_index[p->first_ids[i]] = (uint8_t)(i + 1);
    return true;
}

channel *peer_channel(peer *p, uint32_t id) {
    channel *c = peer_find_channel(p, id);
    if (c) return c;
    if (p->channels_used == FIRST_CHANNELS && !p->channel_index && !index_channels(p)) return NULL;
    if (p->channels_used == p->channel_slots) {
        uint32_t slots = p->channel_slots ? min32(p->channel_slots * 2u, MAXIMUM_CHANNEL_COUNT) : 2;
        channel **grown = realloc(p->channels, slots * sizeof *grown);
        if (!grown) return NULL;
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

void peer_free_channels(peer *p) {
    for (uint32_t i = 0; i < p->channels_used; i++) {
        channel *c = p->channels[i];
        for (uint32_t j = 0; j < c->early_capacity; j++)
            if (c->early[j]) held_free(c->early[j]);
        for (uint32_t j = 0; j < c->late_count; j++) held_free(c->late[j]);
        free(c->early);
        free(c->late);
        free(c);
    }
    free(p->channels);
    free(p->channel_index);
    p->channels = NULL;
    p->channel_index = NULL;
    p->channels_used = p->channel_slots = 0;
}

/* The early commands lie in a table with linear probing, since their numbers may come in any order. */

static uint32_t early_home(const channel *c, uint16_t number) {
    return (number * 0x9E3779B1u >> 7) & (c->early_capacity - 1);
}

held *early_find(const channel *c, uint16_t number) {
    if (!c->early_count) return NULL;
    for (uint32_t i = early_home(c, number);; i = (i + 1) & (c->early_capacity - 1)) {
        held *h = c->early[i];
        if (!h || h->reliable == number) return h;
    }
}

bool early_insert(channel *c, held *h) {
    if ((c->early_count + 1) * 4 > c->early_capacity * 3) {
        uint32_t old = c->early_capacity, capacity = old ? old * 2 : 8;
        held **table = calloc(capacity, sizeof *table), **before = c->early;
        if (!table) return false;
        c->early = table;
        c->early_capacity = capacity;
        for (uint32_t j = 0; j < old; j++) {
            if (!before[j]) continue;
            uint32_t i = early_home(c, before[j]->reliable);
            while (table[i]) i = (i + 1) & (capacity - 1);
            table[i] = before[j];
        }
        free(before);
    }
    uint32_t i = early_home(c, h->reliable);
    while (c->early[i]) i = (i + 1) & (c->early_capacity - 1);
    c->early[i] = h;
    c->early_count++;
    return true;
}

void early_remove(channel *c, uint16_t number) {
    uint32_t mask = c->early_capacity - 1, i = early_home(c, number);
    while (c->early[i]->reliable != number) i = (i + 1) & mask;
    c->early[i] = NULL;
    c->early_count--;
    /* Close the gap, so that whoever probed past it is still found. */
    for (uint32_t j = (i + 1) & mask; c->early[j]; j = (j + 1) & mask) {
        uint32_t home = early_home(c, c->early[j]->reliable);
        if (((j - home) & mask) >= ((j - i) & mask)) {
            c->early[i] = c->early[j];
            c->early[j] = NULL;
            i = j;
        }
    }
    if (!c->early_count && c->early_capacity > 64) {
        free(c->early);
        c->early = NULL;
        c->early_capacity = 0;
    }
}

held *held_create(uint16_t reliable, uint16_t unreliable, uint8_t flags, const uint8_t *data, uint32_t length,
                  uint32_t fragment_count) {
    held *h = calloc(1, sizeof *h);
    if (!h) return NULL;
    h->reliable = reliable;
    h->unreliable = unreliable;
    h->flags = flags;
    h->total_length = length;
    h->fragment_count = h->remaining = fragment_count;
    if (!fragment_count && length) {
        if (!(h->packet = malloc(length))) {
            free(h);
            return NULL;
        }
        memcpy(h->packet, data, length);
    }
    return h;
}

void held_free(held *h) {
    for (uint32_t i = 0; i < h->stored; i++) free(h->pieces[i].data);
    free(h->pieces);
    free(h->piece_numbers);
    free(h->packet);
    free(h);
}

/* `piece_numbers` holds the numbers in arrival order, then a table from number to arrival + 1. */
static uint32_t *piece_table(const held *h) { return h->piece_numbers + h->piece_slots; }

static uint32_t piece_home(const held *h, uint32_t number) {
    return (number * 0x9E3779B1u >> 5) & (2 * h->piece_slots - 1);
}

static bool piece_grow(held *h) {
    uint32_t slots = h->piece_slots ? h->piece_slots * 2 : 16;
    piece *pieces = realloc(h->pieces, slots * sizeof *pieces);
    if (!pieces) return false;
    h->pieces = pieces;
    uint32_t *numbers = calloc((size_t)slots * 3, sizeof *numbers);
    if (!numbers) return false;
    if (h->stored) memcpy(numbers, h->piece_numbers, h->stored * sizeof *numbers);
    free(h->piece_numbers);
    h->piece_numbers = numbers;
    h->piece_slots = slots;
    uint32_t *table = piece_table(h);
    for (uint32_t i = 0; i < h->stored; i++) {
        uint32_t at = piece_home(h, numbers[i]);
        while (table[at]) at = (at + 1) & (2 * slots - 1);
        table[at] = i + 1;
    }
    return true;
}

bool held_has(const held *h, uint32_t number) {
    if (!h->stored) return false;
    const uint32_t *table = piece_table(h);
    for (uint32_t at = piece_home(h, number); table[at]; at = (at + 1) & (2 * h->piece_slots - 1))
        if (h->piece_numbers[table[at] - 1] == number) return true;
    return false;
}

bool held_add(held *h, uint32_t number, uint32_t offset, const uint8_t *data, uint32_t length) {
    if (h->stored == h->piece_slots && !piece_grow(h)) return false;
    uint32_t *table = piece_table(h), at = piece_home(h, number);
    while (table[at]) at = (at + 1) & (2 * h->piece_slots - 1);
    uint8_t *copy = malloc(length);
    if (!copy) return false;
    memcpy(copy, data, length);
    h->pieces[h->stored] = (piece){offset, length, copy};
    h->piece_numbers[h->stored++] = number;
    table[at] = h->stored;
    h->remaining--;
    if (number < h->fragment_count - 1) {
        if (!h->unit) h->unit = length;
        if (length != h->unit || offset != (uint64_t)number * h->unit) h->irregular = true;
    } else if (offset + length != h->total_length) {
        h->irregular = true;
    }
    return true;
}
