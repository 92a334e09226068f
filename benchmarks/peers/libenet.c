/* libenet's own library in the place of the programs of ends.py, with the same arguments, orders and answers:
 * `libenet VARIANT serve CLIENTS` and `libenet VARIANT join CLIENTS PORT RATE`. */
#define _GNU_SOURCE
#include <enet/enet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST = 32, JOINING = 32, TICK = 10, JOIN_TIMEOUT = 90, PATIENCE = 5, BATCH = 256 };

typedef struct {
    ENetHost *host;
    ENetPeer *server;
    int up;
} client;

static client *clients;
static size_t count, up, sent, answered, room;
static double *round_trips, begin;

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static void give_up(const char *why) {
    fprintf(stderr, "libenet: %s\n", why);
    exit(1);
}

static int is_readable(int descriptor) {
    struct pollfd input = {.fd = descriptor, .events = POLLIN};
    return poll(&input, 1, 0) > 0;
}

static void serve(size_t slots) {
    ENetAddress address = {.port = 0};
    enet_address_set_host_ip(&address, "127.0.0.1");
    ENetHost *host = enet_host_create(&address, slots, 0, 0, 0);
    if (!host) give_up("no host");
    enet_socket_get_address(host->socket, &address);
    printf("%d\n", address.port);
    fflush(stdout);
    for (unsigned passes = 0;; passes++) {
        ENetEvent event;
        if (passes % 64 == 0 && is_readable(0)) exit(0);
        if (enet_host_service(host, &event, TICK) <= 0 || event.type != ENET_EVENT_TYPE_RECEIVE) continue;
        ENetPacket *answer = enet_packet_create(event.packet->data, event.packet->dataLength,
                                                ENET_PACKET_FLAG_RELIABLE);
        enet_packet_destroy(event.packet);
        if (enet_peer_send(event.peer, 0, answer) < 0) enet_packet_destroy(answer);
    }
}

static void take(client *c) {
    ENetEvent event;
    while (enet_host_service(c->host, &event, 0) > 0) {
        if (event.type == ENET_EVENT_TYPE_RECEIVE) {
            double stamp;
            memcpy(&stamp, event.packet->data, sizeof stamp);
            if (answered == room) round_trips = realloc(round_trips, (room = room * 2 + 64) * sizeof *round_trips);
            if (stamp >= begin) round_trips[answered++] = (now() - stamp) * 1e6;
            enet_packet_destroy(event.packet);
        } else {
            up += (size_t)((event.type == ENET_EVENT_TYPE_CONNECT) - c->up);
            c->up = event.type == ENET_EVENT_TYPE_CONNECT;
        }
    }
}

static void take_all(size_t many) {
    for (size_t i = 0; i < many; i++) take(&clients[i]);
}

static void join(uint16_t port) {
    ENetAddress address = {.port = port};
    enet_address_set_host_ip(&address, "127.0.0.1");
    double start = now();
    for (size_t begun = 0; up < count;) {
        for (; begun < count && begun < up + JOINING; begun++) {
            if (!(clients[begun].host = enet_host_create(NULL, 1, 0, 0, 0))) give_up("no socket is left");
            clients[begun].server = enet_host_connect(clients[begun].host, &address, 1, 0);
        }
        take_all(begun);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        if (now() - start > JOIN_TIMEOUT) give_up("not all clients could connect");
    }
}

static void ask(client *c) {
    uint8_t request[REQUEST] = {0};
    double stamp = now();
    memcpy(request, &stamp, sizeof stamp);
    enet_peer_send(c->server, 0, enet_packet_create(request, REQUEST, ENET_PACKET_FLAG_RELIABLE));
    enet_host_flush(c->host);
    sent++;
}

static void play(double rate, double length) {
    int watch = epoll_create1(0);
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[i]};
        epoll_ctl(watch, EPOLL_CTL_ADD, clients[i].host->socket, &event);
    }
    double due = begin = now(), end = due + length, tick = due, interval = 1 / (rate * (double)count);
    double lost = end + (2 * length < PATIENCE ? 2 * length : PATIENCE);
    sent = answered = 0;
    while (due < end || (answered < sent && now() < lost)) {
        for (; due < end && due <= now(); due += interval) ask(&clients[sent % count]);
        struct epoll_event found[BATCH];
        int many = epoll_wait(watch, found, BATCH, 1);
        for (int i = 0; i < many; i++) take(found[i].data.ptr);
        if (now() >= tick) {
            take_all(count);
            tick = now() + TICK * 1e-3;
        }
    }
    close(watch);
    printf("%zu", sent);
    for (size_t i = 0; i < answered; i++) printf(" %.1f", round_trips[i]);
    printf("\n");
    fflush(stdout);
}

int main(int arguments, char **given) {
    if (arguments < 4) give_up("too few arguments");
    enet_initialize();
    count = (size_t)atol(given[3]);
    if (!strcmp(given[2], "serve")) serve(count);
    clients = calloc(count, sizeof *clients);
    join((uint16_t)atoi(given[4]));
    printf("ready\n");
    fflush(stdout);
    for (char line[32];;) {
        for (; !is_readable(0); take_all(count)) nanosleep(&(struct timespec){.tv_nsec = TICK * 1000000}, NULL);
        if (!fgets(line, sizeof line, stdin)) return 0;
        play(atof(given[5]), atof(line));
    }
}
