/* Outgoing commands, and the table of unacknowledged ones (see commands.py). */
#include "internal.h"

#include <stdlib.h>

#include "atomics.h"

void body_release(body *b) {
    if (b && ATOMIC_ADD(&b->references, -1) == 0) free(b);
}

body *body_create(const uint8_t *data, uint64_t length) {
    body *b = malloc(sizeof *b + length);
    if (!b) return NULL;
    b->references = 1;
    if (length) memcpy(b->data, data, length);
    return b;
}

/* Where the fields begin that command_create clears. Beyond 80 bytes compilers clear with instructions that take as long
 * as the rest of sending a message. */
enum { COMMAND_CLEARED = offsetof(command, offset) };
_Static_assert(offsetof(command, wire) - COMMAND_CLEARED <= 80, "cleared at once");

command *command_create(gde_engine *e, uint8_t number, bool reliable, channel *c, uint32_t key, size_t room) {
    bool pooled;
    command *made = pool_take(e, sizeof *made + room, &pooled);
    if (!made) return NULL;
    memset((char *)made + COMMAND_CLEARED, 0, offsetof(command, wire) - COMMAND_CLEARED);
    made->channel = c;
    made->queue_time = ++e->total_queued;
    made->key = key;
    made->number = number;
    made->reliable = reliable;
    made->starts = true;
    made->pooled = pooled;
    return made;
}

void command_free(gde_engine *e, command *c) {
    body_release(c->body);
    if (c->earlier) free(c->earlier);
    pool_give(e, c, c->pooled);
}

uint32_t command_queued_size(const command *c) { return c->head_size + c->length + BUFFER_OVERHEAD; }

void command_forget(gde_engine *e, peer *p, command *c) {
    if (c->has_packet) {
        p->queued_data -= command_queued_size(c);
        e->queued_data -= command_queued_size(c);
    }
    command_free(e, c);
}

/* Without memory the time is not stored, and an acknowledgement of that copy is ignored. */
static void note_earlier(command *c) {
    uint32_t room = 4;
    while (room < c->earlier_count) room *= 2;
    if (c->earlier_count == MAX_EARLIER_COPIES) {
        memmove(c->earlier, c->earlier + 1, (MAX_EARLIER_COPIES - 1) * sizeof *c->earlier);
        c->earlier_count--;
    } else if (!c->earlier || c->earlier_count == room) {
        uint16_t *grown = realloc(c->earlier, (c->earlier ? 2 * room : room) * sizeof *grown);
        if (!grown) return;
        c->earlier = grown;
    }
    c->earlier[c->earlier_count++] = (uint16_t)c->last_copy_time;
}

void command_on_sent(command *c, int64_t now) {
    if (c->attempts) note_earlier(c);
    c->last_copy_time = now;
}

bool command_was_sent_at(const command *c, uint16_t time) {
    if (time == (uint16_t)c->last_copy_time) return true;
    for (uint32_t i = 0; i < c->earlier_count; i++)
        if (c->earlier[i] == time) return true;
    return false;
}

static command **unacknowledged_chain(const gde_engine *e, peer *p, uint32_t key) {
    return &p->unacknowledged[keyed_chain(e, key, p->unacknowledged_chains)];
}

static void unacknowledged_link(const gde_engine *e, peer *p, command *c) {
    command **chain = unacknowledged_chain(e, p, c->key);
    c->hash_next = *chain;
    *chain = c;
}

void unacknowledged_clear(peer *p) {
    if (p->unacknowledged != p->first_chains) free(p->unacknowledged);
    memset(p->first_chains, 0, sizeof p->first_chains);
    p->unacknowledged = p->first_chains;
    p->unacknowledged_chains = FIRST_CHAINS;
    p->unacknowledged_count = 0;
}

/* Without memory the chains become longer, and nothing is lost. */
static void unacknowledged_grow(const gde_engine *e, peer *p) {
    uint32_t old = p->unacknowledged_chains, chains = old * 2;
    command **before = p->unacknowledged, **table = calloc(chains, sizeof *table);
    if (!table) return;
    p->unacknowledged = table;
    p->unacknowledged_chains = chains;
    for (uint32_t i = 0; i < old; i++) {
        for (command *c = before[i], *next; c; c = next) {
            next = c->hash_next;
            unacknowledged_link(e, p, c);
        }
    }
    if (before != p->first_chains) free(before);
}

void sent_insert(const gde_engine *e, peer *p, command *c) {
    if (c->attempts == 1) {
        if (p->unacknowledged_count >= p->unacknowledged_chains) unacknowledged_grow(e, p);
        unacknowledged_link(e, p, c);
        p->unacknowledged_count++;
    }
    list_append(&p->sent, &c->node);
    p->sent_count++;
    c->in_flight = true;
}

command **find_unacknowledged(const gde_engine *e, peer *p, uint32_t key) {
    command **link = unacknowledged_chain(e, p, key);
    while (*link && (*link)->key != key) link = &(*link)->hash_next;
    return *link ? link : NULL;
}

command *unacknowledged_remove(peer *p, command **link) {
    command *c = *link;
    *link = c->hash_next;
    p->unacknowledged_count--;
    return c;
}
