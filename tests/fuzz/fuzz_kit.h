/* What the targets in C have in common: reading an input, two engines that talk to each other, and what they must keep
 * to. Each target includes this once, and defines LLVMFuzzerTestOneInput for libFuzzer; with -DREPLAY it is a program
 * that plays files. */
#ifndef FUZZ_KIT_H
#define FUZZ_KIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gde.h"

enum { ENGINES = 2, PEERS = 4, BUFFER = 4104, BUDGET = 20000, PACKET = 8000, RECEIVE = 3, HALF_OPEN = 3 };

typedef struct {
    const uint8_t *at, *end;
} input;

static inline uint32_t take(input *in, uint32_t bytes) {
    uint32_t value = 0;
    while (bytes--) value = value << 8 | (in->at < in->end ? *in->at++ : 0);
    return value;
}

static inline gde_address address_of(uint32_t engine) {
    return (gde_address){.ip = {[10] = 0xFF, [11] = 0xFF, [12] = 10, [15] = (uint8_t)(1 + engine)}, .port = 7};
}

typedef struct {
    gde_engine *engine;
    uint64_t peer; /* of the last event or connect; may be stale */
    int64_t pass;    /* when the last one began */
    uint8_t word[2]; /* how the other one addresses us: slot and session */
} end;

static inline void require(int good, const char *what) {
    if (good) return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

/* From a block of exactly this size, so that reading behind its end is seen. */
static inline void receive(end *side, const uint8_t *data, uint32_t length, uint32_t from, int64_t now) {
    gde_address source = address_of(from);
    uint8_t *exact = malloc(length ? length : 1);
    require(exact != NULL, "no memory");
    memcpy(exact, data, length);
    if (now != side->pass) gde_begin_pass(side->engine); /* all that comes in one millisecond is one pass */
    side->pass = now;
    gde_receive(side->engine, exact, length, &source, now);
    free(exact);
}

/* What is due, and before it what former passes have left. */
static inline void attend(end *side, int64_t now) {
    uint8_t buffer[4096];
    gde_address from;
    for (uint32_t length; (length = gde_poll_backlog(side->engine, buffer, &from)) != 0;)
        gde_receive(side->engine, buffer, length, &from, now);
    gde_handle_timeout(side->engine, now);
}

static inline void transmit(end *ends, uint32_t from, int64_t now, uint32_t urgent, uint32_t loss) {
    uint8_t buffer[BUFFER];
    gde_address to, there = address_of(1 - from);
    int32_t length;
    for (uint32_t n = 0; (length = gde_poll_transmit(ends[from].engine, now, urgent, buffer, &to)) != 0; n++) {
        /* ENet leaves the four bytes of a checksum out when it reckons what fits. */
        require(length > 0 && length <= 4096 + 4, "a datagram of an impossible length");
        require(n < 100000, "a send pass without end");
        if (to.port != there.port || memcmp(to.ip, there.ip, 16)) continue;
        memcpy(ends[1 - from].word, buffer, 2);
        if (loss & 1u << n % 8) continue;
        receive(&ends[1 - from], buffer, (uint32_t)length, from, now);
    }
}

static inline void look(end *side) {
    uint64_t peers[PEERS + 1], drops[DROP_COUNT];
    gde_drop_report reports[DROP_COUNT];
    int32_t count = gde_peers(side->engine, peers, PEERS + 1);
    require(count >= 0 && count <= PEERS, "more peers than slots");
    for (int32_t i = 0; i < count; i++) {
        gde_peer_info info;
        require(gde_get_peer_info(side->engine, peers[i], &info) == GDE_OK, "a peer that is listed and unknown");
        require(info.waiting_data <= BUDGET + 2 * PACKET, "more waiting data than the budget allows");
        require(info.channel_count <= 255 && info.mtu >= 576 && info.mtu <= 4096, "an impossible peer");
        for (uint32_t which = 0; which < STATISTIC_COUNT; which++)
            require(gde_peer_statistic(side->engine, peers[i], which) >= 0, "no statistic");
    }
    gde_drops(side->engine, drops, DROP_COUNT);
    gde_poll_drops(side->engine, reports, DROP_COUNT);
    int64_t due;
    gde_poll_timeout(side->engine, &due);
}

static volatile uint32_t sink; /* so that every byte is read */

static inline void events(end *side, uint32_t limit) {
    gde_event event;
    for (uint32_t n = 0; n < limit && gde_poll_event(side->engine, &event); n++) {
        side->peer = event.peer;
        if (event.type != RECEIVE) continue;
        require(event.length <= PACKET, "a packet over the limit");
        for (uint64_t i = 0; i < event.length; i++) sink += event.packet[i];
    }
}

/* A datagram with the fuzzer's commands behind a header that is believed. */
static inline void inject(end *side, input *in, uint32_t length, uint32_t known, int64_t now, uint32_t other) {
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

#if defined(REPLAY)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int count, char **names) {
    static uint8_t data[1 << 20];
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(names[i], "rb");
        require(file != NULL, names[i]);
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, size);
    }
    printf("%d files\n", count - 1);
    return 0;
}
#endif

#endif
