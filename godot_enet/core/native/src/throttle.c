/* The packet throttle of each peer and the bandwidth limits of the host (see throttle.py, which this follows
 * function by function). */
#include "internal.h"

void adapt_throttle(peer *p, uint64_t sample) {
    if (p->last_rtt <= p->last_rtt_variance) {
        p->throttle = p->throttle_limit;
    } else if (sample <= p->last_rtt) {
        uint64_t raised = (uint64_t)p->throttle + p->throttle_acceleration;
        p->throttle = raised < p->throttle_limit ? (uint8_t)raised : p->throttle_limit;
    } else if (sample > p->last_rtt + 2 * p->last_rtt_variance) {
        p->throttle = p->throttle > p->throttle_deceleration ? (uint8_t)(p->throttle - p->throttle_deceleration) : 0;
    }
}

void measure_loss(peer *p, int64_t now) {
    if (p->loss.epoch == 0) {
        p->loss.epoch = now;
    } else if (now - p->loss.epoch >= PACKET_LOSS_INTERVAL && p->loss.sent > 0) {
        uint64_t loss = p->loss.lost * PACKET_LOSS_SCALE / p->loss.sent;
        uint64_t difference = loss > p->loss.mean ? loss - p->loss.mean : p->loss.mean - loss;
        p->loss.variance = (p->loss.variance * 3 + difference) / 4;
        p->loss.mean = (p->loss.mean * 7 + loss) / 8;
        p->loss.epoch = now;
        p->loss.sent = p->loss.lost = 0;
    }
}

uint32_t clamp_window(uint32_t size) { return max32(MINIMUM_WINDOW_SIZE, min32(size, MAXIMUM_WINDOW_SIZE)); }

uint32_t window_for(uint32_t outgoing, uint32_t incoming) {
    if (outgoing == 0 && incoming == 0) return MAXIMUM_WINDOW_SIZE;
    uint32_t bandwidth = outgoing == 0 || incoming == 0 ? max32(outgoing, incoming) : min32(outgoing, incoming);
    return clamp_window(bandwidth / WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE);
}

/* What this engine may use of a limit of the host. */
static uint64_t part_of(const gde_engine *e, uint64_t bandwidth) {
    return e->group ? group_part(e, bandwidth) : bandwidth;
}

static uint64_t share(uint64_t bandwidth, uint64_t total) {
    return total <= bandwidth ? PACKET_THROTTLE_SCALE : bandwidth * PACKET_THROTTLE_SCALE / total;
}

static void set_limit(peer *p, uint64_t limit) {
    p->throttle_limit = (uint8_t)limit;
    p->throttle = (uint8_t)min32(p->throttle, p->throttle_limit);
    p->incoming_data_total = p->outgoing_data_total = 0;
}

static void unlimit(peer *p) {
    p->throttle_limit = PACKET_THROTTLE_SCALE;
    p->incoming_data_total = p->outgoing_data_total = 0;
}

#define EACH_CONNECTED(e, p)                              \
    for (uint32_t slot_ = 0; slot_ < (e)->fresh; slot_++) \
        for (peer *p = (e)->slots[slot_]; p && in_session(p); p = NULL)

static void limit_peers(gde_engine *e, uint64_t elapsed, int64_t now) {
    uint32_t remaining = e->connected_peers;
    uint64_t total = 0xFFFFFFFF, bandwidth = 0xFFFFFFFF;
    if (e->outgoing_bandwidth) {
        bandwidth = part_of(e, e->outgoing_bandwidth) * elapsed / 1000;
        total = 0;
        EACH_CONNECTED(e, p) total += p->outgoing_data_total;
    }
    bool adjust = e->limited_peers > 0;
    while (remaining > 0 && adjust) {
        adjust = false;
        uint64_t throttle = share(bandwidth, total);
        EACH_CONNECTED(e, p) {
            if (p->incoming_bandwidth == 0 || p->outgoing_throttle_epoch == now) continue;
            uint64_t allowance = p->incoming_bandwidth * elapsed / 1000;
            if (throttle * p->outgoing_data_total / PACKET_THROTTLE_SCALE <= allowance) continue;
            uint64_t limit = allowance * PACKET_THROTTLE_SCALE / p->outgoing_data_total;
            set_limit(p, limit ? limit : 1);
            p->outgoing_throttle_epoch = now;
            adjust = true;
            remaining--;
            bandwidth -= allowance;
            total -= allowance;
        }
    }
    if (remaining > 0) {
        uint64_t throttle = share(bandwidth, total);
        EACH_CONNECTED(e, p) if (p->outgoing_throttle_epoch != now) set_limit(p, throttle);
    }
}

static uint32_t share_incoming(gde_engine *e, int64_t now) {
    if (e->incoming_bandwidth == 0) return 0;
    uint32_t remaining = e->connected_peers, bandwidth = (uint32_t)part_of(e, e->incoming_bandwidth), limit = 0;
    bool adjust = true;
    while (remaining > 0 && adjust) {
        adjust = false;
        limit = bandwidth / remaining;
        EACH_CONNECTED(e, p) {
            if (p->incoming_throttle_epoch == now) continue;
            if (p->outgoing_bandwidth > 0 && p->outgoing_bandwidth >= limit) continue;
            p->incoming_throttle_epoch = now;
            adjust = true;
            remaining--;
            bandwidth -= p->outgoing_bandwidth;
        }
    }
    return limit;
}

void bandwidth_throttle(gde_engine *e, int64_t now) {
    uint64_t elapsed = (uint64_t)(now - e->throttle_epoch);
    e->throttle_epoch = now;
    if (!e->connected_peers) return;
    bool limited = e->outgoing_bandwidth || e->limited_peers;
    if (!limited && !e->throttled && !e->recalculate) {
        for (uint32_t word = 0; word < PEER_WORDS; word++) {
            uint64_t touched = e->active[word] | e->dirty.words[word] | e->held_back.words[word];
            e->active[word] = 0;
            for (uint32_t bit = 0; touched; touched >>= 1, bit++) {
                peer *p = touched & 1 ? e->slots[word * 64 + bit] : NULL;
                if (p && in_session(p))
                    unlimit(p);
                else if (p)
                    set_bit(e->active, p->slot);
            }
        }
        return;
    }
    if (limited) {
        limit_peers(e, elapsed, now);
    } else {
        EACH_CONNECTED(e, p) unlimit(p);
    }
    e->throttled = limited;
    memset(e->active, 0, sizeof e->active);
    if (e->recalculate) {
        e->recalculate = false;
        uint32_t limit = share_incoming(e, now);
        EACH_CONNECTED(e, p) {
            uint8_t wire[BANDWIDTH_LIMIT_SIZE];
            uint32_t incoming = p->incoming_throttle_epoch == now ? p->outgoing_bandwidth : limit;
            build_bandwidth_limit(wire, &(bandwidth_limit_fields){incoming, e->outgoing_bandwidth});
            /* A peer that cannot be notified now is notified a second later. */
            if (!queue_control(e, p, COMMAND_BANDWIDTH_LIMIT, wire, sizeof wire)) e->recalculate = true;
        }
    } else {
        EACH_CONNECTED(e, p) if (!list_empty(&p->reliable)) slots_add(&e->dirty, p->slot);
    }
}

bool throttle_due(const gde_engine *e, int64_t *due) {
    *due = e->throttle_epoch + HOST_BANDWIDTH_THROTTLE_INTERVAL;
    return e->connected_peers && (e->recalculate || e->outgoing_bandwidth || e->limited_peers);
}

bool configure_throttle(gde_engine *e, peer *p, const uint32_t *values) {
    if (p->state == STATE_CONNECTING) {
        memcpy(p->pending_throttle, values, sizeof p->pending_throttle);
        p->throttle_pending = true;
        return true;
    }
    p->throttle_interval = values[0];
    p->throttle_acceleration = values[1];
    p->throttle_deceleration = values[2];
    uint8_t wire[THROTTLE_CONFIGURE_SIZE];
    build_throttle_configure(wire, &(throttle_configure_fields){values[0], values[1], values[2]});
    return !in_session(p) || queue_control(e, p, COMMAND_THROTTLE_CONFIGURE, wire, sizeof wire);
}
