/* Many stock libenet clients, each with a host and a socket of its own: `players PORT COUNT RATE`.
 *
 * Prints "ready" once all are connected. From the first line of standard input on, each sends 48 bytes RATE times a
 * second, in turns, every fifth of them reliably, and reads what arrives. The next line ends that; the answer has five
 * numbers: clients that are still connected, inputs sent, those sent reliably, states received, and the CPU time spent
 * in seconds. The end of standard input ends the program. */
#define _GNU_SOURCE
#include <enet/enet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

enum { INPUT = 48, CHANNELS = 2, RELIABLE_EACH = 5, JOINING = 64, BATCH = 512, PATIENCE = 60 };

typedef struct {
    ENetHost *host;
    ENetPeer *server;
    size_t inputs;
    int connected;
} player;

static player *players;
static size_t count, connected, states, inputs, reliable;
static int readable;

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void give_up(const char *why) {
    fprintf(stderr, "players: %s\n", why);
    exit(1);
}

static void take(player *p) {
    ENetEvent event;
    while (enet_host_service(p->host, &event, 0) > 0) {
        if (event.type == ENET_EVENT_TYPE_RECEIVE) {
            states++;
            enet_packet_destroy(event.packet);
        } else {
            connected += (size_t)((event.type == ENET_EVENT_TYPE_CONNECT) - p->connected);
            p->connected = event.type == ENET_EVENT_TYPE_CONNECT;
            /* A busy machine must not make ENet drop what is measured. */
            if (p->connected) enet_peer_throttle_configure(p->server, 5000, ENET_PEER_PACKET_THROTTLE_SCALE, 0);
        }
    }
}

static void take_all(int milliseconds) {
    struct epoll_event found[BATCH];
    int many = epoll_wait(readable, found, BATCH, milliseconds);
    for (int i = 0; i < many; i++) take(found[i].data.ptr);
}

static void join(uint16_t port) {
    ENetAddress address = {.port = port};
    enet_address_set_host_ip(&address, "127.0.0.1");
    double start = seconds(CLOCK_MONOTONIC);
    for (size_t begun = 0; connected < count;) {
        for (; begun < count && begun < connected + JOINING; begun++) {
            player *p = &players[begun];
            struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
            if (!(p->host = enet_host_create(NULL, 1, 0, 0, 0))) give_up("no socket is left");
            p->server = enet_host_connect(p->host, &address, CHANNELS, 0);
            epoll_ctl(readable, EPOLL_CTL_ADD, p->host->socket, &event);
            enet_host_flush(p->host);
        }
        size_t before = connected;
        take_all(10);
        if (before == connected) /* resend what was lost */
            for (size_t i = 0; i < begun; i++)
                if (!players[i].connected) take(&players[i]);
        if (seconds(CLOCK_MONOTONIC) - start > PATIENCE) give_up("not all clients could connect");
    }
}

static void send_input(player *p) {
    static const uint8_t content[INPUT];
    int reliably = p->inputs++ % RELIABLE_EACH == 0;
    ENetPacket *packet = enet_packet_create(content, INPUT, reliably ? ENET_PACKET_FLAG_RELIABLE : 0);
    if (enet_peer_send(p->server, reliably, packet) < 0) {
        enet_packet_destroy(packet);
    } else {
        inputs++;
        reliable += (size_t)reliably;
    }
    take(p);
}

static int is_asked(void) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    return poll(&input, 1, 0) > 0;
}

static void play(double rate) {
    double start = seconds(CLOCK_MONOTONIC), spent = -seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t sent = 0; !is_asked();) {
        double due = (seconds(CLOCK_MONOTONIC) - start) * rate * (double)count;
        for (; (double)sent < due; sent++) send_input(&players[sent % count]);
        take_all(1);
    }
    spent += seconds(CLOCK_PROCESS_CPUTIME_ID);
    /* What was sent reliably is acknowledged, or sent again. */
    for (double end = seconds(CLOCK_MONOTONIC) + 1; seconds(CLOCK_MONOTONIC) < end;) {
        take_all(10);
        for (size_t i = 0; i < count; i++)
            if (!enet_list_empty(&players[i].server->sentReliableCommands)) take(&players[i]);
    }
    printf("%zu %zu %zu %zu %.9g\n", connected, inputs, reliable, states, spent);
    inputs = reliable = states = 0;
}

int main(int arguments, char **given) {
    if (arguments != 4) give_up("players PORT COUNT RATE");
    count = (size_t)atol(given[2]);
    players = calloc(count, sizeof *players);
    readable = epoll_create1(0);
    enet_initialize();
    join((uint16_t)atoi(given[1]));
    printf("ready\n");
    fflush(stdout);
    for (char line[16];; fflush(stdout)) {
        while (!is_asked()) take_all(10);
        if (!fgets(line, sizeof line, stdin)) return 0;
        play(atof(given[3]));
        if (!fgets(line, sizeof line, stdin)) return 0;
    }
}
