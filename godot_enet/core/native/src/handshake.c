/* The accepting side of a handshake, and which answer from elsewhere is taken (see handshake.py). */
#include "internal.h"

enum { VERIFY_TAIL = VERIFY_CONNECT_SIZE - HEAD_SIZE };

static bool has_room(gde_engine *e, const gde_address *from) {
    return e->peer_total < e->config.peer_count && table_count_from(e, from) < e->config.duplicate_peers;
}

static uint8_t next_session(uint8_t offered, uint8_t stored) {
    uint8_t session = (uint8_t)((offered == UNKNOWN_SESSION ? stored : offered) + 1) & 3;
    return session == stored ? (session + 1) & 3 : session;
}

/* Settles what both ends will use; `tail` gets the VERIFY_CONNECT that says it, from its fifth byte. */
static void agree(gde_engine *e, peer *p, const uint8_t *at, uint8_t *tail) {
    p->incoming_control = read16(at + HEAD_SEQUENCE);
    p->outgoing_peer_id = read16(at + CONNECT_PEER_ID);
    p->channel_count = min32(read32(at + CONNECT_CHANNEL_COUNT), e->channel_limit);
    p->connect_id = read32_little(at + CONNECT_CONNECT_ID);
    p->incoming_bandwidth = read32(at + CONNECT_INCOMING_BANDWIDTH);
    p->outgoing_bandwidth = read32(at + CONNECT_OUTGOING_BANDWIDTH);
    p->throttle_interval = read32(at + CONNECT_THROTTLE_INTERVAL);
    p->throttle_acceleration = read32(at + CONNECT_THROTTLE_ACCELERATION);
    p->throttle_deceleration = read32(at + CONNECT_THROTTLE_DECELERATION);
    p->event_data = read32(at + CONNECT_DATA);
    set_mtu(e, p, min32(p->mtu, clamp_mtu(read32(at + CONNECT_MTU))));
    p->window_size = window_for(e->outgoing_bandwidth, p->incoming_bandwidth);
    uint32_t granted = e->incoming_bandwidth == 0
                           ? MAXIMUM_WINDOW_SIZE
                           : e->incoming_bandwidth / WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE;
    granted = clamp_window(min32(granted, read32(at + CONNECT_WINDOW_SIZE)));
    uint8_t *to = write16(tail, p->number);
    *to++ = p->outgoing_session;
    *to++ = p->incoming_session;
    to = write32(write32(write32(to, p->mtu), granted), p->channel_count);
    to = write32(write32(to, e->incoming_bandwidth), e->outgoing_bandwidth);
    to = write32(write32(write32(to, p->throttle_interval), p->throttle_acceleration), p->throttle_deceleration);
    memcpy(to, at + CONNECT_CONNECT_ID, 4);
}

/* The peer it would be, for what must be computed from one. */
static peer as_peer(const gde_engine *e, const half_open *h) {
    return (peer){.number = h->number,
                  .address = h->address,
                  .incoming_session = h->incoming_session,
                  .outgoing_session = h->outgoing_session,
                  .mtu = e->config.mtu};
}

/* Sends one control command whose acknowledgement is the proof, if the other side has paid for it. */
static void send_unproved(gde_engine *e, half_open *h, const peer *draft, uint8_t number, const uint8_t *tail,
                          uint32_t size, int64_t now) {
    uint8_t wire[VERIFY_CONNECT_SIZE] = {number | COMMAND_FLAG_ACKNOWLEDGE, CONTROL_CHANNEL};
    uint8_t buffer[MAXIMUM_DATAGRAM + 8];
    write16(wire + HEAD_SEQUENCE, h->proof >> 16);
    if (size) memcpy(wire + HEAD_SIZE, tail, size);
    uint32_t length = seal(e, draft, wire, HEAD_SIZE + size, h->proof & 0xFFFF, buffer);
    bool outside = e->compressor == CODEC_OUTSIDE; /* then it is not known yet how long it will be */
    if (outside || half_open_pay(h, length, now)) post(e, buffer, length, &h->address, outside ? h : NULL);
}

/* Forgets records that are over, at most two of them, and the oldest where there are too many. */
static void make_room(gde_engine *e, const gde_address *from, uint32_t connect_id, int64_t now) {
    half_open *h;
    for (int i = 0; i < 2; i++) /* more than come, so that none stay */
        if ((h = half_open_expired(e, from, connect_id, now))) half_open_remove(e, h);
    if (!(h = half_open_to_evict(e, from))) return;
    engine_drop(e, DROP_HALF_OPEN_LIMIT, &h->address);
    half_open_remove(e, h);
}

uint32_t free_number(gde_engine *e, const gde_address *address, uint32_t number) {
    half_open *oldest = NULL;
    for (uint32_t looks = 0; looks < NUMBER_LOOKS; number = (number + 1) % MAXIMUM_PEER_ID) {
        if (table_at(e, address, number)) continue;
        half_open *h = half_open_at(e, address, number);
        if (!h) return number;
        if (!oldest || h->created < oldest->created) oldest = h;
        looks++;
    }
    number = oldest->number;
    half_open_remove(e, oldest);
    engine_drop(e, DROP_HALF_OPEN_LIMIT, address);
    return number;
}

/* A random session id that differs from the one that the remote used last. */
static uint8_t draw_session(uint8_t offered, uint32_t draw) {
    return (uint8_t)(offered == UNKNOWN_SESSION ? draw : offered + 1 + draw % 3) & 3;
}

static void answer(gde_engine *e, const uint8_t *at, const gde_address *from, uint32_t received, int64_t now) {
    uint32_t connect_id = read32_little(at + CONNECT_CONNECT_ID);
    half_open *h = half_open_find(e, from, connect_id, now);
    if (!h) {
        make_room(e, from, connect_id, now);
        uint32_t proof = engine_random(e), draw = engine_random(e);
        half_open made = {.number = (uint16_t)free_number(e, from, (draw & 0xFFFF) % MAXIMUM_PEER_ID),
                          .incoming_session = draw_session(at[CONNECT_OUTGOING_SESSION], draw >> 24),
                          .outgoing_session = draw_session(at[CONNECT_INCOMING_SESSION], draw >> 16 & 0xFF),
                          .address = *from,
                          .connect_id = connect_id,
                          .created = now,
                          .answered = now,
                          .proof = proof};
        memcpy(made.command, at, sizeof made.command);
        if (!(h = half_open_add(e, &made))) return; /* Without memory the CONNECT is lost, and will be repeated. */
    }
    uint8_t tail[VERIFY_TAIL];
    peer draft = as_peer(e, h);
    agree(e, &draft, h->command, tail);
    h->credit += received;
    send_unproved(e, h, &draft, COMMAND_VERIFY_CONNECT, tail, sizeof tail, now);
}

peer *handle_connect(gde_engine *e, const uint8_t *at, const gde_address *from, uint32_t received, int64_t now) {
    uint32_t peer_id = read16(at + CONNECT_PEER_ID), channels = read32(at + CONNECT_CHANNEL_COUNT);
    uint32_t connect_id = read32_little(at + CONNECT_CONNECT_ID);
    if (table_has_connection(e, from, connect_id)) {
        engine_drop(e, DROP_CONNECT_REPEATED, from);
        return NULL;
    }
    if (channels < 1 || channels > MAXIMUM_CHANNEL_COUNT || peer_id >= MAXIMUM_PEER_ID || !has_room(e, from)) {
        engine_drop(e, DROP_CONNECT_REFUSED, from);
        return NULL;
    }
    if (e->config.half_open_limit) {
        answer(e, at, from, received, now);
        return NULL;
    }
    peer *p = table_allocate(e, from, MAXIMUM_PEER_ID, &connect_id);
    if (!p) return NULL; /* Without memory the CONNECT is lost, and will be repeated. */
    uint8_t tail[VERIFY_TAIL];
    change_state(e, p, STATE_ACKNOWLEDGING_CONNECT);
    p->outgoing_session = next_session(at[CONNECT_INCOMING_SESSION], p->outgoing_session);
    p->incoming_session = next_session(at[CONNECT_OUTGOING_SESSION], p->incoming_session);
    agree(e, p, at, tail);
    if (queue_control(e, p, COMMAND_VERIFY_CONNECT, tail, sizeof tail)) return p;
    peer_release(e, p);
    return NULL;
}

/* The other side may take itself for connected: its acknowledgement was lost. */
static void ask_again(gde_engine *e, half_open *h, int64_t now) {
    uint8_t tail[VERIFY_TAIL];
    peer draft = as_peer(e, h);
    agree(e, &draft, h->command, tail);
    send_unproved(e, h, &draft, COMMAND_PING, NULL, 0, now);
}

const uint8_t *proof_end(gde_engine *e, half_open *h, const uint8_t *at, const uint8_t *end, uint32_t received,
                         int64_t now) {
    h->credit += received;
    if (end - at >= ACKNOWLEDGE_SIZE && (at[HEAD_COMMAND] & COMMAND_MASK) == COMMAND_ACKNOWLEDGE) {
        if (at[HEAD_CHANNEL] == CONTROL_CHANNEL && read32(at + ACKNOWLEDGE_RECEIVED_SEQUENCE) == h->proof)
            return at + ACKNOWLEDGE_SIZE;
        engine_drop(e, DROP_WRONG_PROOF, &h->address);
    }
    ask_again(e, h, now);
    return NULL;
}

/* The other side takes itself for connected, and would only notice by its timeout. */
static void dismiss(gde_engine *e, const half_open *h) {
    uint8_t tail[VERIFY_TAIL], buffer[MAXIMUM_DATAGRAM + 8];
    uint8_t wire[DISCONNECT_SIZE] = {COMMAND_DISCONNECT | COMMAND_FLAG_UNSEQUENCED, CONTROL_CHANNEL};
    write16(wire + HEAD_SEQUENCE, ((h->proof >> 16) + 1) & 0xFFFF);
    peer draft = as_peer(e, h);
    agree(e, &draft, h->command, tail);
    post(e, buffer, seal(e, &draft, wire, sizeof wire, -1, buffer), &h->address, NULL);
}

peer *promote(gde_engine *e, half_open *h, int64_t now) {
    if (!has_room(e, &h->address)) {
        dismiss(e, h);
        engine_drop(e, DROP_CONNECT_REFUSED, &h->address);
        half_open_remove(e, h);
        return NULL;
    }
    if (!connect_rate_has_room(e, &h->address, now)) {
        engine_drop(e, DROP_CONNECT_REFUSED, &h->address);
        return NULL;
    }
    peer *p = table_allocate(e, &h->address, h->number, &h->connect_id);
    if (!p) return NULL; /* Without memory it stays half-open, and what comes later is answered by a PING. */
    half_open proved = *h;
    half_open_remove(e, h);
    uint8_t tail[VERIFY_TAIL];
    change_state(e, p, STATE_ACKNOWLEDGING_CONNECT);
    p->incoming_session = proved.incoming_session;
    p->outgoing_session = proved.outgoing_session;
    agree(e, p, proved.command, tail);
    p->outgoing_reliable_sequence = (uint16_t)(proved.proof >> 16);
    p->trial = p->window_size;
    sample_round_trip(p, now > proved.answered ? (uint64_t)(now - proved.answered) : 1, now);
    peer_connected(e, p);
    connect_rate_count(e, &p->address);
    return p;
}

/* See handshake.py for why not any datagram will do. */
bool accept_answer(gde_engine *e, peer *p, const uint8_t *at, const uint8_t *end, const gde_address *from) {
    if (end - at < VERIFY_CONNECT_SIZE || (at[HEAD_COMMAND] & COMMAND_MASK) != COMMAND_VERIFY_CONNECT) return false;
    if (read32_little(at + VERIFY_CONNECT_CONNECT_ID) != p->connect_id) return false;
    table_move(e, p, from);
    return true;
}
