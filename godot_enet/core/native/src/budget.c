/* What one peer may make this host do and keep (see budget.py, which this follows function by function). */
#include "internal.h"

enum { EXCESS_TIME = 5000, EXCESS_PAUSE = 1000 };

void gde_begin_pass(gde_engine *e) { e->pass_number++; }

bool is_exhausted(gde_engine *e, peer *p) {
    if (p->served != e->pass_number) {
        p->served = e->pass_number;
        p->served_commands = p->served_bytes = 0;
        return false;
    }
    uint32_t commands = e->config.peer_command_budget, size = e->config.peer_byte_budget;
    return (commands && p->served_commands >= commands) || (size && p->served_bytes >= size);
}

int32_t gde_is_exhausted(gde_engine *e, uint32_t slot) {
    return slot < MAXIMUM_PEER_ID && e->slots[slot] && is_exhausted(e, e->slots[slot]);
}

void gde_charge_undecodable(gde_engine *e, uint32_t word, const gde_address *from) {
    uint32_t slot = word & MAXIMUM_PEER_ID;
    peer *p = slot < MAXIMUM_PEER_ID ? e->slots[slot] : NULL;
    if (!p || p->state == STATE_ZOMBIE || p->any_source || !same_address(&p->address, from)) return;
    if (p->outgoing_peer_id < MAXIMUM_PEER_ID && (word >> 12 & 3) != p->incoming_session) return;
    p->served_commands += UNDECODABLE_COMMANDS;
}

void exceed(gde_engine *e, peer *p, int64_t now) {
    engine_drop(e, DROP_OVER_BUDGET, &p->address);
    if (!p->exceeds || now - p->excess_at > EXCESS_PAUSE) {
        p->exceeds = true;
        p->excess_since = now;
    }
    p->excess_at = now;
    if (now - p->excess_since < EXCESS_TIME || !in_session(p)) return;
    uint8_t buffer[MAXIMUM_DATAGRAM + 8];
    reset_queues(e, p);
    queue_farewell(e, p, 0);
    uint32_t length = build_datagram(e, p, now, e->total_queued, buffer);
    if (length) post(e, buffer, length, &p->address, NULL);
    p->event_data = 0;
    become_zombie(e, p, GDE_REASON_LIMIT);
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
