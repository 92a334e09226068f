/* Acknowledgements, round-trip estimate, timeouts (see reliability.py, which this follows function by function). */
#include "internal.h"

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
        c->channel->used_windows &= (uint16_t)~(1u << window);
}

void acknowledge(gde_engine *e, peer *p, command **link, int64_t sent_time) {
    command *c = unacknowledged_remove(p, link);
    if (c->in_flight) {
        leave_flight(p, c);
        if (e->config.early_retransmit && sent_time != NEVER_SENT) recovery_on_acknowledged(p, c, sent_time);
    } else {
        list_remove(&c->node);
        p->queued_count--;
    }
    release_window(c);
    if (c->channel) p->stall.since = -1;
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
            bool tries = c->attempts > 32 || (uint64_t)1 << (c->attempts - 1) >= p->timeouts.limit;
            if (p->earliest_timeout != 0 &&
                (silence >= (int64_t)p->timeouts.maximum || (tries && silence >= (int64_t)p->timeouts.minimum))) {
                p->timed_out = c->number;
                return true;
            }
            c->timeout *= 2;
            timed_out = true;
        } else if (!e->config.early_retransmit) {
            continue;
        } else if (age < recovery_loss_delay(p, c)) {
            break; /* Commands are in sending order, so nothing after this one is due either. */
        }
        p->loss.lost++;
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
        int64_t timeout = c->sent_time + (int64_t)(e->config.early_retransmit ? recovery_loss_delay(p, c) : c->timeout);
        if (!has_due || timeout < at) at = timeout;
        has_due = true;
        int64_t copy;
        if (copy_due_at(e, p, &copy) && copy < at) at = copy;
        if (probe_due_at(e, p, &copy) && copy < at) at = copy;
    } else if (p->state == STATE_CONNECTED && (list_empty(&p->control) || p->validation_credit < 0)) {
        /* If a command waits there for credit, a ping would, too. */
        int64_t ping = p->last_receive_time + p->timeouts.ping_interval;
        if (!has_due || ping < at) at = ping;
        has_due = true;
    }
    if (p->validation_credit >= 0 && p->validation_started >= 0) {
        int64_t end = p->validation_started + p->timeouts.maximum;
        if (!has_due || end < at) at = end;
        has_due = true;
    }
    *due = at;
    return has_due;
}

bool is_validation_overdue(const peer *p, int64_t now) {
    return p->validation_credit >= 0 && p->validation_started >= 0 &&
           now - p->validation_started >= (int64_t)p->timeouts.maximum;
}
