/* What the program may ask of an engine, and what it may look at (see engine.py). */
#include "internal.h"

/* From the user */

int64_t gde_connect(gde_engine *e, const gde_address *to, uint32_t channels, uint32_t data, uint32_t any_source) {
    if (e->peer_total >= e->config.peer_count) return GDE_ERR_NO_FREE_PEER;
    uint32_t number = MAXIMUM_PEER_ID, draw = 0; /* the slot's, and its sessions, as in ENet */
    if (e->config.half_open_limit) {
        /* Whoever forges answers shall have to guess them. */
        draw = engine_random(e);
        number = free_number(e, to, (draw & 0xFFFF) % MAXIMUM_PEER_ID);
    }
    peer *p = table_allocate(e, to, number, NULL);
    if (!p) return GDE_ERR_MEMORY;
    if (e->config.half_open_limit) {
        p->incoming_session = draw >> 16 & 3;
        p->outgoing_session = draw >> 18 & 3;
    }
    if (any_source) table_set_any_source(e, p);
    p->channel_count = max32(1, min32(channels, MAXIMUM_CHANNEL_COUNT));
    change_state(e, p, STATE_CONNECTING);
    set_mtu(e, p, p->mtu);
    p->window_size = e->outgoing_bandwidth == 0
                         ? MAXIMUM_WINDOW_SIZE
                         : clamp_window(e->outgoing_bandwidth / WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE);
    uint8_t tail[CONNECT_SIZE - HEAD_SIZE], *at = write16(tail, p->number);
    *at++ = p->incoming_session;
    *at++ = p->outgoing_session;
    at = write32(write32(write32(at, p->mtu), p->window_size), p->channel_count);
    at = write32(write32(at, e->incoming_bandwidth), e->outgoing_bandwidth);
    at = write32(write32(write32(at, p->throttle_interval), p->throttle_acceleration), p->throttle_deceleration);
    write32(write32_little(at, p->connect_id), data);
    if (!queue_control(e, p, COMMAND_CONNECT, tail, sizeof tail)) {
        peer_release(e, p);
        return GDE_ERR_MEMORY;
    }
    return (int64_t)p->handle;
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
    int32_t result = GDE_OK;
    for (uint32_t i = 0; i < e->fresh; i++) {
        peer *p = e->slots[i];
        if (p && p->state == STATE_CONNECTED && queue_packet(e, p, id, data, length, flags, &shared) == GDE_ERR_MEMORY)
            result = GDE_ERR_MEMORY;
    }
    body_release(shared);
    return result;
}

void gde_set_untaken(gde_engine *e, uint64_t handle, uint32_t packets, uint64_t size) {
    peer *p = table_get(e, handle);
    if (!p) return;
    uint64_t more = size - p->untaken_data, cost = more + KEPT_OVERHEAD * ((uint64_t)packets - p->untaken);
    p->untaken = packets;
    p->untaken_data = size;
    p->waiting_data += more;
    p->kept += cost;
    e->kept += cost;
}

int32_t gde_ping(gde_engine *e, uint64_t handle) {
    peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    return p->state == STATE_CONNECTED && !queue_ping(e, p) ? GDE_ERR_MEMORY : GDE_OK;
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
    uint8_t tail[THROTTLE_CONFIGURE_SIZE - HEAD_SIZE];
    write32(write32(write32(tail, values[0]), values[1]), values[2]);
    return !in_session(p) || queue_control(e, p, COMMAND_THROTTLE_CONFIGURE, tail, sizeof tail);
}

int32_t gde_configure(gde_engine *e, uint64_t handle, uint32_t option, uint32_t a, uint32_t b, uint32_t c) {
    peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    switch (option) {
    case OPTION_PING_INTERVAL:
        p->ping_interval = a ? a : DEFAULT_PING_INTERVAL;
        break;
    case OPTION_TIMEOUT:
        p->timeout_limit = a ? a : DEFAULT_TIMEOUT_LIMIT;
        p->timeout_minimum = b ? b : DEFAULT_TIMEOUT_MINIMUM;
        p->timeout_maximum = c ? c : DEFAULT_TIMEOUT_MAXIMUM;
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

int32_t gde_set_compressor(gde_engine *e, uint32_t mode) {
    if (mode >= CODEC_COUNT) return GDE_ERR_ARGUMENT;
    e->compressor = mode;
    return GDE_OK;
}

/* Looking */

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
        .reliable_data_in_transit = (uint32_t)p->reliable_data_in_transit,
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
        [STATISTIC_PACKET_LOSS] = p->packet_loss,
        [STATISTIC_PACKET_LOSS_VARIANCE] = p->packet_loss_variance,
        [STATISTIC_PACKET_LOSS_EPOCH] = (uint64_t)p->packet_loss_epoch,
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

uint32_t gde_channel_limit(gde_engine *e) { return e->channel_limit; }

int32_t gde_drops(gde_engine *e, uint64_t *counts, int32_t capacity) {
    for (int32_t i = 0; i < DROP_COUNT && i < capacity; i++) counts[i] = e->drops[i];
    return DROP_COUNT;
}
