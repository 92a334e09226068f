/* Written by scripts/generate; changes here are lost.
 * The commands of godot_enet/core/protocol/wire.py. `at` is the first byte of a command. */
#ifndef GDE_WIRE_H
#define GDE_WIRE_H

#include "basics.h"

enum {
    HEAD_SIZE = 4,
    ACKNOWLEDGE_SIZE = 8,
    CONNECT_SIZE = 48,
    VERIFY_CONNECT_SIZE = 44,
    DISCONNECT_SIZE = 8,
    PING_SIZE = 4,
    SEND_RELIABLE_SIZE = 6,
    SEND_UNRELIABLE_SIZE = 8,
    SEND_FRAGMENT_SIZE = 24,
    SEND_UNSEQUENCED_SIZE = 8,
    BANDWIDTH_LIMIT_SIZE = 12,
    THROTTLE_CONFIGURE_SIZE = 16,
    SEND_UNRELIABLE_FRAGMENT_SIZE = 24,
};

#define COMMAND_SIZES \
    { \
        [COMMAND_ACKNOWLEDGE] = ACKNOWLEDGE_SIZE, \
        [COMMAND_CONNECT] = CONNECT_SIZE, \
        [COMMAND_VERIFY_CONNECT] = VERIFY_CONNECT_SIZE, \
        [COMMAND_DISCONNECT] = DISCONNECT_SIZE, \
        [COMMAND_PING] = PING_SIZE, \
        [COMMAND_SEND_RELIABLE] = SEND_RELIABLE_SIZE, \
        [COMMAND_SEND_UNRELIABLE] = SEND_UNRELIABLE_SIZE, \
        [COMMAND_SEND_FRAGMENT] = SEND_FRAGMENT_SIZE, \
        [COMMAND_SEND_UNSEQUENCED] = SEND_UNSEQUENCED_SIZE, \
        [COMMAND_BANDWIDTH_LIMIT] = BANDWIDTH_LIMIT_SIZE, \
        [COMMAND_THROTTLE_CONFIGURE] = THROTTLE_CONFIGURE_SIZE, \
        [COMMAND_SEND_UNRELIABLE_FRAGMENT] = SEND_UNRELIABLE_FRAGMENT_SIZE, \
    }

typedef struct {
    uint8_t command;
    uint8_t channel;
    uint16_t sequence;
} head_fields;
static inline head_fields parse_head(const uint8_t *at) {
    return (head_fields){
        .command = at[0],
        .channel = at[1],
        .sequence = read16(at + 2),
    };
}
static inline void build_head(uint8_t *at, const head_fields *fields) {
    at[0] = fields->command;
    at[1] = fields->channel;
    write16(at + 2, fields->sequence);
}

typedef struct {
    uint16_t received_sequence;
    uint16_t received_sent_time;
} acknowledge_fields;
static inline acknowledge_fields parse_acknowledge(const uint8_t *at) {
    return (acknowledge_fields){
        .received_sequence = read16(at + 4),
        .received_sent_time = read16(at + 6),
    };
}
static inline void build_acknowledge(uint8_t *at, const acknowledge_fields *fields) {
    write16(at + 4, fields->received_sequence);
    write16(at + 6, fields->received_sent_time);
}

typedef struct {
    uint16_t peer_id;
    uint8_t incoming_session;
    uint8_t outgoing_session;
    uint32_t mtu;
    uint32_t window_size;
    uint32_t channel_count;
    uint32_t incoming_bandwidth;
    uint32_t outgoing_bandwidth;
    uint32_t throttle_interval;
    uint32_t throttle_acceleration;
    uint32_t throttle_deceleration;
    uint32_t connect_id;
    uint32_t data;
} connect_fields;
static inline connect_fields parse_connect(const uint8_t *at) {
    return (connect_fields){
        .peer_id = read16(at + 4),
        .incoming_session = at[6],
        .outgoing_session = at[7],
        .mtu = read32(at + 8),
        .window_size = read32(at + 12),
        .channel_count = read32(at + 16),
        .incoming_bandwidth = read32(at + 20),
        .outgoing_bandwidth = read32(at + 24),
        .throttle_interval = read32(at + 28),
        .throttle_acceleration = read32(at + 32),
        .throttle_deceleration = read32(at + 36),
        .connect_id = read32_little(at + 40),
        .data = read32(at + 44),
    };
}
static inline void build_connect(uint8_t *at, const connect_fields *fields) {
    write16(at + 4, fields->peer_id);
    at[6] = fields->incoming_session;
    at[7] = fields->outgoing_session;
    write32(at + 8, fields->mtu);
    write32(at + 12, fields->window_size);
    write32(at + 16, fields->channel_count);
    write32(at + 20, fields->incoming_bandwidth);
    write32(at + 24, fields->outgoing_bandwidth);
    write32(at + 28, fields->throttle_interval);
    write32(at + 32, fields->throttle_acceleration);
    write32(at + 36, fields->throttle_deceleration);
    write32_little(at + 40, fields->connect_id);
    write32(at + 44, fields->data);
}

typedef struct {
    uint16_t peer_id;
    uint8_t incoming_session;
    uint8_t outgoing_session;
    uint32_t mtu;
    uint32_t window_size;
    uint32_t channel_count;
    uint32_t incoming_bandwidth;
    uint32_t outgoing_bandwidth;
    uint32_t throttle_interval;
    uint32_t throttle_acceleration;
    uint32_t throttle_deceleration;
    uint32_t connect_id;
} verify_connect_fields;
static inline verify_connect_fields parse_verify_connect(const uint8_t *at) {
    return (verify_connect_fields){
        .peer_id = read16(at + 4),
        .incoming_session = at[6],
        .outgoing_session = at[7],
        .mtu = read32(at + 8),
        .window_size = read32(at + 12),
        .channel_count = read32(at + 16),
        .incoming_bandwidth = read32(at + 20),
        .outgoing_bandwidth = read32(at + 24),
        .throttle_interval = read32(at + 28),
        .throttle_acceleration = read32(at + 32),
        .throttle_deceleration = read32(at + 36),
        .connect_id = read32_little(at + 40),
    };
}
static inline void build_verify_connect(uint8_t *at, const verify_connect_fields *fields) {
    write16(at + 4, fields->peer_id);
    at[6] = fields->incoming_session;
    at[7] = fields->outgoing_session;
    write32(at + 8, fields->mtu);
    write32(at + 12, fields->window_size);
    write32(at + 16, fields->channel_count);
    write32(at + 20, fields->incoming_bandwidth);
    write32(at + 24, fields->outgoing_bandwidth);
    write32(at + 28, fields->throttle_interval);
    write32(at + 32, fields->throttle_acceleration);
    write32(at + 36, fields->throttle_deceleration);
    write32_little(at + 40, fields->connect_id);
}

typedef struct {
    uint32_t data;
} disconnect_fields;
static inline disconnect_fields parse_disconnect(const uint8_t *at) {
    return (disconnect_fields){
        .data = read32(at + 4),
    };
}
static inline void build_disconnect(uint8_t *at, const disconnect_fields *fields) {
    write32(at + 4, fields->data);
}

typedef struct {
    uint16_t length;
} send_reliable_fields;
static inline send_reliable_fields parse_send_reliable(const uint8_t *at) {
    return (send_reliable_fields){
        .length = read16(at + 4),
    };
}
static inline void build_send_reliable(uint8_t *at, const send_reliable_fields *fields) {
    write16(at + 4, fields->length);
}

typedef struct {
    uint16_t unreliable_sequence;
    uint16_t length;
} send_unreliable_fields;
static inline send_unreliable_fields parse_send_unreliable(const uint8_t *at) {
    return (send_unreliable_fields){
        .unreliable_sequence = read16(at + 4),
        .length = read16(at + 6),
    };
}
static inline void build_send_unreliable(uint8_t *at, const send_unreliable_fields *fields) {
    write16(at + 4, fields->unreliable_sequence);
    write16(at + 6, fields->length);
}

typedef struct {
    uint16_t start_sequence;
    uint16_t length;
    uint32_t fragment_count;
    uint32_t fragment_number;
    uint32_t total_length;
    uint32_t fragment_offset;
} send_fragment_fields;
static inline send_fragment_fields parse_send_fragment(const uint8_t *at) {
    return (send_fragment_fields){
        .start_sequence = read16(at + 4),
        .length = read16(at + 6),
        .fragment_count = read32(at + 8),
        .fragment_number = read32(at + 12),
        .total_length = read32(at + 16),
        .fragment_offset = read32(at + 20),
    };
}
static inline void build_send_fragment(uint8_t *at, const send_fragment_fields *fields) {
    write16(at + 4, fields->start_sequence);
    write16(at + 6, fields->length);
    write32(at + 8, fields->fragment_count);
    write32(at + 12, fields->fragment_number);
    write32(at + 16, fields->total_length);
    write32(at + 20, fields->fragment_offset);
}

typedef struct {
    uint16_t group;
    uint16_t length;
} send_unsequenced_fields;
static inline send_unsequenced_fields parse_send_unsequenced(const uint8_t *at) {
    return (send_unsequenced_fields){
        .group = read16(at + 4),
        .length = read16(at + 6),
    };
}
static inline void build_send_unsequenced(uint8_t *at, const send_unsequenced_fields *fields) {
    write16(at + 4, fields->group);
    write16(at + 6, fields->length);
}

typedef struct {
    uint32_t incoming_bandwidth;
    uint32_t outgoing_bandwidth;
} bandwidth_limit_fields;
static inline bandwidth_limit_fields parse_bandwidth_limit(const uint8_t *at) {
    return (bandwidth_limit_fields){
        .incoming_bandwidth = read32(at + 4),
        .outgoing_bandwidth = read32(at + 8),
    };
}
static inline void build_bandwidth_limit(uint8_t *at, const bandwidth_limit_fields *fields) {
    write32(at + 4, fields->incoming_bandwidth);
    write32(at + 8, fields->outgoing_bandwidth);
}

typedef struct {
    uint32_t interval;
    uint32_t acceleration;
    uint32_t deceleration;
} throttle_configure_fields;
static inline throttle_configure_fields parse_throttle_configure(const uint8_t *at) {
    return (throttle_configure_fields){
        .interval = read32(at + 4),
        .acceleration = read32(at + 8),
        .deceleration = read32(at + 12),
    };
}
static inline void build_throttle_configure(uint8_t *at, const throttle_configure_fields *fields) {
    write32(at + 4, fields->interval);
    write32(at + 8, fields->acceleration);
    write32(at + 12, fields->deceleration);
}

typedef struct {
    uint16_t start_sequence;
    uint16_t length;
    uint32_t fragment_count;
    uint32_t fragment_number;
    uint32_t total_length;
    uint32_t fragment_offset;
} send_unreliable_fragment_fields;
static inline send_unreliable_fragment_fields parse_send_unreliable_fragment(const uint8_t *at) {
    return (send_unreliable_fragment_fields){
        .start_sequence = read16(at + 4),
        .length = read16(at + 6),
        .fragment_count = read32(at + 8),
        .fragment_number = read32(at + 12),
        .total_length = read32(at + 16),
        .fragment_offset = read32(at + 20),
    };
}
static inline void build_send_unreliable_fragment(uint8_t *at, const send_unreliable_fragment_fields *fields) {
    write16(at + 4, fields->start_sequence);
    write16(at + 6, fields->length);
    write32(at + 8, fields->fragment_count);
    write32(at + 12, fields->fragment_number);
    write32(at + 16, fields->total_length);
    write32(at + 20, fields->fragment_offset);
}

#endif
