/* When a command counts as lost before ENet would think so (see recovery.py, which explains it). */
#include "internal.h"

enum { ENOUGH = 3, LEAST_REORDERING = 4, REMEMBERED = 60000, MAXIMUM_BACKOFF = 16 };

static uint64_t max64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint64_t min64(uint64_t a, uint64_t b) { return a < b ? a : b; }

void recovery_learn(peer *p, const command *c, int64_t sent_time) {
    recovery *r = &p->recovery;
    int64_t now = p->last_receive_time;
    if (sent_time == c->sent_time) {
        if (c->datagram > r->acknowledged) r->acknowledged = c->datagram;
        if (r->reordering && now - r->reordered_at >= REMEMBERED) r->reordering = 0;
    } else if (c->attempts > 1) {
        r->reordering = max64(LEAST_REORDERING, min64(2 * r->reordering, p->rtt));
        r->reordered_at = now;
    }
}

uint64_t recovery_timeout(const peer *p) {
    return (p->rtt + max64(4 * p->rtt_variance, p->recovery.reordering)) << min32(p->recovery.backoff, MAXIMUM_BACKOFF);
}

uint64_t recovery_patience(const peer *p, const command *c) {
    const recovery *r = &p->recovery;
    uint64_t timeout = recovery_timeout(p);
    if (c->datagram >= r->acknowledged) return timeout;
    if (r->acknowledged - c->datagram >= ENOUGH && !r->reordering) return 0;
    uint64_t lateness = max64(2 * p->rtt_variance, max64(r->reordering, LEAST_REORDERING));
    return min64(timeout, max64(p->rtt, r->last_sample) + lateness);
}
