/* Two engines of ours in one process, without a socket or a clock: the same instructions in every run, for callgrind.
 * `instructions FLAGS BURSTS`; what one burst of 64 messages costs is the difference of two runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gde.h"

enum { BURST = 64, MESSAGE = 32 };

static gde_address address_of(uint16_t port) {
    gde_address made = {.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1}, .port = port};
    return made;
}

static void carry(gde_engine *from, gde_engine *to, uint16_t port, int64_t now) {
    uint8_t datagram[4104];
    gde_address unused, source = address_of(port);
    gde_handle_timeout(from, now);
    for (int32_t length; (length = gde_poll_transmit(from, now, 0, datagram, &unused)) > 0;)
        gde_receive(to, datagram, (uint32_t)length, &source, now);
}

static unsigned long drain(gde_engine *engine) {
    gde_event event;
    unsigned long packets = 0;
    while (gde_poll_event(engine, &event)) packets += event.packet != NULL;
    return packets;
}

int main(int count, char **given) {
    if (count != 3) return 2;
    uint32_t flags = (uint32_t)atoi(given[1]);
    gde_config config = GDE_DEFAULT_CONFIG;
    config.peer_count = 1;
    config.early_retransmit = config.half_open_limit = 0;
    config.maximum_kept_data = config.maximum_queued_data = config.maximum_queued_total = 0;
    config.peer_command_budget = config.peer_byte_budget = 0;
    config.key[0] = 1;
    gde_engine *server = gde_engine_create(&config), *client = gde_engine_create(&config);
    gde_address to = address_of(1);
    int64_t peer = gde_connect(client, &to, 1, 0, 0), now = 1;
    unsigned long received = 0;
    uint8_t message[MESSAGE];
    memset(message, 7, sizeof message);
    for (int burst = 0; burst < atoi(given[2]) + 10; burst++, now++) {
        for (int i = 0; burst >= 10 && i < BURST; i++)
            gde_send(client, (uint64_t)peer, 0, message, sizeof message, flags);
        carry(client, server, 2, now);
        received += drain(server);
        carry(server, client, 1, now);
        received += drain(client);
    }
    gde_engine_destroy(server);
    gde_engine_destroy(client);
    printf("%lu\n", received);
    return received == (unsigned long)atoi(given[2]) * BURST ? 0 : 1;
}
