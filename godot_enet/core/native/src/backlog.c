/* Received data beyond the budget of a pass (see backlog.py, which this follows function by function). */
#include "internal.h"

#include <stdlib.h>

static void rotate(gde_engine *e, peer *p) {
    backlog_remove(e, p);
    backlog_add(e, p);
}

bool defer_datagram(gde_engine *e, peer *p, const uint8_t *data, uint32_t length, int64_t now) {
    backlog_datagram *datagram = NULL;
    uint32_t size = length + BUFFER_OVERHEAD;
    if (!p->any_source && p->backlog_count < RECEIVE_BATCH && can_buffer(e, p, size, false))
        datagram = malloc(sizeof *datagram + length);
    if (!datagram) return on_over_budget(e, p, now);
    datagram->next = NULL;
    datagram->length = length;
    memcpy(datagram->data, data, length);
    *(p->backlog_count ? &p->backlog_last->next : &p->backlog_first) = datagram;
    p->backlog_last = datagram;
    p->backlog_count++;
    p->buffered_bytes += size;
    e->buffered_bytes += size;
    backlog_add(e, p);
    return false;
}

static backlog_datagram *take(gde_engine *e, peer *p) {
    backlog_datagram *datagram = p->backlog_first;
    p->backlog_first = datagram->next;
    p->buffered_bytes -= datagram->length + BUFFER_OVERHEAD;
    e->buffered_bytes -= datagram->length + BUFFER_OVERHEAD;
    p->backlog_count--;
    return datagram;
}

/* False if no channel of the peer has deliverable packets. */
static bool release_channel(gde_engine *e, peer *p) {
    for (uint32_t word = 0; word < CHANNEL_WORDS; word++) {
        if (!p->releasing[word]) continue;
        uint32_t id = word * 64 + lowest_bit(p->releasing[word]);
        clear_bit(p->releasing, id);
        channel *c = peer_find_channel(p, id);
        if (c) advance(e, p, c, id, true);
        return true;
    }
    return false;
}

/* Whose turn it is, as far as the budgets allow. */
static peer *next_turn(gde_engine *e) {
    turns *t = &e->turns;
    uint32_t turn = e->config.peer_command_budget / TURN_FRACTION;
    while (t->exhausted < e->late_peers && t->taken < RECEIVE_BATCH && !is_host_exhausted(e)) {
        peer *p = e->late_first;
        if (is_exhausted(e, p)) {
            t->exhausted++;
            rotate(e, p);
            continue;
        }
        if (p != t->current) {
            t->current = p;
            t->turn_end = p->pass_commands + turn;
        } else if (turn && p->pass_commands >= t->turn_end) {
            rotate(e, p);
            continue;
        }
        t->exhausted = 0;
        if (release_channel(e, p)) continue;
        if (p->backlog_count) return p;
        backlog_remove(e, p);
    }
    return NULL;
}

uint32_t poll_backlog(gde_engine *e, uint8_t *buffer, gde_address *from) {
    if (!e->draining) {
        bool waits = e->has_received; /* A pass has just run: its backlog waits for the next round. */
        e->has_received = false;
        if (waits || !e->late_peers) return 0;
        e->draining = true;
        begin_pass(e);
        e->turns = (turns){0};
    }
    peer *p = next_turn(e);
    if (!p) {
        e->draining = false;
        return 0;
    }
    e->turns.taken++;
    backlog_datagram *datagram = take(e, p);
    uint32_t length = datagram->length;
    memcpy(buffer, datagram->data, length);
    *from = p->address;
    free(datagram);
    return length;
}
