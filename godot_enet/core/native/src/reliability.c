/* Acknowledgements, round-trip estimate, time-outs (see reliability.py). */
#include "internal.h"

#include <stdlib.h>

void sample_round_trip(peer *p, uint64_t sample, int64_t now) {
    if (p->last_receive_time > 0) {
        adapt_throttle(p, sample);
        p->rtt_variance -= p->rtt_variance / 4;
        uint64_t difference;
        if (sample >= p->rtt) {
            difference = sample - p->rtt;
            p->rtt += difference / 8;
        } else {
            difference = p->rtt - sample;
            p->rtt -= difference / 8;
        }
        p->rtt_variance += difference / 4;
    } else {
        p->rtt = sample;
        p->rtt_variance = (sample + 1) / 2;
    }
    if (p->rtt < p->lowest_rtt) p->lowest_rtt = p->rtt;
    if (p->rtt_variance > p->highest_rtt_variance) p->highest_rtt_variance = p->rtt_variance;
    if (p->throttle_epoch == 0 || now - p->throttle_epoch >= (int64_t)p->throttle_interval) {
        p->last_rtt = p->lowest_rtt;
        p->last_rtt_variance = p->highest_rtt_variance > 1 ? p->highest_rtt_variance : 1;
        p->lowest_rtt = p->rtt;
        p->highest_rtt_variance = p->rtt_variance;
        p->throttle_epoch = now;
    }
    p->last_receive_time = now > 1 ? now : 1;
    p->earliest_timeout = 0;
    p->recovery.last_sample = sample;
    p->recovery.backoff = 0;
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

static void leave_flight(peer *p, command *c) {
    list_remove(&c->node);
    p->sent_count--;
    c->in_flight = false;
    p->reliable_data_in_transit -= c->length;
}

static void release_window(const command *c) {
    if (!c->channel) return;
    uint32_t window = (c->key & 0xFFFF) >> 12;
    if (c->channel->reliable_windows[window] > 0 && --c->channel->reliable_windows[window] == 0)
        c->channel->used_windows &= (uint16_t) ~(1u << window);
}

/* Without memory it is forgotten, and an acknowledgement of that copy counts for nothing. */
static void note_earlier(command *c) {
    uint32_t room = 4;
    while (room < c->earlier_count) room *= 2;
    if (c->earlier_count == EARLIER_COPIES) {
        memmove(c->earlier, c->earlier + 1, (EARLIER_COPIES - 1) * sizeof *c->earlier);
        c->earlier_count--;
    } else if (!c->earlier || c->earlier_count == room) {
        uint16_t *grown = realloc(c->earlier, (c->earlier ? 2 * room : room) * sizeof *grown);
        if (!grown) return;
        c->earlier = grown;
    }
    c->earlier[c->earlier_count++] = (uint16_t)c->spared_at;
}

void command_leave(command *c, int64_t now) {
    if (c->attempts) note_earlier(c);
    c->spared_at = now;
}

bool command_has_left(const command *c, uint16_t time) {
    if (time == (uint16_t)c->spared_at) return true;
    for (uint32_t i = 0; i < c->earlier_count; i++)
        if (c->earlier[i] == time) return true;
    return false;
}

command *find_unacknowledged(const gde_engine *e, peer *p, uint32_t key) {
    command *c = p->unacknowledged_count ? *unacknowledged_chain(e, p, key) : NULL;
    while (c && c->key != key) c = c->hash_next;
    return c;
}

void acknowledge(gde_engine *e, peer *p, command *c, int64_t sent_time) {
    command **link = unacknowledged_chain(e, p, c->key);
    while (*link != c) link = &(*link)->hash_next;
    *link = c->hash_next;
    p->unacknowledged_count--;
    if (c->in_flight) {
        leave_flight(p, c);
        if (e->config.early_retransmit && sent_time != NEVER_SENT) recovery_learn(p, c, sent_time);
    } else {
        list_remove(&c->node);
        p->queued_count--;
    }
    release_window(c);
    if (c->channel) p->stalls = false;
    command_forget(e, p, c);
}

bool check_timeouts(const gde_engine *e, peer *p, int64_t now) {
    bool timed_out = false;
    list_node *control = p->control.next, *reliable = p->reliable.next;
    for (list_node *node = p->sent.next; node != &p->sent;) {
        command *c = COMMAND_OF(node);
        node = node->next;
        uint64_t age = (uint64_t)(now - c->sent_time);
        if (e->config.early_retransmit ? age >= recovery_timeout(p) : age >= c->timeout) {
            if (p->earliest_timeout == 0 || c->sent_time < p->earliest_timeout) p->earliest_timeout = c->sent_time;
            int64_t silence = now - p->earliest_timeout;
            bool tries = c->attempts > 32 || (uint64_t)1 << (c->attempts - 1) >= p->timeout_limit;
            if (p->earliest_timeout != 0 && (silence >= (int64_t)p->timeout_maximum ||
                                             (tries && silence >= (int64_t)p->timeout_minimum))) {
                p->timed_out = c->number;
                return true;
            }
            c->timeout *= 2;
            timed_out = true;
        } else if (!e->config.early_retransmit) {
            continue;
        } else if (age < recovery_patience(p, c)) {
            break; /* In the order of sending, so nothing after this one is due either. */
        }
        p->packets_lost++;
        leave_flight(p, c);
        list_insert(c->channel ? reliable : control, &c->node);
        p->queued_count++;
    }
    p->recovery.backoff += timed_out;
    return false;
}

bool due_at(const gde_engine *e, const peer *p, int64_t *due) {
    bool has_due = p->has_deadline;
    int64_t at = p->deadline;
    if (!list_empty(&p->sent)) {
        const command *c = COMMAND_OF(p->sent.next);
        int64_t timeout = c->sent_time + (int64_t)(e->config.early_retransmit ? recovery_patience(p, c) : c->timeout);
        if (!has_due || timeout < at) at = timeout;
        has_due = true;
        int64_t spare;
        if (spare_due_at(e, p, &spare) && spare < at) at = spare;
        if (call_due_at(e, p, &spare) && spare < at) at = spare;
    } else if (p->state == STATE_CONNECTED) {
        int64_t ping = p->last_receive_time + p->ping_interval;
        if (!has_due || ping < at) at = ping;
        has_due = true;
    }
    if (p->trial >= 0 && p->tried_at >= 0) {
        int64_t end = p->tried_at + p->timeout_maximum;
        if (!has_due || end < at) at = end;
        has_due = true;
    }
    *due = at;
    return has_due;
}

bool is_trial_over(const peer *p, int64_t now) {
    return p->trial >= 0 && p->tried_at >= 0 && now - p->tried_at >= (int64_t)p->timeout_maximum;
}
