/* Fuzzing of a whole host in C, in each state that its peer can be in. The first byte says how it is set up, the second
 * which state; then come datagrams, each behind a byte for its source and time and one for its length, on which follow
 * the commands themselves. Whatever comes, limits hold, and a peer of which nothing more is heard is forgotten.
 * fuzz_states.py plays the same on both engines in lock-step. */
#include "fuzz_kit.h"

enum {
    NOBODY,
    CONNECTING,
    HALF,
    CONNECTED,
    BUSY,
    LATER,
    DISCONNECTING,
    ACKNOWLEDGING,
    ZOMBIE,
    TRIAL,
    UNACKED,
    FULL,
    UNTAKEN,
    STATES
};
enum { HERE, THERE, DATAGRAMS = 64, LATER_MODE = 1, NORMAL_MODE = 0, FORGOTTEN = 400000 };

/* Let both say all they have to say; `loss` are those of the far side that are lost. */
static void settle(end *ends, int64_t now, uint32_t loss) {
    for (uint32_t round = 0; round < 4; round++) {
        transmit(ends, HERE, now, 0, 0);
        transmit(ends, THERE, now, 0, loss);
    }
}

static void send(end *side, uint32_t channel, uint32_t length, uint32_t flags) {
    static uint8_t content[PACKET];
    gde_send(side->engine, side->peer, channel, content, length, flags);
}

/* Give the near side as much to send, to wait for or to keep as these states are about. Returns the time. */
static int64_t load(end *ends, uint32_t state, int64_t now) {
    if (state == UNTAKEN) {
        for (uint32_t n = 0; n < 8; n++) send(&ends[THERE], 0, 1500, 1);
        settle(ends, now, 0);
        events(&ends[HERE], 8);
        gde_set_unread(ends[HERE].engine, ends[HERE].peer, 8, 12000);
        return now;
    }
    uint32_t count = state == UNACKED ? 40 : state == FULL ? 12 : 4; /* FULL: the last ones are refused */
    for (uint32_t n = 0; n < count; n++) send(&ends[HERE], n % 3, state == UNACKED ? 20 : 3000, 1);
    transmit(ends, HERE, now, 0, 0xFF);
    if (state != UNACKED) return now;
    now += 1000; /* all of them are to be sent again */
    attend(&ends[HERE], now);
    return now;
}

/* Bring the peer of the near side into a state; from CONNECTED on the far side has connected to it. Returns the time. */
static int64_t reach(end *ends, uint32_t state, int64_t now) {
    gde_address here = address_of(HERE), there = address_of(THERE);
    if (state == NOBODY) return now;
    if (state == CONNECTING) {
        ends[HERE].peer = (uint64_t)gde_connect(ends[HERE].engine, &there, 3, 0, 0);
        transmit(ends, HERE, now, 0, 0xFF);
        return now;
    }
    ends[THERE].peer = (uint64_t)gde_connect(ends[THERE].engine, &here, 3, 7, 0);
    transmit(ends, THERE, now, 0, 0);
    if (state == HALF) {
        transmit(ends, HERE, now, 0, 0xFF);
        return now;
    }
    if (state == TRIAL) { /* has proved its address, and acknowledged nothing else */
        transmit(ends, HERE, now, 0, 0);
        transmit(ends, THERE, now, 0, 0);
    } else {
        settle(ends, now, 0);
    }
    events(&ends[HERE], 1);
    if (state >= TRIAL) return load(ends, state, now);
    if (state >= BUSY && state <= DISCONNECTING)
        for (uint32_t flags = 0; flags < 4; flags++) {
            send(&ends[HERE], flags % 3, 3000, flags == 3 ? 8 : flags);
            send(&ends[THERE], flags % 3, 3000, flags == 3 ? 8 : flags);
        }
    if (state == LATER) gde_disconnect(ends[HERE].engine, ends[HERE].peer, 5, LATER_MODE, now);
    if (state == DISCONNECTING) gde_disconnect(ends[HERE].engine, ends[HERE].peer, 5, NORMAL_MODE, now);
    int ending = state == ACKNOWLEDGING || state == ZOMBIE;
    if (ending) gde_disconnect(ends[THERE].engine, ends[THERE].peer, 5, NORMAL_MODE, now);
    transmit(ends, THERE, now, 0,
             ending ? 0 : 0x55); /* half of it is lost: pieces stay incomplete, packets are early */
    if (state != ACKNOWLEDGING) transmit(ends, HERE, now, 0, 0xFF);
    return now;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input in = {data, data + size};
    end ends[ENGINES] = {{0}};
    uint32_t setting = take(&in, 1), state = take(&in, 1) % STATES, modern = !(setting & 2);
    for (uint32_t i = 0; i < ENGINES; i++) {
        gde_config config = GDE_DEFAULT_CONFIG;
        config.peer_count = PEERS;
        config.mtu = 576;
        config.checksum = setting & 1;
        config.maximum_packet_size = PACKET;
        config.maximum_waiting_data = BUDGET;
        config.early_retransmit = modern;
        config.maximum_buffered_data = modern ? 3 * BUDGET / 2 : 0;
        config.peer_command_budget = modern ? 8 : 0;
        config.peer_byte_budget = modern ? 2000 : 0;
        config.maximum_queued_data = modern ? BUDGET : 0;
        config.maximum_queued_total = modern ? 3 * BUDGET / 2 : 0;
        config.half_open_limit = modern ? HALF_OPEN : 0;
        config.half_open_per_prefix = HALF_OPEN;
        config.key[0] = (uint8_t)i;
        ends[i].engine = gde_engine_create(&config);
        require(ends[i].engine != NULL, "no engine");
        ends[i].word[0] = 0x0F, ends[i].word[1] = 0xFF;
    }
    int64_t now = reach(ends, state, 0x2340), due;
    for (uint32_t n = 0; n < DATAGRAMS && in.at < in.end; n++) {
        uint32_t how = take(&in, 1), length = take(&in, 1);
        now += (how >> 1 & 7) * (how & 16 ? 400 : 1);
        inject(&ends[HERE], &in, length, how & 1, now, how & 32 ? 2 : THERE);
        attend(&ends[HERE], now);
        transmit(ends, HERE, now, 0, 0xFF);
        if (how & 64) events(&ends[HERE], 1);
    }
    look(&ends[HERE]);
    events(&ends[HERE], UINT32_MAX);
    for (uint32_t n = 0; n < 1000 && gde_poll_timeout(ends[HERE].engine, &due) && due < now + FORGOTTEN; n++) {
        attend(&ends[HERE], due);
        transmit(ends, HERE, due, 0, 0xFF);
    }
    attend(&ends[HERE], now + FORGOTTEN);
    events(&ends[HERE], UINT32_MAX);
    uint64_t peers[PEERS];
    require(gde_peers(ends[HERE].engine, peers, PEERS) == 0, "a silent peer is still there");
    for (uint32_t i = 0; i < ENGINES; i++) gde_engine_destroy(ends[i].engine);
    return 0;
}
