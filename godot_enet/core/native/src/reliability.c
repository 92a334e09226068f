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

/* Commands in flight: a list in the order of sending, and a chained hash by key. */

static uint32_t sent_home(const peer *p, uint32_t key) {
    return (key * 0x9E3779B1u >> 8) & (p->sent_slots - 1);
}

bool sent_insert(peer *p, command *c) {
    if (p->sent_count >= p->sent_slots) {
        uint32_t slots = p->sent_slots ? p->sent_slots * 2 : 8;
        command **table = calloc(slots, sizeof *table);
        if (!table) return false;
        free(p->sent_hash);
        p->sent_hash = table;
        p->sent_slots = slots;
        for (list_node *node = p->sent.next; node != &p->sent; node = node->next) {
            command *other = COMMAND_OF(node);
            command **home = &table[sent_home(p, other->key)];
            other->hash_next = *home;
            *home = other;
        }
    }
    command **home = &p->sent_hash[sent_home(p, c->key)];
    c->hash_next = *home;
    *home = c;
    list_append(&p->sent, &c->node);
    p->sent_count++;
    return true;
}

void sent_remove(peer *p, command *c) {
    command **link = &p->sent_hash[sent_home(p, c->key)];
    while (*link != c) link = &(*link)->hash_next;
    *link = c->hash_next;
    list_remove(&c->node);
    p->sent_count--;
}

static void release_window(const command *c) {
    if (!c->channel) return;
    uint32_t window = (c->key & 0xFFFF) >> 12;
    if (c->channel->reliable_windows[window] > 0 && --c->channel->reliable_windows[window] == 0)
        c->channel->used_windows &= (uint16_t) ~(1u << window);
}

static command *find_unsent(list_node *list, uint32_t key) {
    for (list_node *node = list->next; node != list; node = node->next) {
        command *c = COMMAND_OF(node);
        if (!c->reliable || c->attempts < 1) break;
        if (c->key == key) return c;
    }
    return NULL;
}

int acknowledge(gde_engine *e, peer *p, uint32_t key, int64_t sent_time) {
    command *c = p->sent_count ? p->sent_hash[sent_home(p, key)] : NULL;
    while (c && c->key != key) c = c->hash_next;
    if (c) {
        sent_remove(p, c);
        p->reliable_data_in_transit -= c->length;
        if (e->config.early_retransmit && sent_time != NEVER_SENT) recovery_learn(p, c, sent_time);
    } else if ((c = find_unsent(&p->control, key)) || (c = find_unsent(&p->reliable, key))) {
        list_remove(&c->node);
        p->queued_count--;
    } else {
        return COMMAND_NONE;
    }
    release_window(c);
    int number = c->number;
    command_free(e, c);
    return number;
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
        sent_remove(p, c);
        if (c->channel) {
            p->reliable_data_in_transit -= c->length;
            list_insert(reliable, &c->node);
        } else {
            list_insert(control, &c->node);
        }
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
    } else if (p->state == STATE_CONNECTED) {
        int64_t ping = p->last_receive_time + p->ping_interval;
        if (!has_due || ping < at) at = ping;
        has_due = true;
    }
    *due = at;
    return has_due;
}
