/* Fuzzing of the C engine: the input is a program of calls for two engines that talk to each other, with datagrams of
 * the fuzzer's own in between. LLVMFuzzerTestOneInput for libFuzzer; with -DREPLAY a program that plays files.
 *
 * The first bytes are the configuration, then one operation after another: a byte that says which, and its arguments.
 * Missing bytes read 0. Whatever happens, the counts that an engine reports must stay within its limits.
 * fuzz_engine.py plays the same programs on both engines in lock-step.
 *
 *     src=godot_enet/core/native/src
 *     clang -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined -I$src -o fuzz_engine tests/fuzz/fuzz_engine.c \
 *         $(ls $src/[!h]*.c $src/host.c) -lpthread
 *     ./fuzz_engine -max_len=3000 -max_total_time=300 found tests/fuzz/corpus_engine
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gde.h"

enum { ENGINES = 2, PEERS = 4, BUFFER = 4104, OPERATIONS = 400, BUDGET = 20000, PACKET = 8000, RECEIVE = 3 };

typedef struct {
    const uint8_t *at, *end;
} input;

static uint32_t take(input *in, uint32_t bytes) {
    uint32_t value = 0;
    while (bytes--) value = value << 8 | (in->at < in->end ? *in->at++ : 0);
    return value;
}

static gde_address address_of(uint32_t engine) {
    return (gde_address){.ip = {[10] = 0xFF, [11] = 0xFF, [12] = 10, [15] = (uint8_t)(1 + engine)}, .port = 7};
}

typedef struct {
    gde_engine *engine;
    uint64_t peer; /* of the last event or connect; may be stale */
    uint8_t word[2]; /* how the other one addresses us: slot and session */
} end;

static void require(int good, const char *what) {
    if (good) return;
    fprintf(stderr, "fuzz_engine: %s\n", what);
    abort();
}

/* From a block of exactly this size, so that reading behind its end is seen. */
static void receive(end *side, const uint8_t *data, uint32_t length, uint32_t from, int64_t now) {
    gde_address source = address_of(from);
    uint8_t *exact = malloc(length ? length : 1);
    require(exact != NULL, "no memory");
    memcpy(exact, data, length);
    gde_receive(side->engine, exact, length, &source, now);
    free(exact);
}

static void transmit(end *ends, uint32_t from, int64_t now, uint32_t urgent, uint32_t loss) {
    uint8_t buffer[BUFFER];
    gde_address to, there = address_of(1 - from);
    int32_t length;
    for (uint32_t n = 0; (length = gde_poll_transmit(ends[from].engine, now, urgent, buffer, &to)) != 0; n++) {
        require(length > 0 && length <= 4096, "a datagram of an impossible length");
        require(n < 100000, "a send pass without end");
        if (to.port != there.port || memcmp(to.ip, there.ip, 16)) continue;
        memcpy(ends[1 - from].word, buffer, 2);
        if (loss & 1u << n % 8) continue;
        receive(&ends[1 - from], buffer, (uint32_t)length, from, now);
    }
}

static void look(end *side) {
    uint64_t peers[PEERS + 1], drops[GDE_DROP_CAUSES];
    gde_drop_report reports[GDE_DROP_CAUSES];
    int32_t count = gde_peers(side->engine, peers, PEERS + 1);
    require(count >= 0 && count <= PEERS, "more peers than slots");
    for (int32_t i = 0; i < count; i++) {
        gde_peer_info info;
        require(gde_get_peer_info(side->engine, peers[i], &info) == GDE_OK, "a peer that is listed and unknown");
        require(info.waiting_data <= BUDGET + 2 * PACKET, "more waiting data than the budget allows");
        require(info.channel_count <= 255 && info.mtu >= 576 && info.mtu <= 4096, "an impossible peer");
        for (uint32_t which = 0; which < GDE_STATISTICS; which++)
            require(gde_peer_statistic(side->engine, peers[i], which) >= 0, "no statistic");
    }
    gde_drops(side->engine, drops);
    gde_poll_drops(side->engine, reports, GDE_DROP_CAUSES);
    int64_t due;
    gde_poll_timeout(side->engine, &due);
}

static volatile uint32_t sink; /* so that every byte is read */

static void events(end *side, uint32_t limit) {
    gde_event event;
    for (uint32_t n = 0; n < limit && gde_poll_event(side->engine, &event); n++) {
        side->peer = event.peer;
        if (event.type != RECEIVE) continue;
        require(event.length <= PACKET, "a packet over the limit");
        for (uint64_t i = 0; i < event.length; i++) sink += event.packet[i];
    }
}

/* A datagram with the fuzzer's commands behind a header that is believed. */
static void inject(end *side, input *in, uint32_t length, uint32_t known, int64_t now, uint32_t other) {
    uint8_t data[BUFFER + 8];
    uint32_t head = 0, flags = take(in, 1);
    if (known) {
        data[0] = (uint8_t)((side->word[0] & 0x3F) | (flags & 0xC0));
        data[1] = side->word[1];
        head = 2;
        if (flags & 0x80) {
            data[2] = (uint8_t)(now >> 8);
            data[3] = (uint8_t)now;
            head = 4;
        }
    }
    for (uint32_t i = 0; i < length; i++) data[head + i] = (uint8_t)take(in, 1);
    receive(side, data, head + length, other, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t content[PACKET + 100];
    static const uint32_t mtus[4] = {576, 1392, 4096, 1400};
    input in = {data, data + size};
    end ends[ENGINES] = {{0}};
    uint32_t setting = take(&in, 1), codec = take(&in, 1);
    for (uint32_t i = 0; i < ENGINES; i++) {
        gde_config config = {.peer_count = PEERS, .channel_limit = setting & 4 ? 2 : 0, .mtu = mtus[setting & 3],
                             .incoming_bandwidth = setting & 8 ? 50000 : 0, .outgoing_bandwidth = setting & 16 ? 30000 : 0,
                             .checksum = setting >> 7, .duplicate_peers = setting & 32 ? 1 : 4095,
                             .maximum_packet_size = PACKET, .maximum_waiting_data = BUDGET, .seed = i};
        ends[i].engine = gde_engine_create(&config);
        require(ends[i].engine != NULL, "no engine");
        gde_set_compressor(ends[i].engine, codec % 3);
        ends[i].word[0] = 0x0F, ends[i].word[1] = 0xFF;
    }
    int64_t now = (int64_t)take(&in, 2);
    for (uint32_t n = 0; n < OPERATIONS && in.at < in.end; n++) {
        uint32_t operation = take(&in, 1), who = operation & 1;
        end *side = &ends[who];
        gde_address there = address_of(1 - who);
        switch (operation >> 1 & 15) {
        case 0:
            now += take(&in, 1);
            break;
        case 1:
            now += take(&in, 2);
            gde_handle_timeout(side->engine, now);
            break;
        case 2:
            transmit(ends, who, now, take(&in, 1) & 1, 0);
            break;
        case 3:
            transmit(ends, who, now, 0, take(&in, 1));
            break;
        case 4: {
            uint32_t channels = take(&in, 1);
            int64_t peer = gde_connect(side->engine, &there, channels, take(&in, 1));
            if (peer > 0) side->peer = (uint64_t)peer;
            break;
        }
        case 5: {
            uint32_t mode = take(&in, 1);
            gde_disconnect(side->engine, side->peer, mode, mode & 3, now);
            break;
        }
        case 6: {
            uint32_t channel = take(&in, 1), flags = take(&in, 1) & 11, length = take(&in, 2);
            memset(content, (int)length, sizeof content);
            gde_send(side->engine, side->peer, channel, content, length % sizeof content, flags);
            break;
        }
        case 7:
            for (uint32_t count = take(&in, 1), flags = take(&in, 1); count--;)
                gde_send(side->engine, side->peer, flags >> 4 & 1, content, flags >> 5, flags & 11);
            break;
        case 8: {
            uint32_t channel = take(&in, 1), flags = take(&in, 1) & 11;
            gde_broadcast(side->engine, channel, content, take(&in, 2) % sizeof content, flags);
            break;
        }
        case 9:
            events(side, 1 + take(&in, 1));
            break;
        case 10: {
            uint32_t option = take(&in, 1) & 3, a = take(&in, 2), b = take(&in, 2);
            gde_configure(side->engine, side->peer, option, a, b, take(&in, 2));
            break;
        }
        case 11: {
            uint32_t incoming = take(&in, 2);
            gde_bandwidth_limit(side->engine, incoming, take(&in, 2));
            gde_set_channel_limit(side->engine, take(&in, 1));
            gde_ping(side->engine, side->peer);
            break;
        }
        case 12:
            gde_set_compressor(side->engine, take(&in, 1) % 3);
            break;
        case 13:
            inject(side, &in, take(&in, 1), 1, now, 1 - who);
            break;
        case 14: {
            uint32_t length = take(&in, 2) % BUFFER;
            inject(side, &in, length, 0, now, take(&in, 1) % 3);
            break;
        }
        default:
            look(side);
        }
    }
    for (uint32_t i = 0; i < ENGINES; i++) {
        transmit(ends, i, now, 0, 0);
        look(&ends[i]);
        events(&ends[i], UINT32_MAX);
    }
    for (uint32_t i = 0; i < ENGINES; i++) gde_engine_destroy(ends[i].engine);
    return 0;
}

#if defined(REPLAY)
int main(int count, char **names) {
    static uint8_t data[1 << 20];
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(names[i], "rb");
        require(file != NULL, names[i]);
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, size);
    }
    printf("fuzz_engine: %d files\n", count - 1);
    return 0;
}
#endif
