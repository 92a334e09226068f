/* The accepting side of a handshake, and which answer from elsewhere is taken (see handshake.py). */
#include "internal.h"

enum { FIRST = 1, VERIFY_TAIL = 40 };

static bool has_room(gde_engine *e, const gde_address *from) {
    return e->peer_total < e->config.peer_count && table_count_from(e, from) < e->config.duplicate_peers;
}

static uint8_t next_session(uint8_t offered, uint8_t stored) {
    uint8_t session = (uint8_t)((offered == UNKNOWN_SESSION ? stored : offered) + 1) & 3;
    return session == stored ? (session + 1) & 3 : session;
}

/* Settles what both ends will use; `tail` gets the VERIFY_CONNECT that says it, from its fifth byte. */
static void agree(gde_engine *e, peer *p, const uint8_t *at, uint8_t *tail) {
    p->outgoing_peer_id = read16(at + 4);
    p->channel_count = min32(read32(at + 16), e->channel_limit);
    p->connect_id = read32_little(at + 40);
    p->incoming_bandwidth = read32(at + 20);
    p->outgoing_bandwidth = read32(at + 24);
    p->throttle_interval = read32(at + 28);
    p->throttle_acceleration = read32(at + 32);
    p->throttle_deceleration = read32(at + 36);
    p->event_data = read32(at + 44);
    p->outgoing_session = next_session(at[6], p->outgoing_session);
    p->incoming_session = next_session(at[7], p->incoming_session);
    set_mtu(e, p, min32(p->mtu, clamp_mtu(read32(at + 8))));
    p->window_size = window_for(e->outgoing_bandwidth, p->incoming_bandwidth);
    uint32_t granted = e->incoming_bandwidth == 0
                           ? MAXIMUM_WINDOW_SIZE
                           : e->incoming_bandwidth / WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE;
    granted = clamp_window(min32(granted, read32(at + 12)));
    uint8_t *to = write16(tail, p->slot);
    *to++ = p->outgoing_session;
    *to++ = p->incoming_session;
    to = write32(write32(write32(to, p->mtu), granted), p->channel_count);
    to = write32(write32(to, e->incoming_bandwidth), e->outgoing_bandwidth);
    to = write32(write32(write32(to, p->throttle_interval), p->throttle_acceleration), p->throttle_deceleration);
    memcpy(to, at + 40, 4);
}

/* The peer it would be, for what must be computed from one. */
static peer as_peer(const gde_engine *e, const half_open *h) {
    return (peer){.slot = h->slot,
                  .address = h->address,
                  .incoming_session = e->sessions[h->slot][0],
                  .outgoing_session = e->sessions[h->slot][1],
                  .mtu = e->config.mtu};
}

/* Sends one control command whose acknowledgement is the proof, if the other side has paid for it. */
static void send_unproved(gde_engine *e, half_open *h, const peer *draft, uint8_t number, const uint8_t *tail,
                          uint32_t size, int64_t now) {
    uint8_t wire[4 + VERIFY_TAIL] = {number | FLAG_ACKNOWLEDGE, CONTROL_CHANNEL};
    uint8_t buffer[MAXIMUM_DATAGRAM + 8];
    write16(wire + 2, FIRST);
    if (size) memcpy(wire + 4, tail, size);
    uint32_t length = seal(e, draft, wire, 4 + size, h->nonce, buffer);
    bool outside = e->compressor == CODEC_OUTSIDE; /* then it is not known yet how long it will be */
    if (outside || half_open_pay(h, length, now)) post(e, buffer, length, &h->address, outside ? h : NULL);
}

static void forget(gde_engine *e, half_open *h) {
    clear_bit(e->used, h->slot);
    half_open_remove(e, h);
}

/* Forgets the records that are over, or the oldest where there are too many. Returns a slot for a new one. */
static uint32_t make_room(gde_engine *e, const gde_address *from, uint32_t connect_id, int64_t now) {
    for (;;) {
        bool good;
        half_open *h = half_open_in_the_way(e, from, connect_id, now, &good);
        uint32_t slot = h ? MAXIMUM_PEER_ID : table_reserve(e);
        if (slot < MAXIMUM_PEER_ID) return slot;
        if (!h) h = e->half_first; /* Peers cannot have all the numbers, or the host would be full. */
        if (good) engine_drop(e, DROP_HALF_OPEN_LIMIT, &h->address);
        forget(e, h);
    }
}

static void answer(gde_engine *e, const uint8_t *at, const gde_address *from, uint32_t received, int64_t now) {
    uint32_t connect_id = read32_little(at + 40);
    half_open *h = half_open_find(e, from, connect_id, now);
    if (!h) {
        half_open made = {.slot = (uint16_t)make_room(e, from, connect_id, now),
                          .address = *from,
                          .connect_id = connect_id,
                          .created = now,
                          .answered = now,
                          .nonce = (uint16_t)engine_random(e)};
        memcpy(made.command, at, sizeof made.command);
        if (!(h = half_open_add(e, &made))) {
            clear_bit(e->used, made.slot); /* Without memory the CONNECT is lost, and will be repeated. */
            return;
        }
    }
    uint8_t tail[VERIFY_TAIL];
    peer draft = as_peer(e, h);
    agree(e, &draft, h->command, tail);
    h->session = draft.incoming_session;
    h->credit += received;
    send_unproved(e, h, &draft, COMMAND_VERIFY_CONNECT, tail, sizeof tail, now);
}

peer *handle_connect(gde_engine *e, const uint8_t *at, const gde_address *from, uint32_t received, int64_t now) {
    uint32_t peer_id = read16(at + 4), channels = read32(at + 16), connect_id = read32_little(at + 40);
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
    uint32_t slot = table_reserve(e);
    peer *p = table_allocate(e, from, slot, &connect_id);
    if (!p) return NULL; /* Without memory the CONNECT is lost, and will be repeated. */
    uint8_t tail[VERIFY_TAIL];
    change_state(e, p, STATE_ACKNOWLEDGING_CONNECT);
    agree(e, p, at, tail);
    queue_control(e, p, COMMAND_VERIFY_CONNECT, tail, sizeof tail);
    return p;
}

/* The other side takes itself for connected: its acknowledgement was lost. */
static void ask_again(gde_engine *e, half_open *h, int64_t now) {
    uint8_t tail[VERIFY_TAIL];
    peer draft = as_peer(e, h);
    agree(e, &draft, h->command, tail);
    send_unproved(e, h, &draft, COMMAND_PING, NULL, 0, now);
}

const uint8_t *proof_end(gde_engine *e, half_open *h, const uint8_t *at, const uint8_t *end, uint32_t received,
                         int64_t now) {
    h->credit += received;
    while (end - at >= 8 && (at[0] & 15) == COMMAND_ACKNOWLEDGE) {
        const uint8_t *acknowledgement = at;
        at += 8;
        if (acknowledgement[1] == CONTROL_CHANNEL && read16(acknowledgement + 4) == FIRST) {
            if (read16(acknowledgement + 6) == h->nonce) return at;
            if (++h->mistakes >= HALF_OPEN_MISTAKES) break; /* A long datagram would hold five hundred guesses. */
        }
    }
    if (h->mistakes >= HALF_OPEN_MISTAKES) {
        engine_drop(e, DROP_WRONG_PROOF, &h->address);
        forget(e, h);
    } else {
        ask_again(e, h, now);
    }
    return NULL;
}

/* The other side takes itself for connected, and would only notice by its time-out. */
static void dismiss(gde_engine *e, const half_open *h) {
    uint8_t tail[VERIFY_TAIL], buffer[MAXIMUM_DATAGRAM + 8];
    uint8_t wire[8] = {COMMAND_DISCONNECT | FLAG_UNSEQUENCED, CONTROL_CHANNEL, 0, FIRST};
    peer draft = as_peer(e, h);
    agree(e, &draft, h->command, tail);
    post(e, buffer, seal(e, &draft, wire, sizeof wire, -1, buffer), &h->address, NULL);
}

peer *promote(gde_engine *e, half_open *h, int64_t now) {
    half_open proved = *h;
    half_open_remove(e, h);
    if (!has_room(e, &proved.address)) {
        dismiss(e, &proved);
        clear_bit(e->used, proved.slot);
        engine_drop(e, DROP_CONNECT_REFUSED, &proved.address);
        return NULL;
    }
    peer *p = table_allocate(e, &proved.address, proved.slot, &proved.connect_id);
    if (!p) return NULL;
    uint8_t tail[VERIFY_TAIL];
    change_state(e, p, STATE_ACKNOWLEDGING_CONNECT);
    agree(e, p, proved.command, tail);
    p->outgoing_reliable_sequence = FIRST;
    p->proof = proved.nonce;
    sample_round_trip(p, now > proved.answered ? (uint64_t)(now - proved.answered) : 1, now);
    peer_connected(e, p);
    return p;
}

/* See handshake.py for why not any datagram will do. */
bool accept_answer(gde_engine *e, peer *p, const uint8_t *at, const uint8_t *end, const gde_address *from) {
    if (end - at < 4 + VERIFY_TAIL || (at[0] & 15) != COMMAND_VERIFY_CONNECT) return false;
    if (read32_little(at + 40) != p->connect_id) return false;
    p->any_source = false;
    table_move(e, p, from);
    return true;
}
