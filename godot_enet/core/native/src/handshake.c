/* From a CONNECT to a peer (see handshake.py, which this follows function by function). */
#include "internal.h"

static bool has_room(gde_engine *e, const gde_address *from) {
    if (e->refusing) return false;
    if (e->group && !group_has_room(e, from)) return false;
    return e->peer_total < e->config.peer_count && table_count_from(e, from) < e->config.duplicate_peers;
}

static uint8_t next_session(uint8_t offered, uint8_t stored) {
    uint8_t session = (uint8_t)((offered == UNKNOWN_SESSION ? stored : offered) + 1) & 3;
    return session == stored ? (session + 1) & 3 : session;
}

/* Settles the parameters that both ends will use. Returns the VERIFY_CONNECT with them. */
static verify_connect_fields negotiate(gde_engine *e, peer *p, const uint8_t *at) {
    connect_fields connect = parse_connect(at);
    p->incoming_control = parse_head(at).sequence;
    p->outgoing_peer_id = connect.peer_id;
    p->channel_count = (uint8_t)min32(connect.channel_count, e->channel_limit);
    p->connect_id = connect.connect_id;
    p->incoming_bandwidth = connect.incoming_bandwidth;
    p->outgoing_bandwidth = connect.outgoing_bandwidth;
    p->throttle_interval = connect.throttle_interval;
    p->throttle_acceleration = connect.throttle_acceleration;
    p->throttle_deceleration = connect.throttle_deceleration;
    p->event_data = connect.data;
    set_mtu(e, p, min32(p->mtu, clamp_mtu(connect.mtu)));
    p->window_size = window_for(e->outgoing_bandwidth, p->incoming_bandwidth);
    uint32_t granted = e->incoming_bandwidth == 0 ? MAXIMUM_WINDOW_SIZE
                                                  : e->incoming_bandwidth / WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE;
    return (verify_connect_fields){.peer_id = p->number,
                                   .incoming_session = p->outgoing_session,
                                   .outgoing_session = p->incoming_session,
                                   .mtu = p->mtu,
                                   .window_size = clamp_window(min32(granted, connect.window_size)),
                                   .channel_count = p->channel_count,
                                   .incoming_bandwidth = e->incoming_bandwidth,
                                   .outgoing_bandwidth = e->outgoing_bandwidth,
                                   .throttle_interval = p->throttle_interval,
                                   .throttle_acceleration = p->throttle_acceleration,
                                   .throttle_deceleration = p->throttle_deceleration,
                                   .connect_id = p->connect_id};
}

/* The number of a record that will be refused: its client never learns one, and sends this one. */
enum { NO_NUMBER = MAXIMUM_PEER_ID };

/* The peer that it would become, for computations that need one. */
static peer as_peer(const gde_engine *e, const half_open *h) {
    return (peer){.number = h->number,
                  .address = h->address,
                  .incoming_session = h->incoming_session,
                  .outgoing_session = h->outgoing_session,
                  .mtu = (uint16_t)e->config.mtu};
}

/* Sends one control command, complete except for its head, whose acknowledgement is the proof, if the credit of the
 * address allows it. */
static void send_unproved(gde_engine *e, half_open *h, const peer *draft, uint8_t number, uint8_t *wire, uint32_t size,
                          int64_t now) {
    uint8_t buffer[MAXIMUM_DATAGRAM + 8];
    build_head(wire, &(head_fields){number | COMMAND_FLAG_ACKNOWLEDGE, CONTROL_CHANNEL, (uint16_t)(h->proof >> 16)});
    uint32_t length = seal(e, draft, wire, size, h->proof & 0xFFFF, buffer);
    bool outside = e->compressor == CODEC_OUTSIDE; /* then its final length is not known yet */
    if (outside || half_open_pay(h, length, now)) post(e, buffer, length, &h->address, outside ? h : NULL);
}

/* Removes up to two expired records, and evicts the oldest if there are too many. */
static void make_room(gde_engine *e, const peer_key *request, const half_open *wanted, int64_t now) {
    half_open *h;
    for (int i = 0; i < 2; i++) /* more than are added, so that none remain */
        if ((h = half_open_expired(e, request, now))) half_open_remove(e, h);
    if (!(h = half_open_to_evict(e, wanted))) return;
    engine_drop(e, DROP_HALF_OPEN_LIMIT, &h->address);
    half_open_remove(e, h);
}

static peer_key free_number(gde_engine *e, const gde_address *address, uint32_t number) {
    half_open *oldest = NULL;
    for (uint32_t looks = 0; looks < MAX_NUMBER_PROBES; number = (number + 1) % MAXIMUM_PEER_ID) {
        peer_key key = key_for(e, address, number);
        if (table_at(e, &key)) continue;
        half_open *h = half_open_at(e, &key);
        if (!h) return key;
        if (!oldest || h->created < oldest->created) oldest = h;
        looks++;
    }
    peer_key key = {address, oldest->number, oldest->number_hash};
    half_open_remove(e, oldest);
    engine_drop(e, DROP_HALF_OPEN_LIMIT, address);
    return key;
}

/* What is known of the record of a CONNECT before there is room for it. */
static half_open new_record(const gde_engine *e, const uint8_t *at, const peer_key *request, int64_t now) {
    half_open made = {.address = *request->address,
                      .connect_id = request->value,
                      .request_hash = request->hash,
                      .network_hash = hash_prefix(e, request->address, prefix_size(request->address)),
                      .created = now,
                      .answered = now};
    memcpy(made.command, at, sizeof made.command);
    return made;
}

/* A random session id that differs from the last one of the remote. */
static uint8_t draw_session(uint8_t offered, uint32_t draw) {
    return (uint8_t)(offered == UNKNOWN_SESSION ? draw : offered + 1 + draw % 3) & 3;
}

static void answer(gde_engine *e, const uint8_t *at, const peer_key *request, uint32_t received, int64_t now) {
    half_open *h = half_open_find(e, request, now);
    if (h && h->number == NO_NUMBER) { /* there was no room when its CONNECT came first */
        half_open_remove(e, h);
        h = NULL;
    }
    if (!h) {
        half_open made = new_record(e, at, request, now);
        make_room(e, request, &made, now);
        made.proof = engine_random(e);
        uint32_t draw = engine_random(e);
        connect_fields connect = parse_connect(at);
        peer_key number = free_number(e, request->address, (draw & 0xFFFF) % MAXIMUM_PEER_ID);
        made.number = (uint16_t)number.value;
        made.number_hash = number.hash;
        made.incoming_session = draw_session(connect.outgoing_session, draw >> 24);
        made.outgoing_session = draw_session(connect.incoming_session, draw >> 16 & 0xFF);
        if (!(h = half_open_add(e, &made))) return; /* Without memory the CONNECT is lost, and will be resent. */
    }
    uint8_t wire[VERIFY_CONNECT_SIZE];
    peer draft = as_peer(e, h);
    verify_connect_fields verify = negotiate(e, &draft, h->command);
    build_verify_connect(wire, &verify);
    h->credit += received;
    send_unproved(e, h, &draft, COMMAND_VERIFY_CONNECT, wire, sizeof wire, now);
}

/* Asks a client without a slot to verify its address, so that it can be refused: see handshake.py. */
static void ask_for_proof(gde_engine *e, const uint8_t *at, const peer_key *request, uint32_t received,
                          int32_t sent_time, int64_t now) {
    half_open *h = half_open_find(e, request, now);
    if (h && h->number != NO_NUMBER) return;
    if (!h) {
        peer_key number = key_for(e, request->address, NO_NUMBER);
        half_open *earlier = half_open_at(e, &number), made = new_record(e, at, request, now);
        if (earlier) half_open_remove(e, earlier);
        make_room(e, request, &made, now);
        made.proof = engine_random(e);
        made.number = NO_NUMBER;
        made.number_hash = number.hash;
        if (!(h = half_open_add(e, &made))) return;
    }
    uint8_t wire[ACKNOWLEDGE_SIZE];
    peer draft = as_peer(e, h);
    negotiate(e, &draft, h->command);
    h->credit += received;
    build_acknowledge(wire, &(acknowledge_fields){.received_sequence = (uint16_t)(draft.incoming_control ^ 0x8000),
                                                  .received_sent_time = (uint16_t)(sent_time | 0x7FFF)});
    send_unproved(e, h, &draft, COMMAND_ACKNOWLEDGE, wire, sizeof wire, now);
}

/* A peer in the lowest free slot; there must be one. NULL without memory, or if another engine of the group has just
 * taken the last place. */
static peer *allocate(gde_engine *e, const peer_key *request, const peer_key *number) {
    return timers_reserve(e) ? table_allocate(e, request, number) : NULL;
}

peer *begin_connect(gde_engine *e, const gde_address *to, uint32_t channels, uint32_t data, bool any_source) {
    uint32_t first = table_lowest_free(e), draw = 0; /* the slot's, and its sessions, as in ENet */
    if (e->config.half_open_limit) {
        /* Forged replies must guess them. */
        draw = engine_random(e);
        first = (draw & 0xFFFF) % MAXIMUM_PEER_ID;
    }
    peer_key number = free_number(e, to, first), request = key_for(e, to, engine_random(e));
    peer *p = allocate(e, &request, &number);
    if (!p) return NULL;
    if (e->config.half_open_limit) {
        p->incoming_session = draw >> 16 & 3;
        p->outgoing_session = draw >> 18 & 3;
    }
    if (any_source) table_set_any_source(e, p);
    p->channel_count = (uint8_t)max32(1, min32(channels, MAXIMUM_CHANNEL_COUNT));
    change_state(e, p, STATE_CONNECTING);
    set_mtu(e, p, p->mtu);
    p->window_size = e->outgoing_bandwidth == 0
                         ? MAXIMUM_WINDOW_SIZE
                         : clamp_window(e->outgoing_bandwidth / WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE);
    uint8_t wire[CONNECT_SIZE];
    build_connect(wire, &(connect_fields){.peer_id = p->number,
                                          .incoming_session = p->incoming_session,
                                          .outgoing_session = p->outgoing_session,
                                          .mtu = p->mtu,
                                          .window_size = p->window_size,
                                          .channel_count = p->channel_count,
                                          .incoming_bandwidth = e->incoming_bandwidth,
                                          .outgoing_bandwidth = e->outgoing_bandwidth,
                                          .throttle_interval = p->throttle_interval,
                                          .throttle_acceleration = p->throttle_acceleration,
                                          .throttle_deceleration = p->throttle_deceleration,
                                          .connect_id = p->connect_id,
                                          .data = data});
    if (!queue_control(e, p, COMMAND_CONNECT, wire, sizeof wire)) {
        peer_release(e, p);
        return NULL;
    }
    return p;
}

peer *handle_connect(gde_engine *e, const uint8_t *at, const gde_address *from, uint32_t received, int32_t sent_time,
                     int64_t now) {
    connect_fields connect = parse_connect(at);
    peer_key request = key_for(e, from, connect.connect_id);
    if (table_has_connection(e, &request)) {
        engine_drop(e, DROP_CONNECT_REPEATED, from);
        return NULL;
    }
    bool is_valid = connect.channel_count >= 1 && connect.channel_count <= MAXIMUM_CHANNEL_COUNT &&
                    connect.peer_id < MAXIMUM_PEER_ID;
    if (!is_valid || !has_room(e, from)) {
        engine_drop(e, DROP_CONNECT_REFUSED, from);
        if (is_valid && sent_time >= 0 && e->config.refuse_when_full && e->config.half_open_limit)
            ask_for_proof(e, at, &request, received, sent_time, now);
        return NULL;
    }
    if (e->config.half_open_limit) {
        answer(e, at, &request, received, now);
        return NULL;
    }
    peer_key number = free_number(e, from, table_lowest_free(e));
    peer *p = allocate(e, &request, &number);
    if (!p) return NULL; /* Without memory the CONNECT is lost, and will be resent. */
    uint8_t wire[VERIFY_CONNECT_SIZE];
    change_state(e, p, STATE_ACKNOWLEDGING_CONNECT);
    p->outgoing_session = next_session(connect.incoming_session, p->outgoing_session);
    p->incoming_session = next_session(connect.outgoing_session, p->incoming_session);
    verify_connect_fields verify = negotiate(e, p, at);
    build_verify_connect(wire, &verify);
    if (queue_control(e, p, COMMAND_VERIFY_CONNECT, wire, sizeof wire)) return p;
    peer_release(e, p);
    return NULL;
}

/* The other side may consider itself connected: its acknowledgement was lost. */
static void ask_again(gde_engine *e, half_open *h, int64_t now) {
    uint8_t wire[PING_SIZE];
    peer draft = as_peer(e, h);
    negotiate(e, &draft, h->command);
    send_unproved(e, h, &draft, COMMAND_PING, wire, sizeof wire, now);
}

/* Whether the ACKNOWLEDGE there repeats the numbers that were sent to the address. */
static bool is_proof(const half_open *h, const uint8_t *at) {
    acknowledge_fields proof = parse_acknowledge(at);
    return parse_head(at).channel == CONTROL_CHANNEL &&
           ((uint32_t)proof.received_sequence << 16 | proof.received_sent_time) == h->proof;
}

const uint8_t *parse_address_proof(gde_engine *e, half_open *h, const uint8_t *at, const uint8_t *end,
                                   uint32_t received, int64_t now) {
    h->credit += received;
    if (end - at >= ACKNOWLEDGE_SIZE && (parse_head(at).command & COMMAND_MASK) == COMMAND_ACKNOWLEDGE) {
        if (is_proof(h, at)) return at + ACKNOWLEDGE_SIZE;
        engine_drop(e, DROP_BAD_HANDSHAKE_TOKEN, &h->address);
    }
    ask_again(e, h, now);
    return NULL;
}

/* Disconnects a client that has verified its address and gets no slot. It would otherwise notice by its timeout. */
static void dismiss(gde_engine *e, half_open *h) {
    uint8_t buffer[MAXIMUM_DATAGRAM + 8];
    peer draft = as_peer(e, h);
    negotiate(e, &draft, h->command);
    draft.outgoing_reliable_sequence = (uint16_t)(h->proof >> 16);
    post(e, buffer, disconnect_datagram(e, &draft, e->refusal, buffer), &h->address, NULL);
    half_open_remove(e, h);
}

bool refuse_verified(gde_engine *e, const uint8_t *at, const gde_address *from) {
    peer_key number = key_for(e, from, NO_NUMBER);
    half_open *h = half_open_at(e, &number);
    if (!h) return false;
    if (is_proof(h, at))
        dismiss(e, h);
    else
        engine_drop(e, DROP_BAD_HANDSHAKE_TOKEN, from);
    return true;
}

peer *promote(gde_engine *e, half_open *h, int64_t now) {
    if (!has_room(e, &h->address)) {
        engine_drop(e, DROP_CONNECT_REFUSED, &h->address);
        dismiss(e, h);
        return NULL;
    }
    if (!connect_rate_has_room(e, &h->address, now)) {
        engine_drop(e, DROP_CONNECT_REFUSED, &h->address);
        return NULL;
    }
    peer_key request = {&h->address, h->connect_id, h->request_hash}, number = {&h->address, h->number, h->number_hash};
    peer *p = allocate(e, &request, &number);
    if (!p) return NULL; /* It stays half-open, and its next datagram tries again. */
    half_open proved = *h;
    half_open_remove(e, h);
    change_state(e, p, STATE_ACKNOWLEDGING_CONNECT);
    p->incoming_session = proved.incoming_session;
    p->outgoing_session = proved.outgoing_session;
    negotiate(e, p, proved.command);
    p->outgoing_reliable_sequence = (uint16_t)(proved.proof >> 16);
    p->validation_credit = p->window_size;
    sample_round_trip(p, now > proved.answered ? (uint64_t)(now - proved.answered) : 1, now);
    peer_connected(e, p);
    connect_rate_count(e, &p->address);
    return p;
}

/* See handshake.py for why not every datagram is accepted. */
bool accept_answer(gde_engine *e, peer *p, const uint8_t *at, const uint8_t *end, const gde_address *from) {
    if (end - at < VERIFY_CONNECT_SIZE || (parse_head(at).command & COMMAND_MASK) != COMMAND_VERIFY_CONNECT)
        return false;
    if (parse_verify_connect(at).connect_id != p->connect_id) return false;
    table_move(e, p, from);
    return true;
}
