/* The calls of the ABI on an engine; each delegates to the file of its mechanism (see engine.py). */
#include "internal.h"

#include <stdlib.h>

uint64_t gde_fingerprint(void) { return GDE_FINGERPRINT; }

int32_t gde_layout(uint32_t *numbers, int32_t capacity) {
    static const uint32_t layout[] = GDE_LAYOUT;
    int32_t count = sizeof layout / sizeof *layout;
    for (int32_t i = 0; i < count && i < capacity; i++) numbers[i] = layout[i];
    return count;
}

gde_engine *gde_engine_create(const gde_config *config) {
    if (config->peer_count < 1 || config->peer_count > MAXIMUM_PEER_ID ||
        config->channel_limit > MAXIMUM_CHANNEL_COUNT || config->mtu < MINIMUM_MTU || config->mtu > MAXIMUM_MTU)
        return NULL;
    gde_engine *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->config = *config;
    e->incoming_bandwidth = config->incoming_bandwidth;
    e->outgoing_bandwidth = config->outgoing_bandwidth;
    set_shares(e);
    e->channel_limit = config->channel_limit ? config->channel_limit : MAXIMUM_CHANNEL_COUNT;
    memset(e->sessions, UNKNOWN_SESSION, sizeof e->sessions);
    gde_blake2s((uint8_t *)e->hash_key, sizeof e->hash_key, config->key, KEY_SIZE, NULL, 0);
    set_random_key(e);
    return e;
}

void gde_engine_destroy(gde_engine *e) {
    if (!e) return;
    for (uint32_t i = 0; i < e->fresh; i++)
        if (e->slots[i]) peer_release(e, e->slots[i]);
    for (uint32_t i = e->outbox_first; i < e->outbox_count; i++) pool_give(e, e->outbox[i].data, e->outbox[i].pooled);
    free(e->outbox);
    free(e->timers);
    free(e->by_address);
    free(e->by_number);
    half_open_clear(e);
    connect_rate_clear(e);
    free_returned(e);
    while (e->pool) {
        pool_block *next = e->pool->next;
        free(e->pool);
        e->pool = next;
    }
    free(e);
}

int32_t gde_may_connect(gde_engine *e, const gde_address *from, uint32_t per_second, int64_t now) {
    e->rate_limit = per_second;
    return connect_rate_has_room(e, from, now);
}

/* Network input */

void gde_begin_pass(gde_engine *e) {
    begin_pass(e);
    e->has_received = true;
}

uint32_t gde_poll_backlog(gde_engine *e, uint8_t *buffer, gde_address *from) { return poll_backlog(e, buffer, from); }

uint32_t gde_expansion_limit(gde_engine *e, const uint8_t *data, uint32_t length, const gde_address *from) {
    return expansion_limit(e, data, length, from);
}

void gde_receive(gde_engine *e, const uint8_t *data, uint32_t length, const gde_address *from, int64_t now) {
    receive_datagram(e, data, length, length, false, from, now);
}

void gde_receive_expanded(gde_engine *e, const uint8_t *data, uint32_t length, uint32_t wire, const gde_address *from,
                          int64_t now) {
    receive_datagram(e, data, length, wire, true, from, now);
}

void gde_handle_timeout(gde_engine *e, int64_t now) {
    if (now - e->throttle_epoch >= HOST_BANDWIDTH_THROTTLE_INTERVAL) bandwidth_throttle(e, now);
    fire_timers(e, now);
}

/* Calls of the program */

int64_t gde_connect(gde_engine *e, const gde_address *to, uint32_t channels, uint32_t data, uint32_t any_source) {
    if (e->peer_total >= e->config.peer_count) return GDE_ERR_NO_FREE_PEER;
    const peer *p = begin_connect(e, to, channels, data, any_source != 0);
    return p ? (int64_t)p->handle : GDE_ERR_MEMORY;
}

int32_t gde_disconnect(gde_engine *e, uint64_t handle, uint32_t data, uint32_t mode, int64_t now) {
    peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    disconnect_peer(e, p, data, mode, now);
    return GDE_OK;
}

int32_t gde_send(gde_engine *e, uint64_t handle, uint32_t id, const uint8_t *data, uint64_t length, uint32_t flags) {
    peer *p = table_get(e, handle);
    return p ? queue_packet(e, p, id, data, length, flags, NULL) : GDE_ERR_UNKNOWN_PEER;
}

int32_t gde_broadcast(gde_engine *e, uint32_t id, const uint8_t *data, uint64_t length, uint32_t flags) {
    body *shared = NULL;
    int32_t result = queue_broadcast(e, id, data, length, flags, &shared);
    body_release(shared);
    return result;
}

void gde_set_unread(gde_engine *e, uint64_t handle, uint32_t packets, uint64_t size) {
    peer *p = table_get(e, handle);
    if (!p) return;
    uint64_t more = size - p->unread_data, cost = more + BUFFER_OVERHEAD * ((uint64_t)packets - p->unread);
    p->unread = packets;
    p->unread_data = size;
    p->waiting_data += more;
    p->buffered_bytes += cost;
    e->buffered_bytes += cost;
}

int32_t gde_ping(gde_engine *e, uint64_t handle) {
    peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    return p->state == STATE_CONNECTED && !queue_ping(e, p) ? GDE_ERR_MEMORY : GDE_OK;
}

int32_t gde_configure(gde_engine *e, uint64_t handle, uint32_t option, uint32_t a, uint32_t b, uint32_t c) {
    peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    switch (option) {
    case OPTION_PING_INTERVAL:
        p->timeouts.ping_interval = a ? a : DEFAULT_PING_INTERVAL;
        break;
    case OPTION_TIMEOUT:
        p->timeouts.limit = a ? a : DEFAULT_TIMEOUT_LIMIT;
        p->timeouts.minimum = b ? b : DEFAULT_TIMEOUT_MINIMUM;
        p->timeouts.maximum = c ? c : DEFAULT_TIMEOUT_MAXIMUM;
        break;
    case OPTION_THROTTLE:
        if (!configure_throttle(e, p, (uint32_t[3]){a, b, c})) return GDE_ERR_MEMORY;
        break;
    default:
        return GDE_ERR_ARGUMENT;
    }
    schedule(e, p);
    return GDE_OK;
}

void gde_bandwidth_limit(gde_engine *e, uint32_t incoming, uint32_t outgoing) {
    e->incoming_bandwidth = incoming;
    e->outgoing_bandwidth = outgoing;
    e->recalculate = true;
}

void gde_set_channel_limit(gde_engine *e, uint32_t limit) {
    e->channel_limit = limit > 0 && limit <= MAXIMUM_CHANNEL_COUNT ? limit : MAXIMUM_CHANNEL_COUNT;
}

void gde_refuse_connects(gde_engine *e, uint32_t refuse, uint32_t data) {
    e->refusing = refuse != 0;
    e->refusal = data;
}

int32_t gde_set_compressor(gde_engine *e, uint32_t mode) {
    if (mode >= CODEC_COUNT) return GDE_ERR_ARGUMENT;
    e->compressor = mode;
    return GDE_OK;
}

/* Outputs */

int32_t gde_poll_answers(gde_engine *e, uint8_t *buffer, gde_address *to) {
    return (int32_t)poll_answers(e, buffer, to);
}

int32_t gde_poll_transmit(gde_engine *e, int64_t now, uint32_t urgent, uint8_t *buffer, gde_address *to) {
    uint32_t length = poll_answers(e, buffer, to);
    return (int32_t)(length ? length : transmit_next(e, now, urgent != 0, buffer, to));
}

int32_t gde_afford(gde_engine *e, uint32_t wire, int64_t now) {
    half_open *h = e->unpaid;
    e->unpaid = NULL;
    return !h || half_open_pay(h, wire, now);
}

int32_t gde_poll_event(gde_engine *e, gde_event *event) { return poll_event(e, event); }

int32_t gde_poll_timeout(gde_engine *e, int64_t *due) {
    if (e->dirty.words_used || e->outbox_first < e->outbox_count || e->late_peers) {
        *due = 0;
        return 1;
    }
    int64_t timer;
    bool has_throttle = throttle_due(e, due), has_timer = next_due(e, &timer);
    if (has_timer && (!has_throttle || timer < *due)) *due = timer;
    return has_throttle || has_timer;
}

int32_t gde_poll_drops(gde_engine *e, gde_drop_report *reports, int32_t capacity) {
    int32_t count = (int32_t)e->report_count < capacity ? (int32_t)e->report_count : capacity;
    for (int32_t i = 0; i < count; i++) reports[i] = e->reports[e->report_order[i]];
    for (uint32_t i = 0; i < e->report_count; i++) e->reports[e->report_order[i]].times = 0;
    e->report_count = 0;
    return count;
}

/* Queries */

int32_t gde_peers(gde_engine *e, uint64_t *peers, int32_t capacity) {
    int32_t count = 0;
    for (uint32_t i = 0; i < e->fresh && count < capacity; i++)
        if (e->slots[i]) peers[count++] = e->slots[i]->handle;
    return count;
}

int32_t gde_get_peer_info(gde_engine *e, uint64_t handle, gde_peer_info *info) {
    const peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    *info = (gde_peer_info){
        .peer = p->handle,
        .address = p->address,
        .state = p->state,
        .channel_count = p->channel_count,
        .mtu = p->mtu,
        .connect_id = p->connect_id,
        .window_size = p->window_size,
        .incoming_bandwidth = p->incoming_bandwidth,
        .outgoing_bandwidth = p->outgoing_bandwidth,
        .reliable_data_in_transit = p->reliable_data_in_transit,
        .waiting_data = p->waiting_data,
        .packets_queued = p->queued_count,
    };
    return GDE_OK;
}

int32_t gde_peer_state(gde_engine *e, uint64_t handle) {
    const peer *p = table_get(e, handle);
    return p ? p->state : STATE_DISCONNECTED;
}

int64_t gde_peer_statistic(gde_engine *e, uint64_t handle, uint32_t which) {
    const peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    const uint64_t values[] = {
        [STATISTIC_PACKET_LOSS] = p->loss.mean,
        [STATISTIC_PACKET_LOSS_VARIANCE] = p->loss.variance,
        [STATISTIC_PACKET_LOSS_EPOCH] = (uint64_t)p->loss.epoch,
        [STATISTIC_ROUND_TRIP_TIME] = p->rtt,
        [STATISTIC_ROUND_TRIP_TIME_VARIANCE] = p->rtt_variance,
        [STATISTIC_LAST_ROUND_TRIP_TIME] = p->last_rtt,
        [STATISTIC_LAST_ROUND_TRIP_TIME_VARIANCE] = p->last_rtt_variance,
        [STATISTIC_PACKET_THROTTLE] = p->throttle,
        [STATISTIC_PACKET_THROTTLE_LIMIT] = p->throttle_limit,
        [STATISTIC_PACKET_THROTTLE_COUNTER] = p->throttle_counter,
        [STATISTIC_PACKET_THROTTLE_EPOCH] = (uint64_t)p->throttle_epoch,
        [STATISTIC_PACKET_THROTTLE_ACCELERATION] = p->throttle_acceleration,
        [STATISTIC_PACKET_THROTTLE_DECELERATION] = p->throttle_deceleration,
        [STATISTIC_PACKET_THROTTLE_INTERVAL] = p->throttle_interval,
    };
    _Static_assert(sizeof values / sizeof *values == STATISTIC_COUNT, "a value for each statistic");
    return which < STATISTIC_COUNT ? (int64_t)(values[which] & 0xFFFFFFFFu) : GDE_ERR_ARGUMENT;
}

void gde_add_summary(gde_engine *e, gde_summary *sums) {
    static const uint32_t bounds[] = ROUND_TRIP_BOUNDS;
    enum { CLASSES = sizeof bounds / sizeof *bounds };
    sums->half_open += e->half_count;
    sums->queued_data += e->queued_data;
    sums->buffered_data += e->buffered_bytes;
    for (uint32_t i = 0; i < e->fresh; i++) {
        const peer *p = e->slots[i];
        if (!p) continue;
        sums->packets_queued += p->queued_count;
        sums->reliable_data_in_transit += p->reliable_data_in_transit;
        if (in_session(p)) {
            uint32_t class = 0;
            while (class < CLASSES && p->rtt > bounds[class]) class++;
            sums->round_trip_times[class]++;
            sums->connected++;
            sums->packet_loss += p->loss.mean;
            sums->packet_throttle += p->throttle;
            sums->round_trip_time += p->rtt;
        } else if (p->state == STATE_CONNECTING || p->state == STATE_ACKNOWLEDGING_CONNECT) {
            sums->connecting++;
        } else {
            sums->disconnecting++;
        }
    }
}

void gde_on_unreachable(gde_engine *e, const gde_address *address, uint32_t cause) {
    for (uint32_t i = 0; i < e->fresh; i++) {
        const peer *p = e->slots[i];
        if (p && p->state == STATE_CONNECTING && same_address(&p->address, address)) {
            engine_drop(e, cause, address);
            return;
        }
    }
}

uint32_t gde_channel_limit(gde_engine *e) { return e->channel_limit; }

int32_t gde_drops(gde_engine *e, uint64_t *counts, int32_t capacity) {
    for (int32_t i = 0; i < DROP_COUNT && i < capacity; i++) counts[i] = e->drops[i];
    return DROP_COUNT;
}
