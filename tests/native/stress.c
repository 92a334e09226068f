/* Any function from any thread, with the host closed in the middle: eight threads send, one services, others look and
 * change things. For ThreadSanitizer; plain it finds deadlocks. Argument: the number of rounds. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "gde.h"
#include "platform.h"

enum { SENDERS = 8, THREADS = SENDERS + 4, CONNECT = 1, PATIENCE = 20000 };

typedef struct {
    gde_host *client;
    uint64_t peer;
    gde_address server;
    atomic_uint sent, received, refused;
    atomic_bool stopped;
    atomic_uint calls; /* so that closing comes after work has begun, however slow the machine is */
} stage;

static void require(bool good, const char *what) {
    if (good) return;
    fprintf(stderr, "stress: %s\n", what);
    exit(1);
}

static void sender(void *given) {
    stage *on = given;
    const uint8_t content[64] = {0};
    while (!atomic_load(&on->stopped)) {
        int32_t result = gde_host_send(on->client, on->peer, 0, content, sizeof content, 1);
        if (result == GDE_OK)
            atomic_fetch_add(&on->sent, 1);
        else
            atomic_fetch_add(&on->refused, 1);
        if (atomic_fetch_add(&on->calls, 1) % 16 == 0) gde_host_flush(on->client);
    }
}

static void servicer(void *given) {
    stage *on = given;
    gde_event event;
    gde_packet *packet;
    while (!atomic_load(&on->stopped)) {
        int32_t found = gde_host_service(on->client, 2, &event, &packet);
        if (found > 0 && packet) {
            atomic_fetch_add(&on->received, 1);
            gde_packet_free(packet);
        }
        gde_host_has_drops(on->client);
    }
}

static void looker(void *given) {
    stage *on = given;
    uint64_t peers[8], counts[DROP_COUNT];
    gde_drop_report reports[DROP_COUNT];
    gde_peer_info info;
    gde_address address;
    int64_t due;
    while (!atomic_load(&on->stopped)) {
        gde_host_peers(on->client, peers, 8);
        gde_host_peer_info(on->client, on->peer, &info);
        gde_host_peer_state(on->client, on->peer);
        gde_host_peer_statistic(on->client, on->peer, 3);
        gde_host_pop_statistic(on->client, 0);
        gde_host_channel_limit(on->client);
        gde_host_drops(on->client, counts, DROP_COUNT);
        gde_host_poll_drops(on->client, reports, DROP_COUNT);
        gde_host_fileno(on->client);
        gde_host_serve(on->client);
        gde_host_poll_timeout(on->client, &due);
        gde_host_local_address(on->client, &address);
    }
}

static void changer(void *given) {
    stage *on = given;
    while (!atomic_load(&on->stopped)) {
        gde_host_ping(on->client, on->peer);
        gde_host_configure(on->client, on->peer, 0, 100, 0, 0);
        gde_host_bandwidth_limit(on->client, 0, 0);
        gde_host_set_channel_limit(on->client, 4);
        gde_host_broadcast(on->client, 1, (const uint8_t *)"b", 1, 0);
        gde_host_socket_send(on->client, (const uint8_t *)"?", 1, &on->server);
    }
}

/* Reads until the other side is gone, and answers, so that packets go both ways. */
static void echo(void *given) {
    stage *on = given;
    gde_host *host = on->client;
    gde_event event;
    gde_packet *packet;
    while (!atomic_load(&on->stopped)) {
        if (gde_host_service(host, 2, &event, &packet) <= 0 || !packet) continue;
        gde_host_send(host, event.peer, 1, event.packet, event.length, 1);
        gde_packet_free(packet);
    }
}

static gde_host *create(const gde_address *bind, uint32_t flags) {
    gde_config config = GDE_DEFAULT_CONFIG;
    config.peer_count = 8;
    config.maximum_packet_size = 1 << 20;
    config.maximum_waiting_data = 1 << 20;
    config.key[0] = 1;
    int32_t error;
    gde_host *host = gde_host_create(&config, bind, flags, &error);
    require(host != NULL, "no host");
    return host;
}

static void round_of(uint32_t flags, uint32_t number) {
    stage on = {0}, other = {0};
    gde_address at = {.ip = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1}};
    other.client = create(&at, flags | GDE_HOST_BOUND);
    require(gde_host_local_address(other.client, &at) == 0, "no port");
    on.client = create(NULL, flags);
    on.server = at;
    on.peer = (uint64_t)gde_host_connect(on.client, &at, 2, 0, 0);

    os_thread threads[THREADS + 1];
    require(os_thread_start(&threads[THREADS], echo, &other) == 0, "no thread");
    gde_event event = {0};
    gde_packet *packet;
    for (uint32_t i = 0; event.type != CONNECT; i++) {
        require(i < PATIENCE, "no connection");
        gde_host_service(on.client, 1, &event, &packet);
    }
    static void (*const work[])(void *) = {servicer, looker, changer, servicer};
    for (uint32_t i = 0; i < THREADS; i++)
        require(os_thread_start(&threads[i], i < SENDERS ? sender : work[i - SENDERS], &on) == 0, "no thread");
    while (atomic_load(&on.calls) < 50 + number % 7 * 60) gde_host_peer_state(on.client, on.peer);
    if (number % 3 == 2) {
        gde_engine *engine;
        int64_t descriptor, events[2];
        require(gde_host_detach(on.client, &engine, &descriptor, events) == GDE_OK, "not detached");
        os_waker ends = {(os_socket)events[0], (os_socket)events[1]};
        if (events[0] >= 0) os_waker_close(&ends);
        gde_engine_destroy(engine);
    }
    gde_host_close(on.client);
    require(gde_host_flush(on.client) == GDE_ERR_CLOSED, "a closed host works");
    uint32_t before = atomic_load(&on.refused);
    for (uint32_t i = 0; atomic_load(&on.refused) == before; i++) gde_host_has_drops(on.client);
    atomic_store(&on.stopped, true);
    atomic_store(&other.stopped, true);
    for (uint32_t i = 0; i <= THREADS; i++) os_thread_join(threads[i]);
    require(atomic_load(&on.sent) > 0, "nothing was sent");
    gde_host_free(on.client);
    gde_host_free(other.client);
}

int main(int count, char **arguments) {
    uint32_t rounds = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 100;
    for (uint32_t number = 0; number < rounds; number++) round_of(number % 2 ? GDE_HOST_THREADED : 0, number);
    printf("stress: %u rounds\n", (unsigned)rounds);
    return 0;
}
