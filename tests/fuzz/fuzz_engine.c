/* Fuzzing of the C engine: the input is a program of calls for two engines that talk to each other, with datagrams of
 * the fuzzer's own in between.
 *
 * The first bytes are the configuration, then one operation after another: a byte that says which, and its arguments.
 * Missing bytes read 0. Whatever happens, the counts that an engine reports must stay within its limits.
 * fuzz_engine.py plays the same programs on both engines in lock-step. How to build and run it: README.md. */
#include "fuzz_kit.h"

enum { OPERATIONS = 400 };

/* Seldom one, for the time that they take; fuzz_codecs.c is about them alone. */
static uint32_t mode_of(uint32_t number) { return number % 16 < 3 ? number % 16 : 0; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t content[PACKET + 100];
    static const uint32_t mtus[4] = {576, 1392, 4096, 1400};
    input in = {data, data + size};
    end ends[ENGINES] = {{0}};
    uint32_t setting = take(&in, 1), codec = take(&in, 1);
    uint32_t modern = !(setting & 64); /* otherwise every CONNECT takes a slot, and resends wait as in ENet */
    for (uint32_t i = 0; i < ENGINES; i++) {
        gde_config config = GDE_DEFAULT_CONFIG;
        config.peer_count = PEERS;
        config.channel_limit = setting & 4 ? 2 : 0;
        config.mtu = mtus[setting & 3];
        config.incoming_bandwidth = setting & 8 ? 50000 : 0;
        config.outgoing_bandwidth = setting & 16 ? 30000 : 0;
        config.checksum = setting >> 7;
        config.duplicate_peers = setting & 32 ? 1 : 4095;
        config.maximum_packet_size = PACKET;
        config.maximum_waiting_data = BUDGET;
        config.early_retransmit = modern;
        config.maximum_buffered_data = modern ? 3 * BUDGET / 2 : 0;
        config.peer_command_budget = modern ? 8 : 0;
        config.peer_byte_budget = modern ? 2000 : 0;
        config.maximum_queued_data = modern ? BUDGET : 0;
        config.maximum_queued_total = modern ? 3 * BUDGET / 2 : 0;
        config.half_open_limit = modern ? HALF_OPEN : 0;
        config.half_open_per_prefix = HALF_OPEN - 1;
        config.key[0] = (uint8_t)i;
        ends[i].engine = gde_engine_create(&config);
        require(ends[i].engine != NULL, "no engine");
        gde_set_compressor(ends[i].engine, mode_of(codec));
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
            attend(side, now);
            break;
        case 2:
            transmit(ends, who, now, take(&in, 1) & 1, 0);
            break;
        case 3:
            transmit(ends, who, now, 0, take(&in, 1));
            break;
        case 4: {
            uint32_t channels = take(&in, 1);
            int64_t peer = gde_connect(side->engine, &there, channels, take(&in, 1), 0);
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
            uint32_t untaken = take(&in, 1);
            gde_set_unread(side->engine, side->peer, untaken, 100 * untaken);
            break;
        }
        case 12:
            gde_set_compressor(side->engine, mode_of(take(&in, 1)));
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
