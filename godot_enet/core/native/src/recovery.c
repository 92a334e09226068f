/* When a command counts as lost before ENet would think so (see recovery.py, which explains it). */
#include "internal.h"

static uint64_t max64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint64_t min64(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void count(peer *p, const command *c, int64_t now, bool lost) {
    recovery *r = &p->recovery;
    if (r->lost && now - r->lost_since >= LOSS_MEMORY) {
        r->answered = r->lost = 0;
        r->counts_from = now + 2 * (int64_t)p->rtt;
    }
    if (c->sent_time < r->counts_from) return;
    if (lost && !r->lost++) r->lost_since = now;
    if (r->lost || r->answered < REMEMBERED_ANSWERS) r->answered++;
}

void recovery_learn(peer *p, const command *c, int64_t sent_time) {
    recovery *r = &p->recovery;
    int64_t now = p->last_receive_time;
    if (sent_time == c->sent_time) {
        if (c->datagram > r->acknowledged) r->acknowledged = c->datagram;
        if (r->reordering && now - r->reordered_at >= REORDERING_MEMORY) r->reordering = 0;
        count(p, c, now, c->attempts > 1);
    } else if (c->spared) {
        count(p, c, now, true);
        p->packets_lost += c->attempts == 1;
    } else if (c->attempts > 1) {
        r->reordering = max64(LEAST_REORDERING, min64(2 * r->reordering, p->rtt));
        r->reordered_at = now;
        count(p, c, now, false);
    }
}

uint64_t recovery_timeout(const peer *p) {
    return (p->rtt + max64(4 * p->rtt_variance, p->recovery.reordering)) << min32(p->recovery.backoff, MAXIMUM_BACKOFF);
}

uint64_t recovery_patience(const peer *p, const command *c) {
    const recovery *r = &p->recovery;
    uint64_t timeout = recovery_timeout(p);
    if (c->datagram >= r->acknowledged) return timeout;
    if (r->acknowledged - c->datagram >= PACKET_THRESHOLD && !r->reordering) return 0;
    uint64_t lateness = max64(2 * p->rtt_variance, max64(r->reordering, LEAST_REORDERING));
    return min64(timeout, max64(p->rtt, r->last_sample) + lateness);
}

int64_t spare_gap(const peer *p) {
    return (int64_t)max64(LEAST_SPARE_GAP, min64(p->rtt / 4, MOST_SPARE_GAP));
}

uint32_t spares_wanted(const gde_engine *e, const peer *p) {
    const recovery *r = &p->recovery;
    if (!e->config.early_retransmit || !r->lost || p->sent_count > SPARED_COMMANDS || p->trial >= 0) return 0;
    if (p->reliable_data_in_transit * SPARED_PART > p->window_size || p->state != STATE_CONNECTED) return 0;
    if ((uint64_t)r->lost * FEW_LOSSES < r->answered) return 0;
    return min32(e->config.spare_copies, (uint64_t)r->lost * MANY_LOSSES >= r->answered ? 2 : 1);
}

bool spare_due_at(const gde_engine *e, const peer *p, int64_t *due) {
    uint32_t wanted = spares_wanted(e, p);
    bool waits = false;
    if (!wanted) return false;
    for (const list_node *node = p->sent.next; node != &p->sent; node = node->next) {
        const command *c = COMMAND_OF(node);
        if (c->spares >= wanted || !c->channel || (waits && c->spared_at >= *due)) continue;
        *due = c->spared_at;
        waits = true;
    }
    *due += waits ? spare_gap(p) : 0;
    return waits;
}

bool call_due_at(const gde_engine *e, const peer *p, int64_t *due) {
    if (!e->config.early_retransmit || !e->config.spare_copies || !p->earliest_timeout || list_empty(&p->sent)) return false;
    if (p->state != STATE_CONNECTED || (p->trial >= 0 && p->trial < p->mtu)) return false;
    int64_t silent = p->earliest_timeout + CALL_SILENCE, next = COMMAND_OF(p->sent.next)->spared_at + CALL_GAP;
    *due = silent > next ? silent : next;
    return true;
}
