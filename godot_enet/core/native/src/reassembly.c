/* Received data that cannot be delivered yet (see reassembly.py). */
#include "internal.h"

#include <stdlib.h>

held *held_create(uint16_t reliable, uint16_t unreliable, uint8_t flags, uint32_t length, uint32_t fragment_count) {
    held *h = calloc(1, sizeof *h);
    if (!h) return NULL;
    h->reliable = reliable;
    h->unreliable = unreliable;
    h->flags = flags;
    h->total_length = length;
    h->fragment_count = h->remaining = fragment_count;
    return h;
}

void held_free(gde_engine *e, held *h) {
    for (uint32_t i = 0; i < h->stored; i++) free(h->pieces[i].data);
    free(h->pieces);
    free(h->piece_chains);
    if (h->packet) packet_free(e, h->packet);
    free(h);
}

static void piece_link(const gde_engine *e, held *h, uint32_t at) {
    uint32_t *chain = &h->piece_chains[keyed_chain(e, h->pieces[at].number, h->piece_slots)];
    h->pieces[at].next = *chain;
    *chain = at + 1;
}

static bool piece_grow(const gde_engine *e, held *h) {
    uint32_t slots = h->piece_slots ? h->piece_slots * 2 : 16;
    piece *pieces = realloc(h->pieces, slots * sizeof *pieces);
    if (!pieces) return false;
    h->pieces = pieces;
    uint32_t *chains = calloc(slots, sizeof *chains);
    if (!chains) return false;
    free(h->piece_chains);
    h->piece_chains = chains;
    h->piece_slots = slots;
    for (uint32_t i = 0; i < h->stored; i++) piece_link(e, h, i);
    return true;
}

bool held_has(const gde_engine *e, const held *h, uint32_t number) {
    uint32_t at = h->stored ? h->piece_chains[keyed_chain(e, number, h->piece_slots)] : 0;
    while (at && h->pieces[at - 1].number != number) at = h->pieces[at - 1].next;
    return at != 0;
}

bool held_add(const gde_engine *e, held *h, const send_fragment_fields *fragment, const uint8_t *data) {
    uint32_t number = fragment->fragment_number, offset = fragment->fragment_offset, length = fragment->length;
    if (h->stored == h->piece_slots && !piece_grow(e, h)) return false;
    uint8_t *copy = malloc(length);
    if (!copy) return false;
    memcpy(copy, data, length);
    h->pieces[h->stored] = (piece){number, offset, length, 0, copy};
    piece_link(e, h, h->stored++);
    h->remaining--;
    if (number < h->fragment_count - 1) {
        if (!h->unit) h->unit = length;
        if (length != h->unit || offset != (uint64_t)number * h->unit) h->irregular = true;
    } else if (offset + length != h->total_length) {
        h->irregular = true;
    }
    return true;
}
