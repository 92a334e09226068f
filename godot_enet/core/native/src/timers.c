/* A heap of timers (see timers.py). */
#include "internal.h"

#include <stdlib.h>

static bool before(const timer_entry *a, const timer_entry *b) {
    return a->at != b->at ? a->at < b->at : a->serial < b->serial;
}

static void sift_up(gde_engine *e, uint32_t i) {
    timer_entry entry = e->timers[i];
    while (i && before(&entry, &e->timers[(i - 1) / 2])) {
        e->timers[i] = e->timers[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    e->timers[i] = entry;
}

static void sift_down(gde_engine *e, uint32_t i) {
    timer_entry entry = e->timers[i];
    for (uint32_t child; (child = 2 * i + 1) < e->timer_count; i = child) {
        if (child + 1 < e->timer_count && before(&e->timers[child + 1], &e->timers[child])) child++;
        if (!before(&e->timers[child], &entry)) break;
        e->timers[i] = e->timers[child];
    }
    e->timers[i] = entry;
}

static void pop_timer(gde_engine *e) {
    e->timers[0] = e->timers[--e->timer_count];
    if (e->timer_count) sift_down(e, 0);
}

/* The peer whose latest entry this is, or NULL. Outdated ones may have the same time. */
static peer *timer_peer(gde_engine *e, const timer_entry *entry) {
    peer *p = table_get(e, entry->peer);
    return p && p->has_timer && p->timer_serial == entry->serial ? p : NULL;
}

static void compact_timers(gde_engine *e) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < e->timer_count; i++)
        if (timer_peer(e, &e->timers[i])) e->timers[kept++] = e->timers[i];
    e->timer_count = kept;
    for (uint32_t i = kept / 2; i-- > 0;) sift_down(e, i);
}

/* More than the peers: outdated entries stay in the heap until it is compacted. */
static uint32_t most_timers(uint32_t peers) { return 64 + 2 * peers; }

bool timers_reserve(gde_engine *e) {
    uint32_t needed = most_timers(e->peer_total + 1),
             capacity = max32(needed, e->timer_capacity + e->timer_capacity / 2);
    if (needed <= e->timer_capacity) return true;
    timer_entry *grown = realloc(e->timers, capacity * sizeof *grown);
    if (!grown) return false;
    e->timers = grown;
    e->timer_capacity = capacity;
    return true;
}

void schedule(gde_engine *e, peer *p) {
    int64_t due;
    if (!due_at(e, p, &due) || (p->has_timer && due >= p->timer)) return;
    if (e->timer_count >= most_timers(e->peer_total)) compact_timers(e);
    p->timer = due;
    p->has_timer = true;
    p->timer_serial = ++e->timer_serial;
    e->timers[e->timer_count] = (timer_entry){due, p->timer_serial, p->handle};
    sift_up(e, e->timer_count++);
}

static void on_timer(gde_engine *e, peer *p, int64_t now) {
    int64_t due;
    if (!due_at(e, p, &due)) return;
    if (due > now) {
        schedule(e, p);
    } else if (p->has_deadline && p->deadline <= now) {
        peer_lost(e, p);
    } else if (is_validation_overdue(p, now)) {
        if (!p->timed_out) p->timed_out = COMMAND_PING;
        peer_lost(e, p);
    } else if (!list_empty(&p->sent) && check_timeouts(e, p, now)) {
        peer_lost(e, p);
    } else {
        if (p->state == STATE_CONNECTING && !p->unanswered && p->earliest_timeout) {
            p->unanswered = now - p->earliest_timeout >= NO_ANSWER_AFTER;
            if (p->unanswered) engine_drop(e, DROP_NO_ANSWER, &p->address);
        }
        slots_add(&e->dirty, p->slot);
    }
}

void fire_timers(gde_engine *e, int64_t now) {
    while (e->timer_count && e->timers[0].at <= now) {
        peer *p = timer_peer(e, &e->timers[0]);
        pop_timer(e);
        if (!p) continue;
        p->has_timer = false;
        on_timer(e, p, now);
    }
}

bool next_due(gde_engine *e, int64_t *due) {
    while (e->timer_count) {
        int64_t at = e->timers[0].at, actual;
        peer *p = timer_peer(e, &e->timers[0]);
        if (p && due_at(e, p, &actual) && actual <= at) {
            *due = at;
            return true;
        }
        pop_timer(e);
        if (p) {
            p->has_timer = false;
            schedule(e, p);
        }
    }
    return false;
}
