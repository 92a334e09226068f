/* Per-peer limits (see budget.py, which this follows function by function). */
#include "internal.h"

void set_shares(gde_engine *e) {
    e->buffered_limit = e->config.maximum_buffered_data;
    e->buffered_share = e->buffered_limit / e->config.peer_count;
    e->queued_share = e->config.maximum_queued_total / e->config.peer_count;
}

void begin_pass(gde_engine *e) {
    e->pass_number++;
    e->pass_commands = e->unverified_commands = 0;
}

bool is_host_exhausted(const gde_engine *e) {
    uint64_t budget = (uint64_t)e->config.peer_command_budget * HOST_BUDGET_FACTOR;
    return budget && e->pass_commands >= budget;
}

bool is_exhausted(gde_engine *e, peer *p) {
    if (is_host_exhausted(e)) return true;
    if (p->pass_number != e->pass_number) {
        p->pass_number = e->pass_number;
        p->pass_commands = p->pass_bytes = 0;
        return false;
    }
    uint32_t commands = e->config.peer_command_budget, size = e->config.peer_byte_budget;
    return (commands && p->pass_commands >= commands) || (size && p->pass_bytes >= size);
}

void charge(gde_engine *e, peer *p, uint32_t commands) {
    p->pass_commands += commands;
    e->pass_commands += commands;
}

bool must_defer(gde_engine *e, peer *p) { return is_exhausted(e, p) || (p->waits && !e->draining); }

void charge_unverified(gde_engine *e, uint32_t commands) { e->unverified_commands += commands; }

bool is_unverified_exhausted(const gde_engine *e) {
    uint32_t budget = e->config.peer_command_budget;
    return budget && e->unverified_commands >= budget;
}

uint32_t cost_of_decoding(const gde_engine *e, uint32_t coded, uint32_t decoded) {
    if (e->compressor == CODEC_RANGE_CODER) return decoded / RANGE_CODER_BYTES_PER_COMMAND;
    return (coded + decoded) / CODEC_BYTES_PER_COMMAND;
}

void suspect(gde_engine *e, peer *p, uint32_t cost) {
    cost = max32(UNDECODABLE_COST, cost);
    charge_unverified(e, cost);
    if (!p || p->any_source) return;
    p->suspect_pass = e->pass_number;
    e->pass_commands += cost;
}

bool is_suspect(const gde_engine *e, const peer *p) {
    return p->suspect_pass == e->pass_number && is_unverified_exhausted(e);
}

bool on_over_budget(gde_engine *e, peer *p, int64_t now) {
    engine_drop(e, DROP_OVER_BUDGET, &p->address);
    return streak_again(&p->over_budget, now) >= OVER_BUDGET_TIME && in_session(p);
}

bool can_buffer(gde_engine *e, peer *p, uint64_t size, bool completes_next) {
    uint64_t limit = e->buffered_limit, share = e->buffered_share;
    if (!limit || e->buffered_bytes + e->buffered_elsewhere + size <= limit || p->buffered_bytes + size <= share)
        return true;
    if (completes_next) {
        const peer *exempt = table_get(e, e->reassembly_exempt);
        if (!exempt || exempt->state != STATE_CONNECTED || exempt->buffered_bytes <= share)
            e->reassembly_exempt = p->handle;
        if (e->reassembly_exempt == p->handle) return true;
    }
    engine_drop(e, DROP_HOST_DATA_FULL, &p->address);
    return false;
}

bool can_queue(gde_engine *e, peer *p, uint64_t length) {
    uint64_t pieces = length <= p->fragment_length ? 1 : (length + p->fragment_length - 1) / p->fragment_length;
    uint64_t size = length + BUFFER_OVERHEAD * pieces, queued = p->queued_data + size;
    uint64_t limit = e->config.maximum_queued_data, total = e->config.maximum_queued_total;
    uint64_t of_all = e->queued_data + e->queued_elsewhere;
    if (limit && queued > limit && p->queued_data)
        engine_drop(e, DROP_QUEUED_DATA_FULL, &p->address);
    else if (total && of_all && of_all + size > total && queued > e->queued_share)
        engine_drop(e, DROP_HOST_QUEUED_FULL, &p->address);
    else
        return true;
    p->refused = true;
    slots_add(&e->dirty, p->slot);
    return false;
}

bool is_stalled(peer *p, int64_t now) {
    p->refused = false;
    if (list_empty(&p->sent) && list_empty(&p->reliable)) return false;
    return streak_again(&p->stall, now) >= (int64_t)p->timeouts.minimum;
}
