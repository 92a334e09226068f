/* Addresses of ours and the socket's. Include it after what declares sockaddr_in6 there. */
#ifndef GDE_UDP_NAMES_H
#define GDE_UDP_NAMES_H

#include <string.h>

#include "platform.h"

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} name;

static const uint8_t MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

static inline bool is_mapped(const gde_address *address) { return memcmp(address->ip, MAPPED, 12) == 0; }

/* What the socket calls an address; 0 if it cannot reach that family. */
static inline socklen_t to_name(const udp_socket *udp, const gde_address *address, name *out) {
    memset(out, 0, sizeof *out);
    if (udp->is_ipv6) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(address->port);
        out->v6.sin6_scope_id = address->scope;
        memcpy(&out->v6.sin6_addr, address->ip, 16);
        return sizeof out->v6;
    }
    if (!is_mapped(address)) return 0;
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(address->port);
    memcpy(&out->v4.sin_addr, address->ip + 12, 4);
    return sizeof out->v4;
}

static inline void from_name(const name *in, gde_address *address) {
    memset(address, 0, sizeof *address);
    if (in->any.sa_family == AF_INET6) {
        memcpy(address->ip, &in->v6.sin6_addr, 16);
        address->scope = in->v6.sin6_scope_id;
        address->port = ntohs(in->v6.sin6_port);
    } else {
        memcpy(address->ip, MAPPED, 12);
        memcpy(address->ip + 12, &in->v4.sin_addr, 4);
        address->port = ntohs(in->v4.sin_port);
    }
}

#endif
