/* When a command counts as lost earlier than in ENet (see recovery.py, which explains it). */
#include "internal.h"

static void count(peer *p, const command *c, int64_t now, bool lost) {
    recovery *r = &p->recovery;
    if (r->lost && now - r->lost_since >= LOSS_MEMORY) {
        r->samples = r->lost = 0;
        r->samples_from = now + 2 * (int64_t)p->rtt;
    }
    if (c->sent_time < r->samples_from) return;
    if (lost && !r->lost++) r->lost_since = now;
    if (r->lost || r->samples < LOSS_FREE_SAMPLES) r->samples++;
}

void recovery_on_acknowledged(peer *p, const command *c, int64_t sent_time) {
    recovery *r = &p->recovery;
    int64_t now = p->last_receive_time;
    if (sent_time == c->sent_time) {
        if (c->datagram > r->largest_acknowledged) r->largest_acknowledged = c->datagram;
        if (r->reordering && now - r->reordered_at >= REORDERING_MEMORY) r->reordering = 0;
        count(p, c, now, c->attempts > 1);
    } else if (c->has_copies) {
        count(p, c, now, true);
        p->loss.lost += c->attempts == 1;
    } else if (c->attempts > 1) {
        r->reordering = max64(MIN_REORDERING_WINDOW, min64(2 * r->reordering, p->rtt));
        r->reordered_at = now;
        count(p, c, now, false);
    }
}

uint64_t recovery_timeout(const peer *p) {
    return (p->rtt + max64(4 * p->rtt_variance, p->recovery.reordering)) << min32(p->recovery.backoff, MAX_BACKOFF);
}

uint64_t recovery_loss_delay(const peer *p, const command *c) {
    const recovery *r = &p->recovery;
    uint64_t timeout = recovery_timeout(p);
    if (c->datagram >= r->largest_acknowledged) return timeout;
    if (r->largest_acknowledged - c->datagram >= PACKET_THRESHOLD && !r->reordering) return 0;
    uint64_t lateness = max64(2 * p->rtt_variance, max64(r->reordering, MIN_REORDERING_WINDOW));
    return min64(timeout, max64(p->rtt, r->last_sample) + lateness);
}
