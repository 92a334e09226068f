/* Two engines talk while the n-th allocation fails, and those after it, for every n: whatever was promised is kept, and
 * nobody is left behind. Linked with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc. Prints how many allocations there
 * were and returns 0, or says what was broken, and with which n. */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);

static long allocations, fails_from = -1, fails_to;

static bool fails(void) {
    long number = allocations++;
    return fails_from >= 0 && number >= fails_from && number < fails_to;
}

void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return fails() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *old, size_t size) { return fails() ? NULL : __real_realloc(old, size); }

static long failing;
static const char *scenario = "";

static void require(bool good, const char *what) {
    if (good) return;
    fprintf(stderr, "starved: %s, allocation %ld and up to %ld: %s\n", scenario, failing, fails_to, what);
    exit(1);
}

enum { CHANNELS = 6, STEP = 10, LINK = 64, LONG = 5000 };

typedef struct {
    uint8_t data[MAXIMUM_DATAGRAM + 8];
    uint32_t length;
} datagram;

typedef struct side {
    gde_engine *engine;
    gde_address address;
    struct side *other;
    datagram *wire; /* under way to the other side */
    uint32_t on_wire, noise;
    uint64_t peer;
    uint32_t sent[CHANNELS], received[CHANNELS]; /* reliable packets */
    bool connected, ended;
} side;

static int64_t now;
static datagram wires[2][LINK];

static uint32_t length_of(uint32_t number) { return number % 5 == 3 ? LONG : 4 + number % 300; }

static void send_one(side *s, uint32_t channel) {
    static uint8_t content[LONG];
    uint32_t number = s->sent[channel];
    memset(content, (int)(number % 251), sizeof content);
    if (gde_send(s->engine, s->peer, channel, content, length_of(number), PACKET_RELIABLE) == GDE_OK)
        s->sent[channel]++;
    gde_send(s->engine, s->peer, channel, content, 20, PACKET_UNSEQUENCED);
    gde_send(s->engine, s->peer, channel, content, 20, 0);
    gde_send(s->engine, s->peer, channel, content, 3000, PACKET_UNRELIABLE_FRAGMENT);
}

static void take(side *s) {
    gde_event event;
    while (gde_poll_event(s->engine, &event)) {
        if (event.type == EVENT_CONNECT) {
            s->peer = event.peer;
            s->connected = true;
        } else if (event.type == EVENT_DISCONNECT) {
            s->ended = true;
        } else if (event.flags & PACKET_RELIABLE) {
            uint32_t number = s->received[event.channel]++;
            require(event.length == length_of(number), "a packet is missing, or there twice");
            for (uint64_t i = 0; i < event.length; i++)
                require(event.packet[i] == number % 251, "a packet has other bytes");
        }
    }
}

/* One datagram in 25 is lost, so that others are early. */
static void carry(side *s) {
    gde_address to;
    gde_handle_timeout(s->engine, now);
    for (;;) {
        datagram *next = &s->wire[s->on_wire];
        int32_t length = gde_poll_transmit(s->engine, now, 0, next->data, &to);
        if (!length) break;
        next->length = (uint32_t)length;
        s->noise = s->noise * 1664525u + 1013904223u;
        if (s->noise >> 16 > 0xFFFF / 25 && s->on_wire < LINK - 1) s->on_wire++;
    }
}

static void run(side *a, side *b, int64_t duration) {
    for (int64_t end = now + duration; now < end; now += STEP) {
        carry(a);
        carry(b);
        for (side *s = a; s; s = s == a ? b : NULL) {
            gde_begin_pass(s->other->engine);
            for (uint32_t i = 0; i < s->on_wire; i++)
                gde_receive(s->other->engine, s->wire[i].data, s->wire[i].length, &s->address, now);
            s->on_wire = 0;
        }
        take(a);
        take(b);
    }
}

static bool all_arrived(const side *from, const side *to) {
    return memcmp(from->sent, to->received, sizeof from->sent) == 0;
}

static void play(uint32_t half_open_limit, uint32_t early, uint32_t mode) {
    gde_config config = GDE_DEFAULT_CONFIG;
    config.peer_count = 4;
    config.mtu = 576;
    config.early_retransmit = early;
    config.half_open_limit = half_open_limit;
    config.key[0] = 1;
    side a = {.address = {.ip = {[10] = 0xFF, [11] = 0xFF, [12] = 10, [15] = 1}, .port = 1}, .wire = wires[0]};
    side b = {
        .address = {.ip = {[10] = 0xFF, [11] = 0xFF, [12] = 10, [15] = 2}, .port = 2}, .wire = wires[1], .noise = 5};
    a.other = &b;
    b.other = &a;
    now = 1000;
    allocations = 0;
    a.engine = gde_engine_create(&config);
    config.key[0] = 2;
    b.engine = gde_engine_create(&config);
    if (!a.engine || !b.engine) {
        gde_engine_destroy(a.engine);
        gde_engine_destroy(b.engine);
        return;
    }
    int64_t peer = gde_connect(a.engine, &b.address, CHANNELS, 0, 0);
    if (peer > 0) a.peer = (uint64_t)peer;
    run(&a, &b, 12000);
    bool few = fails_to - fails_from <= 4; /* more may take a CONNECT all its tries */
    if (peer > 0 && few) require(a.connected && b.connected, "a handshake did not outlive it");
    for (uint32_t round = 0; round < 12 && a.connected; round++) {
        for (uint32_t channel = 0; channel < CHANNELS; channel++) {
            send_one(&a, channel);
            send_one(&b, channel);
        }
        gde_configure(a.engine, a.peer, OPTION_THROTTLE, 1000, 2, 2 + round);
        gde_bandwidth_limit(b.engine, 100000 * round, 0);
        gde_ping(b.engine, b.peer);
        run(&a, &b, 50);
    }
    run(&a, &b, 8000);
    if (a.connected) {
        require(!few || (!a.ended && !b.ended), "a connection did not outlive it");
        require(!few || (all_arrived(&a, &b) && all_arrived(&b, &a)), "a packet that was taken did not arrive");
        send_one(&a, 0);
    }
    if (peer > 0) gde_disconnect(a.engine, a.peer, 7, mode, now);
    run(&a, &b, 40000);
    require(a.engine->peer_total == 0 && b.engine->peer_total == 0, "a peer is stuck");
    require(a.engine->buffered_bytes == 0 && b.engine->buffered_bytes == 0, "memory is counted that is not there");
    require(a.engine->queued_data == 0 && b.engine->queued_data == 0, "data is counted that does not wait");
    require(b.connected ? b.ended : true, "the end of a connection was not told");
    require(!few || mode != MODE_LATER || all_arrived(&a, &b), "a packet did not arrive before the end");
    gde_engine_destroy(a.engine);
    gde_engine_destroy(b.engine);
}

/* Whoever cannot give an event back still has it. */
static void give_back(void) {
    gde_config config = GDE_DEFAULT_CONFIG;
    fails_from = -1;
    gde_engine *engine = gde_engine_create(&config);
    packet *taken = calloc(1, sizeof *taken);
    gde_event event = {.type = EVENT_RECEIVE, .peer = 5}, again;
    fails_from = allocations;
    fails_to = fails_from + 1;
    require(!put_back(engine, &event, taken), "an event was given back without memory for it");
    require(put_back(engine, &event, taken), "an event was not given back");
    require(gde_poll_event(engine, &again) && again.peer == 5, "the event is not there");
    require(!gde_poll_event(engine, &again), "the event is there twice");
    gde_engine_destroy(engine);
}

int main(int count, char **arguments) {
    long stride = count > 1 ? atol(arguments[1]) : 1;
    static const char *const names[] = {"plain", "half-open"};
    static const uint32_t modes[] = {MODE_NORMAL, MODE_LATER, MODE_NOW};
    give_back();
    for (uint32_t kind = 0; kind < 4; kind++) {
        for (uint32_t mode = 0; mode < 3; mode++) {
            scenario = names[kind & 1];
            fails_from = -1;
            play(kind & 1 ? 100 : 0, kind >> 1, modes[mode]);
            long total = allocations;
            for (failing = 0; failing < total; failing += stride) {
                for (long run_length = 1; run_length <= 16; run_length *= 4) {
                    fails_from = failing;
                    fails_to = failing + run_length;
                    play(kind & 1 ? 100 : 0, kind >> 1, modes[mode]);
                }
            }
            printf("starved: %s, early %u, mode %u: %ld allocations\n", scenario, (unsigned)kind >> 1,
                   (unsigned)modes[mode], total);
        }
    }
    return 0;
}
