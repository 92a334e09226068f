/* What one peer may make this host do and keep (see budget.py, which this follows function by function). */
#include "internal.h"

#include <stdlib.h>

void gde_begin_pass(gde_engine *e) {
    e->pass_number++;
    e->has_received = true;
}

static bool is_exhausted(gde_engine *e, peer *p) {
    if (p->served != e->pass_number) {
        p->served = e->pass_number;
        p->served_commands = p->served_bytes = 0;
        return false;
    }
    uint32_t commands = e->config.peer_command_budget, size = e->config.peer_byte_budget;
    return (commands && p->served_commands >= commands) || (size && p->served_bytes >= size);
}

bool must_wait(gde_engine *e, peer *p) { return is_exhausted(e, p) || (p->backlog_count && !e->draining); }

static void exceed(gde_engine *e, peer *p, int64_t now);

void put_off(gde_engine *e, peer *p, const uint8_t *data, uint32_t length, int64_t now) {
    late_datagram *late = NULL;
    uint32_t size = length + KEPT_OVERHEAD;
    if (!p->any_source && p->backlog_count < RECEIVE_BATCH && may_keep(e, p, size, false))
        late = malloc(sizeof *late + length);
    if (!late) {
        exceed(e, p, now);
        return;
    }
    late->next = NULL;
    late->length = length;
    memcpy(late->data, data, length);
    *(p->backlog_count ? &p->backlog_last->next : &p->backlog_first) = late;
    p->backlog_last = late;
    p->backlog_count++;
    p->kept += size;
    e->kept += size;
    slots_add(&e->backlog, p->slot);
}

static late_datagram *pop_backlog(gde_engine *e, peer *p) {
    late_datagram *late = p->backlog_first;
    p->backlog_first = late->next;
    p->kept -= late->length + KEPT_OVERHEAD;
    e->kept -= late->length + KEPT_OVERHEAD;
    if (--p->backlog_count == 0) slots_remove(&e->backlog, p->slot);
    return late;
}

void backlog_clear(gde_engine *e, peer *p) {
    while (p->backlog_count) free(pop_backlog(e, p));
}

uint32_t gde_poll_backlog(gde_engine *e, uint8_t *buffer, gde_address *from) {
    if (!e->draining) {
        bool waits = e->has_received; /* A pass has just been: what it left waits for the next round. */
        e->has_received = false;
        if (waits || !e->backlog.words_used) return 0;
        e->draining = true;
        e->pass_number++;
        e->backlog_turn = e->backlog;
    }
    while (e->backlog_turn.words_used) {
        uint32_t word = lowest_bit(e->backlog_turn.words_used), slot = word * 64 + lowest_bit(e->backlog_turn.words[word]);
        peer *p = e->slots[slot];
        if (p && p->backlog_count && !is_exhausted(e, p)) {
            late_datagram *late = pop_backlog(e, p);
            uint32_t length = late->length;
            memcpy(buffer, late->data, length);
            *from = p->address;
            free(late);
            return length;
        }
        slots_remove(&e->backlog_turn, slot);
    }
    e->draining = false;
    return 0;
}

void charge_nobody(gde_engine *e, uint32_t commands) {
    if (e->suspect_pass != e->pass_number) {
        e->suspect_pass = e->pass_number;
        e->suspect_commands = 0;
    }
    e->suspect_commands += commands;
}

bool is_nobody_exhausted(const gde_engine *e) {
    uint32_t budget = e->config.peer_command_budget;
    return e->suspect_pass == e->pass_number && budget && e->suspect_commands >= budget;
}

uint32_t cost_of_decoding(const gde_engine *e, uint32_t coded, uint32_t decoded) {
    return e->compressor == CODEC_RANGE_CODER ? decoded / RANGE_CODED_BYTES : (coded + decoded) / CODED_BYTES;
}

void suspect(gde_engine *e, peer *p, uint32_t cost) {
    charge_nobody(e, max32(UNDECODABLE_COMMANDS, cost));
    if (p && !p->any_source) p->suspect_pass = e->pass_number;
}

bool is_suspect(const gde_engine *e, const peer *p) {
    return p->suspect_pass == e->pass_number && is_nobody_exhausted(e);
}

static void exceed(gde_engine *e, peer *p, int64_t now) {
    engine_drop(e, DROP_OVER_BUDGET, &p->address);
    if (!p->exceeds || now - p->excess_at > EXCESS_PAUSE) {
        p->exceeds = true;
        p->excess_since = now;
    }
    p->excess_at = now;
    if (now - p->excess_since < EXCESS_TIME || !in_session(p)) return;
    uint8_t buffer[MAXIMUM_DATAGRAM + 8];
    uint32_t length = evict(e, p, buffer);
    post(e, buffer, length, &p->address, NULL);
}

bool may_keep(gde_engine *e, peer *p, uint64_t size, bool finishes) {
    uint64_t limit = e->config.maximum_kept_data, share = limit / e->config.peer_count;
    if (!limit || e->kept + size <= limit || p->kept + size <= share) return true;
    if (finishes) {
        const peer *favoured = table_get(e, e->favoured);
        if (!favoured || favoured->state != STATE_CONNECTED || favoured->kept <= share) e->favoured = p->handle;
        if (e->favoured == p->handle) return true;
    }
    engine_drop(e, DROP_HOST_DATA_FULL, &p->address);
    return false;
}

bool may_queue(gde_engine *e, peer *p, uint64_t length) {
    uint64_t pieces = length <= p->fragment_length ? 1 : (length + p->fragment_length - 1) / p->fragment_length;
    uint64_t size = length + KEPT_OVERHEAD * pieces, queued = p->queued_data + size;
    uint64_t limit = e->config.maximum_queued_data, total = e->config.maximum_queued_total;
    if (limit && queued > limit && p->queued_data)
        engine_drop(e, DROP_QUEUED_DATA_FULL, &p->address);
    else if (total && e->queued_data && e->queued_data + size > total && queued > total / e->config.peer_count)
        engine_drop(e, DROP_HOST_QUEUED_FULL, &p->address);
    else
        return true;
    p->refused = true;
    slots_add(&e->dirty, p->slot);
    return false;
}

bool takes_nothing(peer *p, int64_t now) {
    p->refused = false;
    if (list_empty(&p->sent) && list_empty(&p->reliable)) return false;
    if (!p->stalls || now - p->stalled_at > EXCESS_PAUSE) {
        p->stalls = true;
        p->stalled_since = now;
    }
    p->stalled_at = now;
    return now - p->stalled_since >= (int64_t)p->timeout_minimum;
}
