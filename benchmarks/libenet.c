/* The same jobs as scenarios.py and processes.py, done by ENet's own C library: `libenet JOB ARGUMENTS` prints one
 * number. Also the 1,024 clients of the server's frame (`crowd`), which every server is measured with. */
#define _GNU_SOURCE
#include <enet/enet.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* godot_enet/core/native/src/rangecoder.c */
uint32_t range_coder_compress(const uint8_t *data, uint32_t length, uint8_t *out, uint32_t limit);
uint32_t range_coder_decompress(const uint8_t *data, uint32_t length, uint8_t *out, uint32_t limit);

enum { BURST = 64, BACKLOG = 8 * BURST, MESSAGE = 32, INPUT = 48, STATE = 200, CHUNK = 256, JOINING = 64 };

/* Seconds after which inputs count as lost. */
#define LATE 0.05

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
static double cpu(void) { return seconds(CLOCK_PROCESS_CPUTIME_ID); }
static double wall(void) { return seconds(CLOCK_MONOTONIC); }

static int order(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : 1; }
static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, order);
    return values[count / 2];
}

static void give_up(const char *why) {
    fprintf(stderr, "libenet: %s\n", why);
    exit(1);
}

typedef struct {
    ENetHost *host;
    ENetPeer *peer; /* peer of the last event */
    size_t connected, packets, bytes;
} end;

static end listen_for(size_t peers) {
    ENetAddress address = {.port = 0};
    enet_address_set_host_ip(&address, "127.0.0.1");
    end made = {.host = enet_host_create(&address, peers, 0, 0, 0)};
    if (!made.host) give_up("no host");
    enet_socket_get_address(made.host->socket, &made.host->address);
    return made;
}

static end client_for(size_t connections) {
    end made = {.host = enet_host_create(NULL, connections, 0, 0, 0)};
    if (!made.host) give_up("no host");
    return made;
}

static size_t drain(end *at, uint32_t wait) {
    ENetEvent event;
    size_t before = at->packets;
    for (int found = enet_host_service(at->host, &event, wait); found > 0;
         found = enet_host_service(at->host, &event, 0)) {
        at->peer = event.peer;
        if (event.type == ENET_EVENT_TYPE_CONNECT) at->connected++;
        if (event.type != ENET_EVENT_TYPE_RECEIVE) continue;
        at->packets++;
        at->bytes += event.packet->dataLength;
        enet_packet_destroy(event.packet);
    }
    return at->packets - before;
}

static void send_to(ENetPeer *peer, size_t length, uint32_t flags) {
    static uint8_t zeros[1 << 20];
    ENetPacket *packet = enet_packet_create(zeros, length, flags);
    if (enet_peer_send(peer, 0, packet) < 0) enet_packet_destroy(packet);
}

/* Connects a few at a time, so that no socket overflows. `server` is NULL if another loop services it. */
static ENetPeer *join(end *client, end *server, uint16_t port, size_t connections, size_t channels) {
    ENetAddress address = {.port = port};
    enet_address_set_host_ip(&address, "127.0.0.1");
    ENetPeer *last = NULL;
    double start = wall();
    for (size_t begun = 0; begun < connections;) {
        for (int i = 0; i < JOINING && begun < connections; i++, begun++)
            last = enet_host_connect(client->host, &address, channels, 0);
        while (client->connected < begun || (server && server->connected < begun)) {
            drain(client, server ? 0 : 1);
            if (server) drain(server, 0);
            if (wall() - start > 60) give_up("no connection");
        }
    }
    return last;
}

static double messages(uint32_t flags, double length) {
    end server = listen_for(1), client = client_for(1);
    ENetPeer *to = join(&client, &server, server.host->address.port, 1, 1);
    size_t sent = 0, received = 0;
    double start = wall(), progress = start, spent = -cpu(), now;
    while ((now = wall()) - start < length) {
        if (sent - received < BACKLOG)
            for (int i = 0; i < BURST; i++, sent++) send_to(to, MESSAGE, flags);
        drain(&client, 0);
        size_t got = drain(&server, 0);
        received += got;
        if (got) progress = now;
        if (flags != ENET_PACKET_FLAG_RELIABLE && now - progress > 0.005) sent = received;
    }
    return (spent + cpu()) / (double)received * 1e9;
}

static double bulk(size_t size, double length) {
    end server = listen_for(1), client = client_for(1);
    ENetPeer *to = join(&client, &server, server.host->address.port, 1, 1);
    size_t sent = 0;
    double start = wall();
    while (wall() - start < length || !server.packets) {
        for (; (sent - server.packets) * size < 2 << 20; sent++) send_to(to, size, ENET_PACKET_FLAG_RELIABLE);
        drain(&client, 0);
        drain(&server, 0);
    }
    return (double)server.bytes / (wall() - start) / 1e6;
}

/* Connects, and stays idle. */
static void visit(uint16_t port, size_t connections) {
    end clients = client_for(connections);
    join(&clients, NULL, port, connections, 1);
    while (getppid() != 1) drain(&clients, 20);
    _exit(0);
}

static double idle(size_t slots, size_t connections, int calls) {
    end server = listen_for(slots);
    pid_t child = fork();
    if (!child) visit(server.host->address.port, connections);
    double start = wall();
    while (server.connected < connections && wall() - start < 60) drain(&server, 1);
    for (start = wall(); wall() - start < 0.2;) drain(&server, 1);
    double *spent = malloc((size_t)calls * sizeof *spent);
    for (int i = 0; i < calls; i++) {
        ENetEvent event;
        double before = wall();
        enet_host_service(server.host, &event, 0);
        spent[i] = wall() - before;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    if (server.connected < connections) give_up("not all clients could connect");
    return median(spent, (size_t)calls) * 1e6;
}

/* Many hosts with one connection each. Obeys lines: `s FROM COUNT` sends that many inputs, `r` reads all that came;
 * answers each with the number of packets received. */
static void crowd(uint16_t port, size_t count) {
    end *clients = malloc(count * sizeof *clients);
    ENetPeer **servers = malloc(count * sizeof *servers);
    for (size_t i = 0; i < count; i++) {
        clients[i] = client_for(1);
        servers[i] = join(&clients[i], NULL, port, 1, 1);
        /* A long frame must not make ENet drop measured packets. */
        enet_peer_throttle_configure(servers[i], 5000, ENET_PEER_PACKET_THROTTLE_SCALE, 0);
    }
    char line[64];
    for (printf("0\n"), fflush(stdout); fgets(line, sizeof line, stdin); fflush(stdout)) {
        size_t from = 0, many = count, received = 0;
        int sends = sscanf(line, "s %zu %zu", &from, &many) == 2;
        for (size_t i = from; i < from + many && i < count; i++) {
            if (sends) {
                send_to(servers[i], INPUT, 0);
                enet_host_flush(clients[i].host);
            } else {
                received += drain(&clients[i], 0);
            }
        }
        printf("%zu\n", received);
    }
}

static long ask(FILE *to, FILE *from, const char *line) {
    char answer[64];
    fputs(line, to);
    fflush(to);
    if (!fgets(answer, sizeof answer, from)) give_up("the clients have exited");
    return atol(answer);
}

/* The minimum for any implementation: only the datagrams of a frame, through batched socket calls. */
static size_t bare_drain(int socket) {
    static uint8_t into[CHUNK][ENET_PROTOCOL_MAXIMUM_MTU];
    static struct sockaddr_in names[CHUNK];
    struct mmsghdr batch[CHUNK];
    struct iovec spans[CHUNK];
    for (size_t i = 0; i < CHUNK; i++) {
        spans[i] = (struct iovec){into[i], sizeof into[i]};
        batch[i] = (struct mmsghdr){.msg_hdr = {&names[i], sizeof names[i], &spans[i], 1, NULL, 0, 0}};
    }
    int got = recvmmsg(socket, batch, CHUNK, MSG_DONTWAIT, NULL);
    return got > 0 ? (size_t)got : 0;
}

static void bare_broadcast(const ENetHost *host, size_t length) {
    static uint8_t state[ENET_PROTOCOL_MAXIMUM_MTU];
    struct sockaddr_in names[CHUNK];
    struct mmsghdr batch[CHUNK];
    struct iovec span = {state, length};
    for (size_t at = 0, count; at < host->peerCount; at += count) {
        count = host->peerCount - at < CHUNK ? host->peerCount - at : CHUNK;
        for (size_t i = 0; i < count; i++) {
            const ENetAddress *to = &host->peers[at + i].address;
            names[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(to->port), .sin_addr = {to->host}};
            batch[i] = (struct mmsghdr){.msg_hdr = {&names[i], sizeof names[i], &span, 1, NULL, 0, 0}};
        }
        if (sendmmsg(host->socket, batch, count, 0) != (int)count) give_up("the socket buffer is full");
    }
}

static double frame(size_t clients, int frames, int bare) {
    end server = listen_for(clients);
    int down[2], up[2];
    if (pipe(down) || pipe(up)) give_up("no pipe");
    if (!fork()) {
        dup2(down[0], 0);
        dup2(up[1], 1);
        close(down[1]);
        close(up[0]);
        crowd(server.host->address.port, clients);
        _exit(0);
    }
    close(up[1]);
    FILE *to = fdopen(down[1], "w"), *from = fdopen(up[0], "r");
    while (server.connected < clients) drain(&server, 1);
    for (double start = wall(); wall() - start < 0.3;) drain(&server, 1); /* until all clients are connected */
    char ready[64];
    if (!fgets(ready, sizeof ready, from)) give_up("the clients have exited");
    double spent = 0, before;
    size_t taken = 0;
    for (int i = 0; i < frames; i++) {
        for (size_t at = 0; at < clients; at += CHUNK) {
            char line[64];
            snprintf(line, sizeof line, "s %zu %d\n", at, CHUNK);
            ask(to, from, line);
            before = cpu();
            size_t got = bare ? bare_drain(server.host->socket) : drain(&server, 0);
            for (double start = wall(); got < CHUNK && got < clients && wall() - start < LATE;)
                got += bare ? bare_drain(server.host->socket) : drain(&server, 1);
            spent += cpu() - before;
            taken += got;
        }
        before = cpu();
        static uint8_t state[STATE];
        if (bare) {
            bare_broadcast(server.host, STATE + 12); /* protocol header with its time, command, length */
        } else {
            enet_host_broadcast(server.host, 0, enet_packet_create(state, STATE, 0));
            enet_host_flush(server.host);
        }
        spent += cpu() - before;
        ask(to, from, "r\n");
    }
    if (taken * 10 < clients * (size_t)frames * 9) give_up("inputs were lost");
    fclose(to);
    return spent / frames * 1e3;
}

static double echo(int blocking, int count, double length) {
    end server = listen_for(1);
    pid_t child = fork();
    if (!child) {
        for (;;) {
            ENetEvent event;
            if (enet_host_service(server.host, &event, blocking ? 1000 : 0) <= 0) continue;
            if (event.type == ENET_EVENT_TYPE_RECEIVE) enet_peer_send(event.peer, 0, event.packet);
            if (event.type == ENET_EVENT_TYPE_DISCONNECT) _exit(0);
        }
    }
    end client = client_for(1);
    ENetPeer *to = join(&client, NULL, server.host->address.port, 1, 1);
    double *spent = malloc((size_t)count * sizeof *spent), start = wall();
    int done = 0;
    for (; done < count && (wall() - start < length || done < 20); done++) {
        double before = wall();
        send_to(to, MESSAGE, ENET_PACKET_FLAG_RELIABLE);
        for (int got = 0; !got;) {
            ENetEvent event;
            if (enet_host_service(client.host, &event, blocking ? 1000 : 0) <= 0) continue;
            got = event.type == ENET_EVENT_TYPE_RECEIVE;
            if (got) enet_packet_destroy(event.packet);
        }
        spent[done] = wall() - before;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return median(spent, (size_t)done) * 1e6;
}

static double joins(size_t count) {
    end server = listen_for(count);
    pid_t child = fork();
    if (!child) visit(server.host->address.port, count);
    double spent = -cpu();
    while (server.connected < count) drain(&server, 1);
    spent += cpu();
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return spent / (double)count * 1e6;
}

static double memory(size_t peers) {
    end server = listen_for(peers), client = client_for(peers);
    uint16_t port = server.host->address.port;
    struct mallinfo2 before = mallinfo2();
    join(&client, &server, port, peers, 255);
    struct mallinfo2 after = mallinfo2();
    /* Both ends are in this process, and both have all channels. */
    return (double)(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / (double)peers / 2;
}

/* Megabytes per second of a 1.3 KB state, compressed or decompressed, by our range coder or libenet's. */
static double range_coder(int ours, int decompress, double length) {
    uint8_t plain[1300], packed[2048], back[2048];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof plain; i++) {
        random = random * 1664525 + 1013904223;
        plain[i] = (uint8_t)(i % 26 < 2 ? i / 26 : i % 26 > 17 ? 0 : i % 4 == 3 ? 0x40 + (random >> 31) : random >> 24);
    }
    void *theirs = enet_range_coder_create();
    ENetBuffer span = {.data = plain, .dataLength = sizeof plain};
    size_t size = enet_range_coder_compress(theirs, &span, 1, sizeof plain, packed, sizeof packed), rounds = 0;
    if (range_coder_compress(plain, sizeof plain, back, sizeof back) != size || memcmp(back, packed, size))
        give_up("the range coders disagree");
    double start = cpu();
    for (; cpu() - start < length; rounds++) {
        if (decompress)
            size = ours ? range_coder_decompress(packed, (uint32_t)size, back, sizeof back) * 0 + size
                        : enet_range_coder_decompress(theirs, packed, size, back, sizeof back) * 0 + size;
        else if (ours)
            range_coder_compress(plain, sizeof plain, back, sizeof back);
        else
            enet_range_coder_compress(theirs, &span, 1, sizeof plain, back, sizeof back);
    }
    return (double)rounds * sizeof plain / (cpu() - start) / 1e6;
}

int main(int count, char **given) {
    double n[3] = {0};
    for (int i = 2; i < count && i < 5; i++) n[i - 2] = atof(given[i]);
    const char *job = count > 1 ? given[1] : "";
    enet_initialize();
    double result;
    if (!strcmp(job, "messages"))
        result = messages((uint32_t)n[0], n[1]);
    else if (!strcmp(job, "bulk"))
        result = bulk((size_t)n[0], n[1]);
    else if (!strcmp(job, "idle"))
        result = idle((size_t)n[0], (size_t)n[1], (int)n[2]);
    else if (!strcmp(job, "crowd"))
        return crowd((uint16_t)n[0], (size_t)n[1]), 0;
    else if (!strcmp(job, "visit"))
        visit((uint16_t)n[0], (size_t)n[1]), result = 0;
    else if (!strcmp(job, "frame"))
        result = frame((size_t)n[0], (int)n[1], (int)n[2]);
    else if (!strcmp(job, "echo"))
        result = echo((int)n[0], (int)n[1], n[2]);
    else if (!strcmp(job, "joins"))
        result = joins((size_t)n[0]);
    else if (!strcmp(job, "memory"))
        result = memory((size_t)n[0]);
    else if (!strcmp(job, "range_coder"))
        result = range_coder((int)n[0], (int)n[1], n[2]);
    else
        return fprintf(stderr, "libenet: no such job: %s\n", job), 2;
    printf("%.9g\n", result);
    return 0;
}
