/* A host of four shards under calls from many threads, closed or handed over in the middle, while clients come, send and
 * leave. For ThreadSanitizer; plain it finds deadlocks. Argument: the number of rounds. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "gde.h"
#include "platform.h"

enum { CLIENTS = 24, LIMIT = 20, KNOWN = 256, PATIENCE = 20000, CONNECT = 1 };

typedef struct {
    gde_host *server;
    gde_address at;
    _Atomic uint64_t peers[KNOWN]; /* of connections that were reported */
    atomic_uint known, received, refused;
    atomic_bool stopped;
} stage;

static void require(bool good, const char *what) {
    if (good) return;
    fprintf(stderr, "stress_shards: %s\n", what);
    exit(1);
}

static uint64_t any_peer(stage *on, uint32_t number) {
    uint32_t known = atomic_load(&on->known);
    return known ? atomic_load(&on->peers[number % (known < KNOWN ? known : KNOWN)]) : number;
}

static void note(stage *on, const gde_event *event, gde_packet *packet) {
    if (event->type == CONNECT) {
        atomic_store(&on->peers[atomic_load(&on->known) % KNOWN], event->peer);
        atomic_fetch_add(&on->known, 1);
    }
    if (!packet) return;
    atomic_fetch_add(&on->received, 1);
    gde_host_send(on->server, event->peer, 0, event->packet, event->length, 1);
    gde_packet_free(packet);
}

static void servicer(void *given) {
    stage *on = given;
    gde_event event;
    gde_packet *packet;
    for (uint32_t i = 0; !atomic_load(&on->stopped); i++) {
        if (gde_host_service(on->server, i % 3, &event, &packet) <= 0) continue;
        if (i % 16 == 0)
            gde_host_put_back(on->server, &event, &packet);
        else
            note(on, &event, packet);
        gde_event events[4];
        gde_packet *packets[4];
        int32_t more = gde_host_next_events(on->server, events, packets, 1 + (int32_t)(i % 4), NULL);
        for (int32_t each = 0; each < more; each++) note(on, &events[each], packets[each]);
    }
}

static void sender(void *given) {
    stage *on = given;
    const uint8_t content[64] = {0};
    for (uint32_t i = 0; !atomic_load(&on->stopped); i++) {
        if (gde_host_send(on->server, any_peer(on, i), 0, content, sizeof content, i % 2) == GDE_ERR_CLOSED)
            atomic_fetch_add(&on->refused, 1);
        if (i % 16 == 0) gde_host_flush(on->server);
        if (i % 64 == 0) gde_host_broadcast(on->server, 0, content, sizeof content, 1);
    }
}

static void looker(void *given) {
    stage *on = given;
    uint64_t peers[KNOWN], counts[DROP_COUNT];
    gde_drop_report reports[DROP_COUNT];
    gde_peer_info info;
    gde_address address;
    for (uint32_t i = 0; !atomic_load(&on->stopped); i++) {
        /* No bound on their number: one may leave a shard that was counted, and another join one that comes. */
        gde_host_peers(on->server, peers, KNOWN);
        gde_host_peer_info(on->server, any_peer(on, i), &info);
        gde_host_peer_state(on->server, any_peer(on, i));
        gde_host_peer_statistic(on->server, any_peer(on, i), 3);
        gde_host_pop_statistic(on->server, 0);
        gde_host_drops(on->server, counts, DROP_COUNT);
        if (gde_host_has_drops(on->server)) gde_host_poll_drops(on->server, reports, DROP_COUNT);
        gde_host_local_address(on->server, &address);
        if (i % 8 == 0) gde_host_fileno(on->server);
        if (i % 8 == 4) gde_host_serve(on->server);
    }
}

static void changer(void *given) {
    stage *on = given;
    for (uint32_t i = 0; !atomic_load(&on->stopped); i++) {
        gde_host_ping(on->server, any_peer(on, i));
        gde_host_configure(on->server, any_peer(on, i), 0, 100, 0, 0);
        gde_host_bandwidth_limit(on->server, 0, i % 2 * 1000000);
        gde_host_set_channel_limit(on->server, 1 + i % 4);
        gde_host_set_unread(on->server, any_peer(on, i), 1, 10);
        gde_host_socket_send(on->server, (const uint8_t *)"?", 1, &on->at);
        if (i % 64 == 0) gde_host_disconnect(on->server, any_peer(on, i), 0, i % 3);
    }
}

static gde_host *create(const gde_address *bind, uint32_t shards, uint32_t peers, uint32_t flags) {
    gde_config config = GDE_DEFAULT_CONFIG;
    config.peer_count = peers;
    config.shards = shards;
    config.key[0] = 1;
    int32_t error;
    gde_host *host = gde_host_create(&config, bind, flags, &error);
    require(host != NULL, "no host");
    return host;
}

/* All clients in one thread: each sends, and comes again once its connection is over. */
static void crowd(void *given) {
    stage *on = given;
    gde_host *clients[CLIENTS];
    uint64_t peers[CLIENTS];
    for (uint32_t i = 0; i < CLIENTS; i++) {
        clients[i] = create(NULL, 1, 1, 0);
        peers[i] = (uint64_t)gde_host_connect(clients[i], &on->at, 2, 0, 0);
    }
    for (uint32_t turn = 0; !atomic_load(&on->stopped); turn++) {
        for (uint32_t i = 0; i < CLIENTS; i++) {
            gde_event event;
            gde_packet *packet;
            while (gde_host_service(clients[i], 0, &event, &packet) > 0)
                if (packet) gde_packet_free(packet);
            if (gde_host_send(clients[i], peers[i], 0, (const uint8_t *)"hello", 5, 1) == GDE_ERR_UNKNOWN_PEER)
                peers[i] = (uint64_t)gde_host_connect(clients[i], &on->at, 2, 0, 0);
            if (turn % 32 == i) gde_host_disconnect(clients[i], peers[i], 0, 0);
        }
    }
    for (uint32_t i = 0; i < CLIENTS; i++) gde_host_free(clients[i]);
}

static void round_of(uint32_t number) {
    static void (*const work[])(void *) = {crowd, servicer, servicer, sender, sender, looker, changer};
    enum { THREADS = sizeof work / sizeof *work };
    stage on = {.at = {.ip = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1}}};
    on.server = create(&on.at, 4, LIMIT, GDE_HOST_BOUND | GDE_HOST_THREADED);
    require(gde_host_local_address(on.server, &on.at) == 0, "no port");
    os_thread threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) require(os_thread_start(&threads[i], work[i], &on) == 0, "no thread");
    for (uint32_t i = 0; atomic_load(&on.received) < 20 + number % 7 * 20; i++) {
        require(i < PATIENCE, "nothing arrives");
        os_waker nobody;
        require(os_waker_open(&nobody) == 0, "no descriptor");
        os_wait_readable(nobody.reader, &nobody, 1);
        os_waker_close(&nobody);
    }
    gde_engine *engine;
    int64_t descriptor, events[2];
    if (number % 3 == 2 && gde_host_detach(on.server, &engine, &descriptor, events) == GDE_OK)
        require(false, "peers were handed over");
    gde_host_close(on.server);
    require(gde_host_flush(on.server) == GDE_ERR_CLOSED, "a closed host works");
    uint32_t before = atomic_load(&on.refused);
    while (atomic_load(&on.refused) == before) gde_host_has_drops(on.server);
    atomic_store(&on.stopped, true);
    for (uint32_t i = 0; i < THREADS; i++) os_thread_join(threads[i]);
    gde_host_free(on.server);

    /* One without peers can be handed over. */
    gde_host *idle = create(&on.at, 4, LIMIT, GDE_HOST_BOUND | GDE_HOST_THREADED);
    require(gde_host_detach(idle, &engine, &descriptor, events) == GDE_OK, "not handed over");
    udp_socket handed = {.handle = (os_socket)descriptor};
    udp_close(&handed);
    gde_engine_destroy(engine);
    gde_host_free(idle);
}

int main(int count, char **arguments) {
    uint32_t rounds = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 100;
    for (uint32_t number = 0; number < rounds; number++) round_of(number);
    printf("stress_shards: %u rounds\n", (unsigned)rounds);
    return 0;
}
