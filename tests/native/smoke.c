/* Two hosts on loopback exchange packets, with and without network threads. Needs nothing but the library, so that it
 * runs wherever the library was built for. Prints one line for each kind and returns 0, or says what did not happen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gde.h"

enum { PACKETS = 200, LARGE = 20000, ROUNDS = 20000, CONNECT = 1, DISCONNECT = 2, RECEIVE = 3 };

static const char *step = "begin";

static void require(int good, const char *what) {
    if (good) return;
    fprintf(stderr, "smoke: %s: %s\n", step, what);
    exit(1);
}

typedef struct {
    gde_host *host;
    uint64_t peer;
    uint32_t received, ended;
} end;

/* Packet n is n modulo 251 all over; every tenth is large. */
static uint32_t length_of(uint32_t number) { return number % 10 ? 4 + number : LARGE; }

static void take(end *side) {
    gde_event event;
    gde_packet *packet;
    int32_t found = gde_host_service(side->host, 1, &event, &packet);
    require(found >= 0, "service failed");
    if (!found) return;
    if (event.type == CONNECT) {
        side->peer = event.peer;
    } else if (event.type == DISCONNECT) {
        side->ended = 1 + event.data;
    } else {
        require(event.type == RECEIVE && event.peer == side->peer, "an event that nobody caused");
        require(event.length == length_of(side->received), "a packet of another length");
        for (uint64_t i = 0; i < event.length; i++)
            require(event.packet[i] == side->received % 251, "a packet with other bytes");
        side->received++;
        gde_packet_free(packet);
    }
}

static void exchange(uint32_t flags, uint32_t compressor) {
    gde_config config = GDE_DEFAULT_CONFIG;
    config.peer_count = 4;
    config.key[0] = 1;
    gde_address at = {.ip = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1}};
    int32_t error = 0;
    end server = {0}, client = {0};
    step = "create";
    server.host = gde_host_create(&config, &at, flags | GDE_HOST_BOUND, &error);
    require(server.host != NULL, "no bound host");
    client.host = gde_host_create(&config, NULL, flags, &error);
    require(client.host != NULL, "no host");
    gde_host *refused = gde_host_create(&config, NULL, flags, &error);
    require(refused != NULL, "no third host");
    gde_host_free(refused);
    require(gde_host_set_compressor(server.host, compressor) == GDE_OK, "no compressor");
    require(gde_host_set_compressor(client.host, compressor) == GDE_OK, "no compressor");
    require(gde_host_local_address(server.host, &at) == 0 && at.port, "no port");
    require(gde_host_create(&config, &at, flags | GDE_HOST_BOUND, &error) == NULL && error, "a port taken twice");

    step = "connect";
    int64_t peer = gde_host_connect(client.host, &at, 2, 7, 0);
    require(peer > 0, "refused");
    for (uint32_t i = 0; i < ROUNDS && !(client.peer && server.peer); i++) take(&client), take(&server);
    require(client.peer == (uint64_t)peer && server.peer, "it did not come about");

    step = "send";
    static uint8_t content[LARGE];
    for (uint32_t number = 0; number < PACKETS; number++) {
        memset(content, (int)(number % 251), sizeof content);
        require(gde_host_send(client.host, client.peer, 0, content, length_of(number), 1) == GDE_OK, "refused");
        require(gde_host_send(server.host, server.peer, 1, content, length_of(number), 1) == GDE_OK, "refused");
    }
    require(gde_host_send(client.host, client.peer, 9, content, 1, 1) == GDE_ERR_CHANNEL, "a channel there is not");
    require(gde_host_send(client.host, client.peer + 1, 0, content, 1, 1) == GDE_ERR_UNKNOWN_PEER, "a strange peer");
    for (uint32_t i = 0; i < ROUNDS && (client.received < PACKETS || server.received < PACKETS); i++)
        take(&client), take(&server);
    require(client.received == PACKETS && server.received == PACKETS, "packets are missing");

    step = "disconnect";
    require(gde_host_disconnect(client.host, client.peer, 41, 0) == GDE_OK, "refused");
    for (uint32_t i = 0; i < ROUNDS && !(client.ended && server.ended); i++) take(&client), take(&server);
    require(client.ended == 1 && server.ended == 42, "it did not end");

    step = "close";
    gde_host_close(server.host);
    require(gde_host_flush(server.host) == GDE_ERR_CLOSED, "a closed host works");
    gde_host_free(server.host);
    gde_host_free(client.host);
}

int main(void) {
    require(gde_fingerprint() == GDE_FINGERPRINT, "other sources");
    for (uint32_t compressor = 0; compressor < 3; compressor++) {
        exchange(0, compressor);
        printf("smoke: inline, compressor %u: ok\n", (unsigned)compressor);
        exchange(GDE_HOST_THREADED, compressor);
        printf("smoke: threaded, compressor %u: ok\n", (unsigned)compressor);
    }
    return 0;
}
