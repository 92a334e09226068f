/* Written by scripts/generate; changes here are lost.
 * The numbers are explained in godot_enet/core/protocol, the structs in native/structs.py. */
#ifndef GDE_GENERATED_H
#define GDE_GENERATED_H

#include <stddef.h>
#include <stdint.h>

enum {
    MINIMUM_MTU = 576,
    MAXIMUM_MTU = 4096,
    MAXIMUM_PACKET_COMMANDS = 32,
    MINIMUM_WINDOW_SIZE = 4096,
    MAXIMUM_WINDOW_SIZE = 65536,
    MAXIMUM_CHANNEL_COUNT = 255,
    MAXIMUM_PEER_ID = 4095,
    MAXIMUM_SHARDS = 64,
    SLOT_BITS = 12,
    PLACE_BITS = 18,
    MAXIMUM_FRAGMENT_COUNT = 1048576,
    CONTROL_CHANNEL = 255,
    UNKNOWN_SESSION = 255,
    COMMAND_FLAG_ACKNOWLEDGE = 128,
    COMMAND_FLAG_UNSEQUENCED = 64,
    COMMAND_MASK = 15,
    HEADER_COMPRESSED = 16384,
    HEADER_SENT_TIME = 32768,
    HOST_SOCKET_RECEIVE_BUFFER = 4194304,
    HOST_SOCKET_SEND_BUFFER = 262144,
    HOST_BANDWIDTH_THROTTLE_INTERVAL = 1000,
    HOST_DEFAULT_MTU = 1392,
    HOST_DEFAULT_MAXIMUM_PACKET_SIZE = 33554432,
    HOST_DEFAULT_MAXIMUM_WAITING_DATA = 33554432,
    HOST_DEFAULT_MAXIMUM_BUFFERED_DATA = 268435456,
    HOST_DEFAULT_MAXIMUM_QUEUED_DATA = 67108864,
    HOST_DEFAULT_MAXIMUM_QUEUED_TOTAL = 1073741824,
    MAXIMUM_DATAGRAM = 4096,
    PACKET_THROTTLE_SCALE = 32,
    PACKET_THROTTLE_COUNTER = 7,
    PACKET_LOSS_SCALE = 65536,
    PACKET_LOSS_INTERVAL = 10000,
    WINDOW_SIZE_SCALE = 65536,
    FREE_WINDOWS = 8,
    DEFAULT_ROUND_TRIP_TIME = 500,
    DEFAULT_PING_INTERVAL = 500,
    DEFAULT_TIMEOUT_LIMIT = 32,
    DEFAULT_TIMEOUT_MINIMUM = 5000,
    DEFAULT_TIMEOUT_MAXIMUM = 30000,
    DEFAULT_THROTTLE_INTERVAL = 5000,
    DEFAULT_THROTTLE_ACCELERATION = 2,
    DEFAULT_THROTTLE_DECELERATION = 2,
    KEY_SIZE = 32,
};

enum {
    RECEIVE_BATCH = 256,
    RECEIVE_ALL_LIMIT = 10000,
    SERVICE_GRACE_MS = 2,
    BLOCKED_POLL_MS = 10,
    SIGNAL_POLL_MS = 50,
    UNVALIDATED_BODY_LIMIT = 128,
    NO_ANSWER_AFTER = 3000,
    BUFFER_OVERHEAD = 256,
    HOST_BUDGET_FACTOR = 4,
    TURN_FRACTION = 5,
    OVER_BUDGET_TIME = 5000,
    OVER_BUDGET_PAUSE = 1000,
    UNDECODABLE_COST = 256,
    RANGE_CODER_BYTES_PER_COMMAND = 2,
    CODEC_BYTES_PER_COMMAND = 32,
    MAX_EARLY_UNRELIABLE = 1024,
    MAX_HELD_COMMANDS = 131072,
    CONTROL_WINDOW = 128,
    VALIDATION_RESERVE = 1024,
    MAX_EARLIER_COPIES = 64,
    HALF_OPEN_LIFETIME = 15000,
    MAX_NUMBER_PROBES = 8,
    CONNECT_RATE_INTERVAL = 1000,
    PACKET_THRESHOLD = 3,
    MIN_REORDERING_WINDOW = 4,
    REORDERING_MEMORY = 60000,
    MAX_BACKOFF = 16,
    MAX_LIVE_BACKOFF = 2,
    MAX_REDUNDANT_COPIES = 2,
    REDUNDANCY_COMMANDS = 64,
    REDUNDANCY_WINDOW_PART = 4,
    MIN_COPY_GAP = 2,
    MAX_COPY_GAP = 25,
    ONE_COPY_LOSS = 100,
    TWO_COPY_LOSS = 16,
    LOSS_FREE_SAMPLES = 200,
    PROBE_SILENCE = 1000,
    PROBE_INTERVAL = 100,
    LOSS_MEMORY = 30000,
};

enum {
    NUMBER_GROUP = 3,
    MAX_NUMBER_BITS = 32,
    NARROW_COLUMN = 3,
    AGE_BITS = 6,
};

#define ROUND_TRIP_BOUNDS { 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000, 2000 }

enum {
    COMMAND_NONE = 0,
    COMMAND_ACKNOWLEDGE = 1,
    COMMAND_CONNECT = 2,
    COMMAND_VERIFY_CONNECT = 3,
    COMMAND_DISCONNECT = 4,
    COMMAND_PING = 5,
    COMMAND_SEND_RELIABLE = 6,
    COMMAND_SEND_UNRELIABLE = 7,
    COMMAND_SEND_FRAGMENT = 8,
    COMMAND_SEND_UNSEQUENCED = 9,
    COMMAND_BANDWIDTH_LIMIT = 10,
    COMMAND_THROTTLE_CONFIGURE = 11,
    COMMAND_SEND_UNRELIABLE_FRAGMENT = 12,
    COMMAND_COUNT = 13,
};

enum {
    STATE_DISCONNECTED = 0,
    STATE_CONNECTING = 1,
    STATE_ACKNOWLEDGING_CONNECT = 2,
    STATE_CONNECTION_PENDING = 3,
    STATE_CONNECTION_SUCCEEDED = 4,
    STATE_CONNECTED = 5,
    STATE_DISCONNECT_LATER = 6,
    STATE_DISCONNECTING = 7,
    STATE_ACKNOWLEDGING_DISCONNECT = 8,
    STATE_ZOMBIE = 9,
    STATE_COUNT = 10,
};

enum {
    PACKET_RELIABLE = 1,
    PACKET_UNSEQUENCED = 2,
    PACKET_UNRELIABLE_FRAGMENT = 8,
};

enum {
    MODE_NORMAL = 0,
    MODE_LATER = 1,
    MODE_NOW = 2,
    MODE_RESET = 3,
    MODE_COUNT = 4,
};

enum {
    OPTION_PING_INTERVAL = 0,
    OPTION_TIMEOUT = 1,
    OPTION_THROTTLE = 2,
    OPTION_COUNT = 3,
};

enum {
    CODEC_NONE = 0,
    CODEC_RANGE_CODER = 1,
    CODEC_FASTLZ = 2,
    CODEC_OUTSIDE = 3,
    CODEC_COUNT = 4,
};

enum {
    STATISTIC_PACKET_LOSS = 0,
    STATISTIC_PACKET_LOSS_VARIANCE = 1,
    STATISTIC_PACKET_LOSS_EPOCH = 2,
    STATISTIC_ROUND_TRIP_TIME = 3,
    STATISTIC_ROUND_TRIP_TIME_VARIANCE = 4,
    STATISTIC_LAST_ROUND_TRIP_TIME = 5,
    STATISTIC_LAST_ROUND_TRIP_TIME_VARIANCE = 6,
    STATISTIC_PACKET_THROTTLE = 7,
    STATISTIC_PACKET_THROTTLE_LIMIT = 8,
    STATISTIC_PACKET_THROTTLE_COUNTER = 9,
    STATISTIC_PACKET_THROTTLE_EPOCH = 10,
    STATISTIC_PACKET_THROTTLE_ACCELERATION = 11,
    STATISTIC_PACKET_THROTTLE_DECELERATION = 12,
    STATISTIC_PACKET_THROTTLE_INTERVAL = 13,
    STATISTIC_COUNT = 14,
};

enum {
    HOST_TOTAL_SENT_DATA = 0,
    HOST_TOTAL_SENT_PACKETS = 1,
    HOST_TOTAL_RECEIVED_DATA = 2,
    HOST_TOTAL_RECEIVED_PACKETS = 3,
    HOST_COUNT = 4,
};

enum {
    EVENT_ERROR = -1,
    EVENT_NONE = 0,
    EVENT_CONNECT = 1,
    EVENT_DISCONNECT = 2,
    EVENT_RECEIVE = 3,
};

enum {
    REASON_NONE = 0,
    REASON_TIMEOUT = 1,
    REASON_REMOTE = 2,
    REASON_LOCAL = 3,
    REASON_REFUSED = 4,
    REASON_LIMIT = 5,
    REASON_COUNT = 6,
};

enum {
    DROP_SHORT = 0,
    DROP_OVERSIZED = 1,
    DROP_UNKNOWN_PEER = 2,
    DROP_WRONG_ADDRESS = 3,
    DROP_WRONG_SESSION = 4,
    DROP_NO_COMPRESSOR = 5,
    DROP_UNDECODABLE = 6,
    DROP_CHECKSUM = 7,
    DROP_MALFORMED = 8,
    DROP_WRONG_STATE = 9,
    DROP_WRONG_CHANNEL = 10,
    DROP_PACKET_TOO_LARGE = 11,
    DROP_WAITING_DATA_FULL = 12,
    DROP_CONNECT_REFUSED = 13,
    DROP_CONNECT_REPEATED = 14,
    DROP_HALF_OPEN_LIMIT = 15,
    DROP_BAD_HANDSHAKE_TOKEN = 16,
    DROP_OVER_BUDGET = 17,
    DROP_HOST_DATA_FULL = 18,
    DROP_QUEUED_DATA_FULL = 19,
    DROP_HOST_QUEUED_FULL = 20,
    DROP_DTLS_RECORD = 21,
    DROP_NO_ANSWER = 22,
    DROP_PORT_UNREACHABLE = 23,
    DROP_ADDRESS_UNREACHABLE = 24,
    DROP_COUNT = 25,
};

enum {
    GDE_OK = 0,
    GDE_ERR_MEMORY = -1,
    GDE_ERR_UNKNOWN_PEER = -2,
    GDE_ERR_NOT_CONNECTED = -3,
    GDE_ERR_CHANNEL = -4,
    GDE_ERR_TOO_LARGE = -5,
    GDE_ERR_NO_FREE_PEER = -6,
    GDE_ERR_ARGUMENT = -7,
    GDE_ERR_SPACE = -8,
    GDE_ERR_CLOSED = -9,
    GDE_ERR_QUEUE_FULL = -10,
    GDE_ERR_SHARDS = -11,
};

enum {
    GDE_HOST_BOUND = 1,
    GDE_HOST_WILDCARD = 2,
    GDE_HOST_THREADED = 4,
    GDE_HOST_NO_OFFLOAD = 8,
};

/* Bit n of a state's row: state n may follow. */
#define STATE_TRANSITIONS \
    { \
        [STATE_DISCONNECTED] = 1u << STATE_CONNECTING | 1u << STATE_ACKNOWLEDGING_CONNECT, \
        [STATE_CONNECTING] = 1u << STATE_DISCONNECTED | 1u << STATE_CONNECTED | 1u << STATE_ZOMBIE, \
        [STATE_ACKNOWLEDGING_CONNECT] = 1u << STATE_DISCONNECTED | 1u << STATE_CONNECTED, \
        [STATE_CONNECTED] = 1u << STATE_DISCONNECTED | 1u << STATE_DISCONNECT_LATER | 1u << STATE_DISCONNECTING | 1u << STATE_ACKNOWLEDGING_DISCONNECT | 1u << STATE_ZOMBIE, \
        [STATE_DISCONNECT_LATER] = 1u << STATE_DISCONNECTED | 1u << STATE_DISCONNECTING | 1u << STATE_ACKNOWLEDGING_DISCONNECT | 1u << STATE_ZOMBIE, \
        [STATE_DISCONNECTING] = 1u << STATE_DISCONNECTED | 1u << STATE_ZOMBIE, \
        [STATE_ACKNOWLEDGING_DISCONNECT] = 1u << STATE_DISCONNECTED | 1u << STATE_ZOMBIE, \
        [STATE_ZOMBIE] = 1u << STATE_DISCONNECTED, \
    }

/* Bit n of a state's row: what becomes of command n, see states.py. */
#define STATE_TAKES \
    { \
        [STATE_DISCONNECTED] = 0, \
        [STATE_CONNECTING] = 1u << COMMAND_VERIFY_CONNECT | 1u << COMMAND_DISCONNECT, \
        [STATE_ACKNOWLEDGING_CONNECT] = 1u << COMMAND_ACKNOWLEDGE | 1u << COMMAND_DISCONNECT, \
        [STATE_CONNECTED] = 1u << COMMAND_ACKNOWLEDGE | 1u << COMMAND_DISCONNECT | 1u << COMMAND_PING | 1u << COMMAND_SEND_RELIABLE | 1u << COMMAND_SEND_UNRELIABLE | 1u << COMMAND_SEND_FRAGMENT | 1u << COMMAND_SEND_UNSEQUENCED | 1u << COMMAND_BANDWIDTH_LIMIT | 1u << COMMAND_THROTTLE_CONFIGURE | 1u << COMMAND_SEND_UNRELIABLE_FRAGMENT, \
        [STATE_DISCONNECT_LATER] = 1u << COMMAND_ACKNOWLEDGE | 1u << COMMAND_DISCONNECT | 1u << COMMAND_PING | 1u << COMMAND_SEND_RELIABLE | 1u << COMMAND_SEND_UNRELIABLE | 1u << COMMAND_SEND_FRAGMENT | 1u << COMMAND_SEND_UNSEQUENCED | 1u << COMMAND_BANDWIDTH_LIMIT | 1u << COMMAND_THROTTLE_CONFIGURE | 1u << COMMAND_SEND_UNRELIABLE_FRAGMENT, \
        [STATE_DISCONNECTING] = 1u << COMMAND_ACKNOWLEDGE | 1u << COMMAND_DISCONNECT, \
        [STATE_ACKNOWLEDGING_DISCONNECT] = 1u << COMMAND_ACKNOWLEDGE, \
        [STATE_ZOMBIE] = 0, \
    }

#define STATE_IGNORES \
    { \
        [STATE_DISCONNECTED] = 0, \
        [STATE_CONNECTING] = 1u << COMMAND_ACKNOWLEDGE, \
        [STATE_ACKNOWLEDGING_CONNECT] = 1u << COMMAND_VERIFY_CONNECT, \
        [STATE_CONNECTED] = 1u << COMMAND_VERIFY_CONNECT, \
        [STATE_DISCONNECT_LATER] = 1u << COMMAND_VERIFY_CONNECT, \
        [STATE_DISCONNECTING] = 1u << COMMAND_VERIFY_CONNECT, \
        [STATE_ACKNOWLEDGING_DISCONNECT] = 1u << COMMAND_VERIFY_CONNECT | 1u << COMMAND_DISCONNECT, \
        [STATE_ZOMBIE] = 0, \
    }

#define STATE_ACKNOWLEDGES \
    { \
        [STATE_DISCONNECTED] = 0, \
        [STATE_CONNECTING] = 1u << COMMAND_ACKNOWLEDGE | 1u << COMMAND_CONNECT | 1u << COMMAND_VERIFY_CONNECT | 1u << COMMAND_DISCONNECT | 1u << COMMAND_PING | 1u << COMMAND_SEND_RELIABLE | 1u << COMMAND_SEND_UNRELIABLE | 1u << COMMAND_SEND_FRAGMENT | 1u << COMMAND_SEND_UNSEQUENCED | 1u << COMMAND_BANDWIDTH_LIMIT | 1u << COMMAND_THROTTLE_CONFIGURE | 1u << COMMAND_SEND_UNRELIABLE_FRAGMENT, \
        [STATE_ACKNOWLEDGING_CONNECT] = 0, \
        [STATE_CONNECTED] = 1u << COMMAND_ACKNOWLEDGE | 1u << COMMAND_CONNECT | 1u << COMMAND_VERIFY_CONNECT | 1u << COMMAND_DISCONNECT | 1u << COMMAND_PING | 1u << COMMAND_SEND_RELIABLE | 1u << COMMAND_SEND_UNRELIABLE | 1u << COMMAND_SEND_FRAGMENT | 1u << COMMAND_SEND_UNSEQUENCED | 1u << COMMAND_BANDWIDTH_LIMIT | 1u << COMMAND_THROTTLE_CONFIGURE | 1u << COMMAND_SEND_UNRELIABLE_FRAGMENT, \
        [STATE_DISCONNECT_LATER] = 1u << COMMAND_ACKNOWLEDGE | 1u << COMMAND_CONNECT | 1u << COMMAND_VERIFY_CONNECT | 1u << COMMAND_DISCONNECT | 1u << COMMAND_PING | 1u << COMMAND_SEND_RELIABLE | 1u << COMMAND_SEND_UNRELIABLE | 1u << COMMAND_SEND_FRAGMENT | 1u << COMMAND_SEND_UNSEQUENCED | 1u << COMMAND_BANDWIDTH_LIMIT | 1u << COMMAND_THROTTLE_CONFIGURE | 1u << COMMAND_SEND_UNRELIABLE_FRAGMENT, \
        [STATE_DISCONNECTING] = 0, \
        [STATE_ACKNOWLEDGING_DISCONNECT] = 1u << COMMAND_DISCONNECT, \
        [STATE_ZOMBIE] = 0, \
    }

#define STATE_SENDS \
    { \
        [STATE_DISCONNECTED] = 0, \
        [STATE_CONNECTING] = 1u << COMMAND_CONNECT | 1u << COMMAND_DISCONNECT, \
        [STATE_ACKNOWLEDGING_CONNECT] = 1u << COMMAND_VERIFY_CONNECT | 1u << COMMAND_DISCONNECT, \
        [STATE_CONNECTED] = 1u << COMMAND_DISCONNECT | 1u << COMMAND_PING | 1u << COMMAND_SEND_RELIABLE | 1u << COMMAND_SEND_UNRELIABLE | 1u << COMMAND_SEND_FRAGMENT | 1u << COMMAND_SEND_UNSEQUENCED | 1u << COMMAND_BANDWIDTH_LIMIT | 1u << COMMAND_THROTTLE_CONFIGURE | 1u << COMMAND_SEND_UNRELIABLE_FRAGMENT, \
        [STATE_DISCONNECT_LATER] = 1u << COMMAND_DISCONNECT | 1u << COMMAND_PING | 1u << COMMAND_BANDWIDTH_LIMIT | 1u << COMMAND_THROTTLE_CONFIGURE, \
        [STATE_DISCONNECTING] = 0, \
        [STATE_ACKNOWLEDGING_DISCONNECT] = 1u << COMMAND_DISCONNECT | 1u << COMMAND_PING, \
        [STATE_ZOMBIE] = 0, \
    }

typedef struct {
    uint8_t ip[16];
    uint32_t scope;
    uint16_t port;
    uint16_t reserved;
} gde_address;

typedef struct {
    uint32_t peer_count;
    uint32_t shards;
    uint32_t channel_limit;
    uint32_t incoming_bandwidth;
    uint32_t outgoing_bandwidth;
    uint32_t mtu;
    uint32_t checksum;
    uint32_t duplicate_peers;
    uint32_t maximum_packet_size;
    uint32_t maximum_waiting_data;
    uint32_t maximum_buffered_data;
    uint32_t maximum_queued_data;
    uint32_t maximum_queued_total;
    uint32_t peer_command_budget;
    uint32_t peer_byte_budget;
    uint32_t early_retransmit;
    uint32_t redundant_copies;
    uint32_t half_open_limit;
    uint32_t half_open_per_prefix;
    uint32_t refuse_when_full;
    uint8_t key[32];
} gde_config;

typedef struct {
    uint64_t peer;
    gde_address address;
    uint32_t state;
    uint32_t channel_count;
    uint32_t mtu;
    uint32_t connect_id;
    uint32_t window_size;
    uint32_t incoming_bandwidth;
    uint32_t outgoing_bandwidth;
    uint32_t reliable_data_in_transit;
    uint64_t waiting_data;
    uint64_t packets_queued;
} gde_peer_info;

typedef struct {
    uint64_t connecting;
    uint64_t connected;
    uint64_t disconnecting;
    uint64_t half_open;
    uint64_t packets_queued;
    uint64_t queued_data;
    uint64_t buffered_data;
    uint64_t reliable_data_in_transit;
    uint64_t packet_loss;
    uint64_t packet_throttle;
    uint64_t round_trip_time;
    uint64_t round_trip_times[13];
} gde_summary;

typedef struct {
    uint64_t peer;
    const uint8_t *packet;
    uint64_t length;
    uint32_t type;
    uint32_t channel;
    uint32_t data;
    uint32_t flags;
    uint32_t reason;
    uint32_t command;
} gde_event;

typedef struct {
    gde_address address;
    uint32_t cause;
    uint32_t times;
} gde_drop_report;

#define GDE_DEFAULT_CONFIG \
    ((gde_config){ \
        .peer_count = 32, \
        .shards = 1, \
        .channel_limit = 0, \
        .incoming_bandwidth = 0, \
        .outgoing_bandwidth = 0, \
        .mtu = 1392, \
        .checksum = 0, \
        .duplicate_peers = 4095, \
        .maximum_packet_size = 33554432, \
        .maximum_waiting_data = 33554432, \
        .maximum_buffered_data = 268435456, \
        .maximum_queued_data = 67108864, \
        .maximum_queued_total = 1073741824, \
        .peer_command_budget = 8192, \
        .peer_byte_budget = 1048576, \
        .early_retransmit = 1, \
        .redundant_copies = 2, \
        .half_open_limit = 32768, \
        .half_open_per_prefix = 8192, \
        .refuse_when_full = 1, \
    })

/* Where the fields of each struct begin, and its size. */
#define GDE_LAYOUT \
    { \
        offsetof(gde_address, ip), offsetof(gde_address, scope), offsetof(gde_address, port), offsetof(gde_address, reserved), sizeof(gde_address), \
        offsetof(gde_config, peer_count), offsetof(gde_config, shards), offsetof(gde_config, channel_limit), offsetof(gde_config, incoming_bandwidth), offsetof(gde_config, outgoing_bandwidth), offsetof(gde_config, mtu), offsetof(gde_config, checksum), offsetof(gde_config, duplicate_peers), offsetof(gde_config, maximum_packet_size), offsetof(gde_config, maximum_waiting_data), offsetof(gde_config, maximum_buffered_data), offsetof(gde_config, maximum_queued_data), offsetof(gde_config, maximum_queued_total), offsetof(gde_config, peer_command_budget), offsetof(gde_config, peer_byte_budget), offsetof(gde_config, early_retransmit), offsetof(gde_config, redundant_copies), offsetof(gde_config, half_open_limit), offsetof(gde_config, half_open_per_prefix), offsetof(gde_config, refuse_when_full), offsetof(gde_config, key), sizeof(gde_config), \
        offsetof(gde_peer_info, peer), offsetof(gde_peer_info, address), offsetof(gde_peer_info, state), offsetof(gde_peer_info, channel_count), offsetof(gde_peer_info, mtu), offsetof(gde_peer_info, connect_id), offsetof(gde_peer_info, window_size), offsetof(gde_peer_info, incoming_bandwidth), offsetof(gde_peer_info, outgoing_bandwidth), offsetof(gde_peer_info, reliable_data_in_transit), offsetof(gde_peer_info, waiting_data), offsetof(gde_peer_info, packets_queued), sizeof(gde_peer_info), \
        offsetof(gde_summary, connecting), offsetof(gde_summary, connected), offsetof(gde_summary, disconnecting), offsetof(gde_summary, half_open), offsetof(gde_summary, packets_queued), offsetof(gde_summary, queued_data), offsetof(gde_summary, buffered_data), offsetof(gde_summary, reliable_data_in_transit), offsetof(gde_summary, packet_loss), offsetof(gde_summary, packet_throttle), offsetof(gde_summary, round_trip_time), offsetof(gde_summary, round_trip_times), sizeof(gde_summary), \
        offsetof(gde_event, peer), offsetof(gde_event, packet), offsetof(gde_event, length), offsetof(gde_event, type), offsetof(gde_event, channel), offsetof(gde_event, data), offsetof(gde_event, flags), offsetof(gde_event, reason), offsetof(gde_event, command), sizeof(gde_event), \
        offsetof(gde_drop_report, address), offsetof(gde_drop_report, cause), offsetof(gde_drop_report, times), sizeof(gde_drop_report), \
    }

#define GDE_FINGERPRINT UINT64_C(0x7021c359778debaa)

#endif
