/* Redundant copies and probes of commands in flight (see redundancy.py). */
#include "internal.h"

int64_t copy_gap(const peer *p) { return (int64_t)max64(MIN_COPY_GAP, min64(p->rtt / 4, MAX_COPY_GAP)); }

uint32_t redundancy_for(const gde_engine *e, const peer *p) {
    const recovery *r = &p->recovery;
    if (!e->config.early_retransmit || !r->lost || p->sent_count > REDUNDANCY_COMMANDS || p->validation_credit >= 0)
        return 0;
    if (p->reliable_data_in_transit * REDUNDANCY_WINDOW_PART > p->window_size || p->state != STATE_CONNECTED) return 0;
    if ((uint64_t)r->lost * ONE_COPY_LOSS < r->samples) return 0;
    return min32(e->config.redundant_copies, (uint64_t)r->lost * TWO_COPY_LOSS >= r->samples ? 2 : 1);
}

bool copy_due_at(const gde_engine *e, const peer *p, int64_t *due) {
    uint32_t wanted = redundancy_for(e, p);
    bool waits = false;
    if (!wanted) return false;
    for (const list_node *node = p->sent.next; node != &p->sent; node = node->next) {
        const command *c = COMMAND_OF(node);
        if (c->copies >= wanted || !c->channel || (waits && c->last_copy_time >= *due)) continue;
        *due = c->last_copy_time;
        waits = true;
    }
    *due += waits ? copy_gap(p) : 0;
    return waits;
}

bool probe_due_at(const gde_engine *e, const peer *p, int64_t *due) {
    if (!e->config.early_retransmit || !e->config.redundant_copies || !p->earliest_timeout || list_empty(&p->sent))
        return false;
    if (p->state != STATE_CONNECTED || (p->validation_credit >= 0 && p->validation_credit < p->mtu)) return false;
    int64_t silent = p->earliest_timeout + PROBE_SILENCE,
            next = COMMAND_OF(p->sent.next)->last_copy_time + PROBE_INTERVAL;
    *due = silent > next ? silent : next;
    return true;
}
