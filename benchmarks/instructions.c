/* Engines of ours in one process, without a socket or a clock: the same instructions in every run, for callgrind.
 * `instructions messages FLAGS BURSTS`: what one burst of 64 messages costs is the difference of two runs.
 * `instructions joins CLIENTS`: a server that they join, 64 at a time; only `serve` is to be counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gde.h"

enum { BURST = 64, MESSAGE = 32, DATAGRAM = 4104, FIRST_PORT = 1000, SERVER_PORT = 1, LIMIT = 4000 };

typedef struct {
    uint8_t data[DATAGRAM];
    uint32_t length;
    gde_address other; /* where it is from, or goes to */
} datagram;

static gde_address address_of(uint16_t port) {
    gde_address made = {.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1}, .port = port};
    return made;
}

static void carry(gde_engine *from, gde_engine *to, uint16_t port, int64_t now) {
    uint8_t data[DATAGRAM];
    gde_address unused, source = address_of(port);
    gde_handle_timeout(from, now);
    for (int32_t length; (length = gde_poll_transmit(from, now, 0, data, &unused)) > 0;)
        gde_receive(to, data, (uint32_t)length, &source, now);
}

static unsigned long drain(gde_engine *engine) {
    gde_event event;
    unsigned long packets = 0;
    while (gde_poll_event(engine, &event)) packets += event.packet != NULL;
    return packets;
}

static int messages(uint32_t flags, int bursts) {
    gde_config config = GDE_DEFAULT_CONFIG;
    config.peer_count = 1;
    config.early_retransmit = config.half_open_limit = 0;
    config.maximum_buffered_data = config.maximum_queued_data = config.maximum_queued_total = 0;
    config.peer_command_budget = config.peer_byte_budget = 0;
    config.key[0] = 1;
    gde_engine *server = gde_engine_create(&config), *client = gde_engine_create(&config);
    gde_address to = address_of(SERVER_PORT);
    int64_t peer = gde_connect(client, &to, 1, 0, 0), now = 1;
    unsigned long received = 0;
    uint8_t message[MESSAGE];
    memset(message, 7, sizeof message);
    for (int burst = 0; burst < bursts + 10; burst++, now++) {
        for (int i = 0; burst >= 10 && i < BURST; i++)
            gde_send(client, (uint64_t)peer, 0, message, sizeof message, flags);
        carry(client, server, FIRST_PORT, now);
        received += drain(server);
        carry(server, client, SERVER_PORT, now);
        received += drain(client);
    }
    gde_engine_destroy(server);
    gde_engine_destroy(client);
    printf("%lu\n", received);
    return received == (unsigned long)bursts * BURST ? 0 : 1;
}

/* One pass of a server: takes these datagrams, leaves its own in their place. Returns the number of CONNECT events. */
__attribute__((noinline)) int serve(gde_engine *server, datagram *datagrams, uint32_t *count, int64_t now) {
    gde_event event;
    int connects = 0;
    gde_begin_pass(server);
    for (uint32_t i = 0; i < *count; i++)
        gde_receive(server, datagrams[i].data, datagrams[i].length, &datagrams[i].other, now);
    gde_handle_timeout(server, now);
    while (gde_poll_event(server, &event)) connects += event.type == EVENT_CONNECT;
    int32_t length;
    for (*count = 0; *count < LIMIT; ++*count) {
        datagram *next = &datagrams[*count];
        if ((length = gde_poll_transmit(server, now, 0, next->data, &next->other)) <= 0) break;
        next->length = (uint32_t)length;
    }
    return connects;
}

static int joins(int clients) {
    gde_config config = GDE_DEFAULT_CONFIG;
    config.peer_count = (uint32_t)clients;
    config.key[0] = 1;
    gde_engine *server = gde_engine_create(&config), **each = calloc((size_t)clients, sizeof *each);
    datagram *datagrams = malloc(LIMIT * sizeof *datagrams);
    gde_address to = address_of(SERVER_PORT);
    config.peer_count = 1;
    for (int i = 0; i < clients; i++) each[i] = gde_engine_create(&config);
    int joined = 0;
    int64_t now = 1;
    for (int begun = 0; joined < clients && now < 60000; now++) {
        for (; begun < clients && begun < joined + BURST; begun++) gde_connect(each[begun], &to, 1, 0, 0);
        uint32_t count = 0;
        for (int i = 0; i < begun; i++) {
            gde_handle_timeout(each[i], now);
            drain(each[i]);
            gde_address unused;
            for (int32_t length;
                 count < LIMIT && (length = gde_poll_transmit(each[i], now, 0, datagrams[count].data, &unused)) > 0;) {
                datagrams[count].length = (uint32_t)length;
                datagrams[count++].other = address_of((uint16_t)(FIRST_PORT + i));
            }
        }
        joined += serve(server, datagrams, &count, now);
        for (uint32_t i = 0; i < count; i++)
            gde_receive(each[datagrams[i].other.port - FIRST_PORT], datagrams[i].data, datagrams[i].length, &to, now);
    }
    for (int i = 0; i < clients; i++) gde_engine_destroy(each[i]);
    gde_engine_destroy(server);
    free(each);
    free(datagrams);
    printf("%d\n", joined);
    return joined == clients ? 0 : 1;
}

int main(int count, char **given) {
    if (count == 4 && strcmp(given[1], "messages") == 0) return messages((uint32_t)atoi(given[2]), atoi(given[3]));
    if (count == 3 && strcmp(given[1], "joins") == 0) return joins(atoi(given[2]));
    return 2;
}
