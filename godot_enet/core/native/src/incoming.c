/* From datagrams to commands (see incoming.py, which this follows function by function). Reads no byte that it has
 * not checked to be there, and answers nothing that the sender could not have asked for. */
#include "internal.h"

#include <stdlib.h>

static const uint8_t SIZES[COMMAND_MASK + 1] = COMMAND_SIZES;
_Static_assert(COMMAND_COUNT <= COMMAND_MASK + 1, "a size for each command");

/* The data of a command, and whether there was no room for it: then it is not acknowledged. */
typedef struct {
    const uint8_t *at;
    uint32_t length;
    bool refused;
} span;

static channel *data_channel(gde_engine *e, peer *p, uint32_t id) {
    if (!in_session(p)) {
        engine_drop(e, DROP_WRONG_STATE, &p->address);
        return NULL;
    }
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

static bool check_session(gde_engine *e, peer *p) {
    if (in_session(p)) return true;
    engine_drop(e, DROP_WRONG_STATE, &p->address);
    return false;
}

static bool handle_acknowledge(gde_engine *e, peer *p, const uint8_t *at, int64_t now) {
    if (p->state == STATE_CONNECTING) return true;
    uint16_t sequence = read16(at + ACKNOWLEDGE_RECEIVED_SEQUENCE), time = read16(at + ACKNOWLEDGE_RECEIVED_SENT_TIME);
    command *c = find_unacknowledged(e, p, (uint32_t)at[HEAD_CHANNEL] << 16 | sequence);
    if (!c || !command_has_left(c, time)) return in_session(p);
    int64_t sent_time = time | (now & ~(int64_t)0xFFFF);
    if ((sent_time & 0x8000) > (now & 0x8000)) sent_time -= 0x10000;
    if (now < sent_time) return true;
    p->trial = -1;
    sample_round_trip(p, now > sent_time ? (uint64_t)(now - sent_time) : 1, now);
    uint8_t number = c->number;
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
        if (!has_outgoing(p)) disconnect_peer(e, p, p->event_data, MODE_NORMAL, now);
        break;
    default:
        break;
    }
    return true;
}

static bool handle_verify_connect(gde_engine *e, peer *p, const uint8_t *at) {
    if (p->state != STATE_CONNECTING) return true;
    uint32_t peer_id = read16(at + VERIFY_CONNECT_PEER_ID), channels = read32(at + VERIFY_CONNECT_CHANNEL_COUNT);
    if (read32_little(at + VERIFY_CONNECT_CONNECT_ID) != p->connect_id) {
        engine_drop(e, DROP_CONNECT_REFUSED, &p->address);
        return false;
    }
    if (channels < 1 || channels > MAXIMUM_CHANNEL_COUNT || peer_id >= MAXIMUM_PEER_ID ||
        read32(at + VERIFY_CONNECT_THROTTLE_INTERVAL) != p->throttle_interval ||
        read32(at + VERIFY_CONNECT_THROTTLE_ACCELERATION) != p->throttle_acceleration ||
        read32(at + VERIFY_CONNECT_THROTTLE_DECELERATION) != p->throttle_deceleration) {
        engine_drop(e, DROP_CONNECT_REFUSED, &p->address);
        p->event_data = 0;
        become_zombie(e, p, REASON_REFUSED);
        return false;
    }
    command *c = find_unacknowledged(e, p, (uint32_t)CONTROL_CHANNEL << 16 | 1);
    if (c) acknowledge(e, p, c, NEVER_SENT);
    p->channel_count = min32(p->channel_count, channels);
    p->outgoing_peer_id = (uint16_t)peer_id;
    p->incoming_control = read16(at + HEAD_SEQUENCE);
    p->incoming_session = at[VERIFY_CONNECT_INCOMING_SESSION] & 3;
    p->outgoing_session = at[VERIFY_CONNECT_OUTGOING_SESSION] & 3;
    set_mtu(e, p, min32(p->mtu, clamp_mtu(read32(at + VERIFY_CONNECT_MTU))));
    p->window_size = min32(p->window_size, clamp_window(read32(at + VERIFY_CONNECT_WINDOW_SIZE)));
    p->incoming_bandwidth = read32(at + VERIFY_CONNECT_INCOMING_BANDWIDTH);
    p->outgoing_bandwidth = read32(at + VERIFY_CONNECT_OUTGOING_BANDWIDTH);
    peer_connected(e, p);
    return true;
}

/* Whether a control command's number fits those that came before. */
static bool is_next_control(peer *p, const uint8_t *at) {
    uint16_t number = (uint16_t)(read16(at + HEAD_SEQUENCE) - p->incoming_control);
    if (at[HEAD_CHANNEL] != CONTROL_CHANNEL || (number > CONTROL_WINDOW && number < 0x10000 - CONTROL_WINDOW))
        return false;
    if (number <= CONTROL_WINDOW) p->incoming_control = (uint16_t)(p->incoming_control + number);
    return true;
}

/* The same, where one that does not is dropped. */
static bool check_control(gde_engine *e, peer *p, const uint8_t *at, span *data) {
    data->refused = !is_next_control(p, at);
    if (data->refused) engine_drop(e, DROP_WRONG_SESSION, &p->address);
    return !data->refused;
}

static void handle_disconnect(gde_engine *e, peer *p, const uint8_t *at, int64_t now, span *data) {
    uint8_t state = p->state;
    if (state == STATE_ACKNOWLEDGING_DISCONNECT || state == STATE_ZOMBIE) return;
    if (state != STATE_CONNECTING && !check_control(e, p, at, data)) return;
    reset_queues(e, p);
    if (state == STATE_DISCONNECTING || state == STATE_CONNECTING) {
        become_zombie(e, p, state == STATE_DISCONNECTING ? REASON_LOCAL : REASON_REMOTE);
    } else if (state == STATE_ACKNOWLEDGING_CONNECT) {
        peer_release(e, p);
        return;
    } else if (at[HEAD_COMMAND] & COMMAND_FLAG_ACKNOWLEDGE) {
        change_state(e, p, STATE_ACKNOWLEDGING_DISCONNECT);
        p->deadline = now + p->timeout_maximum;
        p->has_deadline = true;
        schedule(e, p);
    } else {
        become_zombie(e, p, REASON_REMOTE);
    }
    p->event_data = read32(at + DISCONNECT_DATA);
}

/* Whether a packet of `total` bytes has this fragment, if all are equally long but for the last. ENet cuts packets so.
 * Otherwise two fragments of one byte could claim to be a packet of the greatest size.
 * enet: peer.c: enet_peer_send. */
static bool is_cut_evenly(uint64_t count, uint64_t number, uint64_t total, uint64_t offset, uint64_t length) {
    if (number < count - 1)
        return offset == number * length && (count - 1) * length < total && total <= count * length;
    if (offset + length != total) return false;
    return number ? offset % number == 0 && offset >= number * length : offset == 0;
}

static bool handle_fragment(gde_engine *e, peer *p, const uint8_t *at, const uint8_t *body_at, const uint8_t *end,
                            span *data) {
    uint32_t id = at[HEAD_CHANNEL];
    uint16_t reliable = read16(at + HEAD_SEQUENCE), start = read16(at + SEND_FRAGMENT_START);
    uint32_t count = read32(at + SEND_FRAGMENT_COUNT), number = read32(at + SEND_FRAGMENT_NUMBER);
    uint32_t total = read32(at + SEND_FRAGMENT_TOTAL), offset = read32(at + SEND_FRAGMENT_OFFSET);
    channel *c = data_channel(e, p, id);
    if (!c || !data_span(e, p, body_at, read16(at + SEND_FRAGMENT_LENGTH), end, data)) return false;
    if (data->length == 0) {
        engine_drop(e, DROP_MALFORMED, &p->address);
        return false;
    }
    bool is_reliable = (at[HEAD_COMMAND] & COMMAND_MASK) == COMMAND_SEND_FRAGMENT;
    if (!channel_accepts(c, is_reliable ? start : reliable)) return true;
    if (!is_reliable && reliable == c->incoming_reliable && start <= c->incoming_unreliable) return true;
    if (count > MAXIMUM_FRAGMENT_COUNT || number >= count || total > e->config.maximum_packet_size ||
        !is_cut_evenly(count, number, total, offset, data->length)) {
        engine_drop(e, total > e->config.maximum_packet_size ? DROP_PACKET_TOO_LARGE : DROP_MALFORMED, &p->address);
        return false;
    }
    if (is_reliable)
        data->refused = !receive_fragment(e, p, c, id, start, count, number, total, offset, data->at, data->length);
    else
        data->refused = !receive_unreliable_fragment(e, p, c, id, reliable, start, count, number, total, offset,
                                                     data->at, data->length);
    return true;
}

/* Returns false to give up on the rest of the datagram; `data` is what followed the command. */
static bool handle(gde_engine *e, peer *p, const uint8_t *at, const uint8_t *body_at, const uint8_t *end, int64_t now,
                   span *data) {
    uint32_t id = at[HEAD_CHANNEL];
    channel *c;
    switch (at[HEAD_COMMAND] & COMMAND_MASK) {
    case COMMAND_ACKNOWLEDGE:
        return handle_acknowledge(e, p, at, now);
    case COMMAND_VERIFY_CONNECT:
        return handle_verify_connect(e, p, at);
    case COMMAND_DISCONNECT:
        handle_disconnect(e, p, at, now, data);
        return true;
    case COMMAND_PING:
        if (!check_session(e, p)) return false;
        is_next_control(p, at);
        return true;
    case COMMAND_SEND_RELIABLE:
        c = data_channel(e, p, id);
        if (!c || !data_span(e, p, body_at, read16(at + SEND_RELIABLE_LENGTH), end, data)) return false;
        data->refused = !receive_reliable(e, p, c, id, read16(at + HEAD_SEQUENCE), data->at, data->length);
        return true;
    case COMMAND_SEND_UNRELIABLE:
        c = data_channel(e, p, id);
        if (!c || !data_span(e, p, body_at, read16(at + SEND_UNRELIABLE_LENGTH), end, data)) return false;
        data->refused = !receive_unreliable(e, p, c, id, read16(at + HEAD_SEQUENCE),
                                            read16(at + SEND_UNRELIABLE_UNRELIABLE_SEQUENCE), data->at, data->length);
        return true;
    case COMMAND_SEND_UNSEQUENCED:
        c = data_channel(e, p, id);
        if (!c || !data_span(e, p, body_at, read16(at + SEND_UNSEQUENCED_LENGTH), end, data)) return false;
        data->refused =
            !receive_unsequenced(e, p, id, read16(at + SEND_UNSEQUENCED_GROUP), data->at, data->length);
        return true;
    case COMMAND_SEND_FRAGMENT:
    case COMMAND_SEND_UNRELIABLE_FRAGMENT:
        return handle_fragment(e, p, at, body_at, end, data);
    case COMMAND_BANDWIDTH_LIMIT:
        if (!check_session(e, p)) return false;
        if (!check_control(e, p, at, data)) return true;
        e->limited_peers += (uint32_t)(read32(at + BANDWIDTH_LIMIT_INCOMING_BANDWIDTH) != 0) -
                            (uint32_t)(p->incoming_bandwidth != 0);
        p->incoming_bandwidth = read32(at + BANDWIDTH_LIMIT_INCOMING_BANDWIDTH);
        p->outgoing_bandwidth = read32(at + BANDWIDTH_LIMIT_OUTGOING_BANDWIDTH);
        p->window_size = window_for(e->outgoing_bandwidth, p->incoming_bandwidth);
        return true;
    case COMMAND_THROTTLE_CONFIGURE:
        if (!check_session(e, p)) return false;
        if (!check_control(e, p, at, data)) return true;
        p->throttle_interval = read32(at + THROTTLE_CONFIGURE_INTERVAL);
        p->throttle_acceleration = read32(at + THROTTLE_CONFIGURE_ACCELERATION);
        p->throttle_deceleration = read32(at + THROTTLE_CONFIGURE_DECELERATION);
        return true;
    default:
        return false;
    }
}

static bool push_ack(peer *p, uint8_t id, uint16_t number, uint16_t sent_time) {
    if (p->ack_count == p->ack_capacity) {
        uint32_t waiting = p->ack_count - p->ack_first;
        if (p->ack_first >= waiting && p->ack_first) {
            memmove(p->acks, p->acks + p->ack_first, waiting * sizeof *p->acks);
            p->ack_first = 0;
            p->ack_count = waiting;
        } else {
            uint32_t capacity = p->ack_capacity ? p->ack_capacity * 2 : 8;
            ack *grown = realloc(p->acks, capacity * sizeof *grown);
            if (!grown) return false;
            p->acks = grown;
            p->ack_capacity = capacity;
        }
    }
    p->acks[p->ack_count++] = (ack){number, sent_time, id};
    p->outgoing_data_total += ACKNOWLEDGE_SIZE;
    return true;
}

static bool state_acknowledges(uint8_t state, uint32_t number) {
    switch (state) {
    case STATE_CONNECTED:
    case STATE_CONNECTING:
    case STATE_CONNECTION_PENDING:
    case STATE_CONNECTION_SUCCEEDED:
    case STATE_DISCONNECT_LATER:
        return true;
    case STATE_ACKNOWLEDGING_DISCONNECT:
        return number == COMMAND_DISCONNECT;
    default:
        return false;
    }
}

/* The commands from `at` on, of a datagram of `received` bytes whose first one is at `begin`. */
static void parse_commands(gde_engine *e, peer *p, const uint8_t *begin, const uint8_t *at, const uint8_t *end,
                           int32_t sent_time, uint32_t received, bool compressed, const gde_address *from,
                           int64_t now) {
    static const channel unused_channel;
    uint64_t handle_of_peer = p ? p->handle : 0;
    uint32_t commands = 0;
    while (at < end) {
        commands++;
        uint32_t number = at[HEAD_COMMAND] & COMMAND_MASK, size = SIZES[number];
        const uint8_t *following = at + size;
        if (!size || (size_t)(end - at) < size) {
            if (compressed && at > begin && !number) break; /* The zeros that FastLZ's short inputs are filled up with. */
            engine_drop(e, compressed && at == begin ? DROP_UNDECODABLE : DROP_MALFORMED, from);
            break;
        }
        if (number == COMMAND_CONNECT) {
            if (p) {
                engine_drop(e, DROP_CONNECT_REFUSED, from);
                break;
            }
            p = handle_connect(e, at, from, received, now);
            if (!p) break;
            handle_of_peer = p->handle;
        } else if (!p) {
            engine_drop(e, compressed && at == begin ? DROP_UNDECODABLE : DROP_UNKNOWN_PEER, from);
            break;
        } else {
            span data = {following, 0, false};
            bool good = handle(e, p, at, following, end, now, &data);
            if (!table_get(e, handle_of_peer)) return;
            if (!good || p->state == STATE_ZOMBIE) break;
            following = data.at + data.length;
            if (data.refused) {
                at = following;
                continue;
            }
        }
        if (at[HEAD_COMMAND] & COMMAND_FLAG_ACKNOWLEDGE) {
            if (sent_time < 0) break;
            if (state_acknowledges(p->state, number)) {
                uint16_t sequence = read16(at + HEAD_SEQUENCE);
                uint8_t id = at[HEAD_CHANNEL];
                const channel *c = peer_find_channel(p, id);
                if (!c) c = &unused_channel;
                if (c->incoming_reliable == sequence || id >= p->channel_count || channel_acknowledges(c, sequence))
                    push_ack(p, id, sequence, (uint16_t)sent_time);
            }
        }
        at = following;
    }
    if (p) {
        p->served_commands += commands;
        bool has_more = p->ack_count || p->queued_count;
        if (has_more) slots_add(&e->dirty, p->slot);
        /* An acknowledgement may have brought the next ping forward, or told that something is lost. */
        if (!has_more || (e->config.early_retransmit && p->sent_count)) schedule(e, p);
    }
}

/* Who sent a datagram with this header. False: it is dropped, and `*cause` says why, DROP_OVER_BUDGET that it is
 * beyond its budget. */
static bool identify(gde_engine *e, uint32_t word, const gde_address *from, peer **p, half_open **half,
                     uint32_t *cause) {
    uint32_t number = word & MAXIMUM_PEER_ID;
    *p = NULL;
    *half = NULL;
    if (number == MAXIMUM_PEER_ID) return true;
    *p = table_at(e, from, number);
    *half = *p ? NULL : half_open_at(e, from, number);
    *cause = !*p && e->number_uses[number] ? DROP_WRONG_ADDRESS : DROP_UNKNOWN_PEER;
    if (*p ? (*p)->state == STATE_ZOMBIE : !*half) return false;
    *cause = DROP_WRONG_SESSION;
    if (*half ? (word >> 12 & 3) != (*half)->incoming_session
              : (*p)->outgoing_peer_id < MAXIMUM_PEER_ID && (word >> 12 & 3) != (*p)->incoming_session)
        return false;
    *cause = DROP_OVER_BUDGET;
    return *half || !must_wait(e, *p);
}

static uint32_t header_size(const gde_engine *e, uint32_t word) {
    return (word & HEADER_SENT_TIME ? 4 : 2) + (e->config.checksum ? 4 : 0);
}

/* Whether no more is decompressed for this sender as long as the pass goes on. */
static bool is_refused(const gde_engine *e, const peer *p, const half_open *half) {
    return p ? is_suspect(e, p) : half && is_nobody_exhausted(e);
}

/* How long the commands of a compressed datagram may be, by whom it comes from; 0: it is too long to begin with. */
static uint32_t plain_limit(bool known, uint32_t header, uint32_t coded) {
    return known ? MAXIMUM_DATAGRAM - header : coded <= STRANGER_LIMIT ? STRANGER_LIMIT : 0;
}

uint32_t gde_expansion_limit(gde_engine *e, const uint8_t *data, uint32_t length, const gde_address *from) {
    peer *p;
    half_open *half;
    uint32_t cause;
    if (length < 2 || length > MAXIMUM_DATAGRAM || !(read16(data) & HEADER_COMPRESSED)) return 0;
    uint32_t word = read16(data), header = header_size(e, word);
    if (length < header || !identify(e, word, from, &p, &half, &cause) || is_refused(e, p, half)) return 0;
    return plain_limit(p || half, header, length - header);
}

void receive_datagram(gde_engine *e, const uint8_t *data, uint32_t length, uint32_t wire, bool expanded,
                      const gde_address *from, int64_t now) {
    if (length < 2 || length > MAXIMUM_DATAGRAM) {
        if (length) engine_drop(e, length < 2 ? DROP_SHORT : DROP_OVERSIZED, from);
        return;
    }
    uint32_t word = read16(data);
    uint32_t header = header_size(e, word), cause;
    if (length < header) {
        engine_drop(e, DROP_SHORT, from);
        return;
    }
    int32_t sent_time = word & HEADER_SENT_TIME ? read16(data + 2) : -1;
    peer *p;
    half_open *half;
    if (!identify(e, word, from, &p, &half, &cause)) {
        if (cause == DROP_OVER_BUDGET)
            put_off(e, p, data, length, now);
        else
            engine_drop(e, cause, from);
        return;
    }
    uint32_t coded = wire - header;
    if (word & HEADER_COMPRESSED && !expanded) {
        if (e->compressor == CODEC_NONE) {
            engine_drop(e, DROP_NO_COMPRESSOR, from);
            return;
        }
        if (is_refused(e, p, half)) {
            engine_drop(e, DROP_OVER_BUDGET, from);
            return;
        }
        uint32_t limit = plain_limit(p || half, header, coded), plain = 0;
        coding *decompress = CODECS[e->compressor].decompress;
        if (limit && decompress) plain = decompress(data + header, length - header, e->scratch + header, limit);
        if (!plain || plain > limit) { /* also where another codec's owner could not decompress it */
            engine_drop(e, DROP_UNDECODABLE, from);
            suspect(e, p, cost_of_decoding(e, coded, p || half ? limit : STRANGER_LIMIT));
            return;
        }
        memcpy(e->scratch, data, header);
        data = e->scratch;
        length = header + plain;
    }
    uint32_t cost = word & HEADER_COMPRESSED ? cost_of_decoding(e, coded, length - header) : 0;
    if (e->config.checksum) {
        uint8_t key[4];
        write32_little(key, p ? p->connect_id : half ? half->connect_id : 0);
        uint32_t crc = gde_crc32(gde_crc32(0, data, header - 4), key, 4);
        if (gde_crc32(crc, data + header, length - header) != read32(data + header - 4)) {
            engine_drop(e, DROP_CHECKSUM, from);
            suspect(e, p, cost);
            return;
        }
    }
    if (p) p->served_commands += cost;
    if (half) charge_nobody(e, cost);
    const uint8_t *begin = data + header, *at = begin;
    if (p && p->any_source && !accept_answer(e, p, begin, data + length, from)) {
        engine_drop(e, DROP_WRONG_ADDRESS, from);
        return;
    }
    if (half) {
        at = proof_end(e, half, begin, data + length, wire, now);
        if (!at || !(p = promote(e, half, now))) return;
    }
    if (p) {
        p->incoming_data_total += length;
        p->served_bytes += length;
        if (p->trial < 0) p->recovery.backoff = min32(p->recovery.backoff, PRESENT_BACKOFF);
    }
    parse_commands(e, p, begin, at, data + length, sent_time, wire, (word & HEADER_COMPRESSED) != 0, from, now);
}
