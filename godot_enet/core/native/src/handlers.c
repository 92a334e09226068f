/* A handler for each command of a peer (see handlers.py, which this follows function by function). */
#include "internal.h"

static channel *data_channel(gde_engine *e, peer *p, uint32_t id) {
    if (id >= p->channel_count) {
        engine_drop(e, DROP_WRONG_CHANNEL, &p->address);
        return NULL;
    }
    return peer_channel(p, id);
}

static bool data_span(gde_engine *e, peer *p, const uint8_t *at, uint32_t length, const uint8_t *end, span *out) {
    if ((size_t)(end - at) < length) {
        engine_drop(e, DROP_MALFORMED, &p->address);
        return false;
    }
    if (length > e->config.maximum_packet_size) {
        engine_drop(e, DROP_PACKET_TOO_LARGE, &p->address);
        return false;
    }
    *out = (span){at, length, false};
    return true;
}

static bool handle_acknowledge(gde_engine *e, peer *p, const uint8_t *at, int64_t now) {
    acknowledge_fields ack = parse_acknowledge(at);
    command **c = find_unacknowledged(e, p, (uint32_t)parse_head(at).channel << 16 | ack.received_sequence);
    if (!c || !command_was_sent_at(*c, ack.received_sent_time)) return in_session(p);
    int64_t sent_time = ack.received_sent_time | (now & ~(int64_t)0xFFFF);
    if ((sent_time & 0x8000) > (now & 0x8000)) sent_time -= 0x10000;
    if (now < sent_time) return true;
    p->validation_credit = -1;
    sample_round_trip(p, now > sent_time ? (uint64_t)(now - sent_time) : 1, now);
    uint8_t number = (*c)->number;
    acknowledge(e, p, c, sent_time);
    switch (p->state) {
    case STATE_ACKNOWLEDGING_CONNECT:
        if (number != COMMAND_VERIFY_CONNECT) return false;
        peer_connected(e, p);
        break;
    case STATE_DISCONNECTING:
        if (number != COMMAND_DISCONNECT) return false;
        peer_lost(e, p);
        break;
    case STATE_DISCONNECT_LATER:
        if (!has_outgoing(p)) begin_disconnect(e, p, p->event_data);
        break;
    default:
        break;
    }
    return true;
}

UNCOMMON static bool handle_verify_connect(gde_engine *e, peer *p, const uint8_t *at) {
    verify_connect_fields verify = parse_verify_connect(at);
    if (verify.connect_id != p->connect_id) {
        engine_drop(e, DROP_CONNECT_REFUSED, &p->address);
        return false;
    }
    if (verify.channel_count < 1 || verify.channel_count > MAXIMUM_CHANNEL_COUNT || verify.peer_id >= MAXIMUM_PEER_ID ||
        verify.throttle_interval != p->throttle_interval || verify.throttle_acceleration != p->throttle_acceleration ||
        verify.throttle_deceleration != p->throttle_deceleration) {
        engine_drop(e, DROP_CONNECT_REFUSED, &p->address);
        p->event_data = 0;
        become_zombie(e, p, REASON_REFUSED);
        return false;
    }
    command **c = find_unacknowledged(e, p, (uint32_t)CONTROL_CHANNEL << 16 | 1);
    if (c) acknowledge(e, p, c, NEVER_SENT);
    p->channel_count = (uint8_t)min32(p->channel_count, verify.channel_count);
    p->outgoing_peer_id = verify.peer_id;
    p->incoming_control = parse_head(at).sequence;
    p->incoming_session = verify.incoming_session & 3;
    p->outgoing_session = verify.outgoing_session & 3;
    set_mtu(e, p, min32(p->mtu, clamp_mtu(verify.mtu)));
    p->window_size = min32(p->window_size, clamp_window(verify.window_size));
    p->incoming_bandwidth = verify.incoming_bandwidth;
    p->outgoing_bandwidth = verify.outgoing_bandwidth;
    peer_connected(e, p);
    return true;
}

/* Whether a control command's number is close to earlier ones. */
static bool is_next_control(peer *p, const uint8_t *at) {
    head_fields head = parse_head(at);
    uint16_t number = (uint16_t)(head.sequence - p->incoming_control);
    if (head.channel != CONTROL_CHANNEL || (number > CONTROL_WINDOW && number < 0x10000 - CONTROL_WINDOW)) return false;
    if (number <= CONTROL_WINDOW) p->incoming_control = (uint16_t)(p->incoming_control + number);
    return true;
}

/* The same, but drops a command that is not. */
static bool check_control(gde_engine *e, peer *p, const uint8_t *at, span *data) {
    data->refused = !is_next_control(p, at);
    if (data->refused) engine_drop(e, DROP_WRONG_SESSION, &p->address);
    return !data->refused;
}

UNCOMMON static void handle_disconnect(gde_engine *e, peer *p, const uint8_t *at, int64_t now, span *data) {
    uint8_t state = p->state;
    if (state != STATE_CONNECTING && !check_control(e, p, at, data)) return;
    reset_queues(e, p);
    if (state == STATE_DISCONNECTING || state == STATE_CONNECTING) {
        become_zombie(e, p, state == STATE_DISCONNECTING ? REASON_LOCAL : REASON_REMOTE);
    } else if (state == STATE_ACKNOWLEDGING_CONNECT) {
        peer_release(e, p);
        return;
    } else if (parse_head(at).command & COMMAND_FLAG_ACKNOWLEDGE) {
        change_state(e, p, STATE_ACKNOWLEDGING_DISCONNECT);
        p->deadline = now + p->timeouts.maximum;
        p->has_deadline = true;
        schedule(e, p);
    } else {
        become_zombie(e, p, REASON_REMOTE);
    }
    p->event_data = parse_disconnect(at).data;
}

/* Whether a packet of `total` bytes, split into equally long fragments except for the last, has this fragment. ENet
 * splits packets that way. Otherwise two fragments of one byte could claim to be a packet of the maximum size.
 * enet: peer.c: enet_peer_send. */
static bool is_cut_evenly(const send_fragment_fields *fragment) {
    uint64_t count = fragment->fragment_count, number = fragment->fragment_number, length = fragment->length;
    uint64_t total = fragment->total_length, offset = fragment->fragment_offset;
    if (number < count - 1) return offset == number * length && (count - 1) * length < total && total <= count * length;
    if (offset + length != total) return false;
    return number ? offset % number == 0 && offset >= number * length : offset == 0;
}

static bool handle_fragment(gde_engine *e, peer *p, const uint8_t *at, const uint8_t *body_at, const uint8_t *end,
                            span *data) {
    head_fields head = parse_head(at);
    send_fragment_fields fragment = parse_send_fragment(at);
    channel *c = data_channel(e, p, head.channel);
    if (!c || !data_span(e, p, body_at, fragment.length, end, data)) return false;
    if (data->length == 0) {
        engine_drop(e, DROP_MALFORMED, &p->address);
        return false;
    }
    bool is_reliable = (head.command & COMMAND_MASK) == COMMAND_SEND_FRAGMENT;
    uint16_t reliable = head.sequence, start = fragment.start_sequence;
    if (!channel_accepts(c, is_reliable ? start : reliable)) return true;
    if (!is_reliable && reliable == c->incoming_reliable && start <= c->incoming_unreliable) return true;
    bool is_too_large = fragment.total_length > e->config.maximum_packet_size;
    if (fragment.fragment_count > MAXIMUM_FRAGMENT_COUNT || fragment.fragment_number >= fragment.fragment_count ||
        is_too_large || !is_cut_evenly(&fragment)) {
        engine_drop(e, is_too_large ? DROP_PACKET_TOO_LARGE : DROP_MALFORMED, &p->address);
        return false;
    }
    data->refused = is_reliable ? !receive_fragment(e, p, c, head.channel, &fragment, data->at)
                                : !receive_unreliable_fragment(e, p, c, head.channel, reliable, &fragment, data->at);
    return true;
}

static void handle_bandwidth_limit(gde_engine *e, peer *p, bandwidth_limit_fields limit) {
    e->limited_peers += (uint32_t)(limit.incoming_bandwidth != 0) - (uint32_t)(p->incoming_bandwidth != 0);
    p->incoming_bandwidth = limit.incoming_bandwidth;
    p->outgoing_bandwidth = limit.outgoing_bandwidth;
    p->window_size = window_for(e->outgoing_bandwidth, p->incoming_bandwidth);
}

static void handle_throttle_configure(peer *p, throttle_configure_fields configure) {
    p->throttle_interval = configure.interval;
    p->throttle_acceleration = configure.acceleration;
    p->throttle_deceleration = configure.deceleration;
}

bool handle_command(gde_engine *e, peer *p, const uint8_t *at, const uint8_t *body_at, const uint8_t *end, int64_t now,
                    span *data) {
    head_fields head = parse_head(at);
    uint32_t id = head.channel, number = head.command & COMMAND_MASK;
    channel *c;
    if (!state_takes(p->state, number)) {
        if (state_ignores(p->state, number)) return true;
        engine_drop(e, DROP_WRONG_STATE, &p->address);
        return false;
    }
    switch (number) {
    case COMMAND_ACKNOWLEDGE:
        return handle_acknowledge(e, p, at, now);
    case COMMAND_VERIFY_CONNECT:
        return handle_verify_connect(e, p, at);
    case COMMAND_DISCONNECT:
        handle_disconnect(e, p, at, now, data);
        return true;
    case COMMAND_PING:
        is_next_control(p, at);
        return true;
    case COMMAND_SEND_RELIABLE:
        c = data_channel(e, p, id);
        if (!c || !data_span(e, p, body_at, parse_send_reliable(at).length, end, data)) return false;
        data->refused = !receive_reliable(e, p, c, id, head.sequence, data->at, data->length);
        return true;
    case COMMAND_SEND_UNRELIABLE:
        c = data_channel(e, p, id);
        if (!c || !data_span(e, p, body_at, parse_send_unreliable(at).length, end, data)) return false;
        data->refused = !receive_unreliable(e, p, c, id, head.sequence, parse_send_unreliable(at).unreliable_sequence,
                                            data->at, data->length);
        return true;
    case COMMAND_SEND_UNSEQUENCED:
        c = data_channel(e, p, id);
        if (!c || !data_span(e, p, body_at, parse_send_unsequenced(at).length, end, data)) return false;
        data->refused = !receive_unsequenced(e, p, id, parse_send_unsequenced(at).group, data->at, data->length);
        return true;
    case COMMAND_SEND_FRAGMENT:
    case COMMAND_SEND_UNRELIABLE_FRAGMENT:
        return handle_fragment(e, p, at, body_at, end, data);
    case COMMAND_BANDWIDTH_LIMIT:
        if (!check_control(e, p, at, data)) return true;
        handle_bandwidth_limit(e, p, parse_bandwidth_limit(at));
        return true;
    case COMMAND_THROTTLE_CONFIGURE:
        if (!check_control(e, p, at, data)) return true;
        handle_throttle_configure(p, parse_throttle_configure(at));
        return true;
    default:
        return false;
    }
}
