/* The state of a host and of its connections (see state.py, peer.py, channel.py, commands.py,
 * reassembly.py and half_open.py). Data only. */
#ifndef GDE_STATE_H
#define GDE_STATE_H

#include "gde.h"
#include "states.h"
#include "wire.h"

/* The data of an outgoing packet, shared by its fragments and by all peers of a broadcast. */
typedef struct {
    uint32_t references; /* atomic: a broadcast is for the peers of all shards */
    uint8_t data[];
} body;

typedef struct channel channel;

/* An outgoing command. Packed once, when it is queued; short packets follow their command's header. */
typedef struct command {
    list_node node;
    channel *channel; /* NULL for control commands */
    uint64_t queue_time;
    uint32_t key; /* channel id << 16 | reliable number; unreliable: reliable << 16 | unreliable number */
    /* The fields from here on begin as 0. */
    uint32_t offset;
    struct command *hash_next;
    body *body; /* where the data is, if not in `wire` */
    int64_t sent_time, last_copy_time; /* last_copy_time: of any copy, redundant or not */
    uint16_t *earlier; /* when earlier copies left */
    uint64_t timeout;
    uint64_t datagram; /* the peer's datagram that it was last sent in */
    uint32_t length; /* bytes of data */
    uint32_t attempts;
    uint8_t number;
    bool reliable, starts, has_packet, pooled;
    bool in_flight; /* in `sent`, not waiting to be resent */
    bool has_copies; /* redundant copies of it were sent (see recovery.py) */
    uint8_t copies; /* since it last counted as sent */
    uint8_t earlier_count;
    uint8_t head_size;
    uint8_t wire[];
} command;

typedef struct {
    uint32_t number, offset, length;
    uint32_t next; /* in the same chain: its place plus 1 */
    uint8_t *data;
} piece;

/* Received but not deliverable yet: an early command, or a packet in fragments (fragment_count > 0). */
typedef struct held {
    struct held *next; /* in the same chain of `early` */
    struct packet *packet; /* the whole packet: an early command, or complete fragments */
    uint32_t total_length;
    uint32_t fragment_count, remaining, stored;
    uint32_t buffered_bytes; /* bytes actually stored, overhead included */
    uint32_t piece_slots;
    piece *pieces; /* in the order of arrival */
    uint32_t *piece_chains; /* hash of piece_slots chains, by number: where each begins, plus 1 */
    uint16_t reliable, unreliable;
    uint32_t unit;  /* length of every fragment but the last */
    uint8_t flags;
    uint8_t ready;
    bool irregular; /* lengths and offsets that no ENet sends: gaps and overlaps are possible */
} held;

struct channel {
    uint16_t incoming_reliable, incoming_unreliable, outgoing_reliable, used_windows;
    uint32_t outgoing_unreliable; /* up to 0xFFFF */
    uint16_t reliable_windows[16];
    uint16_t early_chains, early_count; /* fewer than 1 << 15: as many as a channel accepts ahead */
    held **early; /* hash of early_chains chains, by reliable number */
    held **late; /* the unreliable queue, in sequence order */
    uint32_t late_capacity, late_count;
};

/* A packet that waits for the program. */
typedef struct packet {
    struct packet *next;
    uint32_t length;
    uint8_t channel;
    uint8_t flags;
    bool pooled;
    uint8_t data[];
} packet;

typedef struct {
    uint16_t number, sent_time;
    uint8_t channel;
} ack;

/* A datagram that waits for the next pass (see backlog.py). */
typedef struct backlog_datagram {
    struct backlog_datagram *next;
    uint32_t length;
    uint8_t data[];
} backlog_datagram;

/* See recovery.py for what these mean. */
typedef struct {
    uint64_t largest_acknowledged, last_sample, reordering;
    int64_t reordered_at, lost_since, samples_from;
    uint32_t backoff, samples, lost;
} recovery;

enum { FIRST_CHANNELS = 2, FIRST_IDS = 4, FIRST_ACKS = 4, FIRST_CHAINS = 4, CHANNEL_WORDS = 4 };
_Static_assert(CHANNEL_WORDS * 64 >= MAXIMUM_CHANNEL_COUNT, "a bit for each channel");

/* A recurring event, and since when it recurs without a longer pause. */
typedef struct {
    int64_t since; /* negative: never */
    int64_t at;
} streak;

/* Records an occurrence. Returns how long the streak has lasted. */
static inline int64_t streak_again(streak *s, int64_t now) {
    if (s->since < 0 || now - s->at > OVER_BUDGET_PAUSE) s->since = now;
    s->at = now;
    return now - s->since;
}

typedef struct {
    uint32_t limit, minimum, maximum, ping_interval;
} timeouts;

typedef struct {
    uint64_t mean, variance;
    int64_t epoch;
    uint32_t sent, lost;
} loss_statistic;

/* There are thousands of them: small fields stand together, so that there are few gaps. */
typedef struct peer {
    uint64_t handle;
    gde_address address;
    uint16_t slot, number; /* number: in the remote's datagrams (see peer_table.py) */
    uint8_t state;
    uint8_t incoming_session, outgoing_session;
    bool continue_sending, needs_dispatch, has_timer;
    bool connect_pending : 1, throttle_pending : 1, has_deadline : 1;
    bool unanswered : 1; /* a log line has said that the remote does not answer our CONNECT */
    bool any_source : 1; /* any address may answer; the first one becomes the remote */
    bool recalculates : 1; /* whether its end redistributes bandwidth */
    bool refused : 1; /* a packet was, by the limits of queued data */
    bool waits : 1; /* whether it has a backlog, see `late_first` */
    uint8_t reason, timed_out;
    uint8_t channel_count;
    uint8_t throttle, throttle_limit, throttle_counter; /* counter: of unreliable packets sent, see throttle.py */
    uint16_t mtu, fragment_length;
    uint16_t outgoing_peer_id;
    uint16_t outgoing_reliable_sequence, outgoing_unsequenced_group;
    uint16_t incoming_unsequenced_group;
    uint16_t incoming_control; /* the highest sequence number of a received control command */
    uint8_t channels_used, channel_slots; /* of `channels` */
    uint32_t connect_id, connect_data, event_data;
    struct peer *chain_next, *number_next; /* others in the same chains of by_address and by_number */
    uint32_t request_hash, number_hash; /* of its key in each, see peer_table.c */

    channel *first_channels[FIRST_CHANNELS];
    channel **channels;     /* channel_slots entries, in the order of first use */
    uint8_t *channel_index; /* index in `channels` plus 1, by id; NULL while a linear search is enough */
    uint8_t first_ids[FIRST_IDS];
    ack first_acks[FIRST_ACKS];
    uint32_t window_size;
    ack *acks;
    uint32_t ack_count, ack_first, ack_capacity;
    uint32_t queued_count; /* in the next three queues */
    list_node control, unreliable, reliable; /* waiting commands with a common order: see queue_time */
    list_node sent;
    command *first_chains[FIRST_CHAINS];
    command **unacknowledged; /* hash of unacknowledged_chains chains, by key: `sent`, and commands to resend */
    uint32_t sent_count, unacknowledged_count, unacknowledged_chains;
    uint32_t reliable_data_in_transit;
    uint64_t queued_data; /* bytes of the packets in these, overhead included (see budget.py) */
    streak stall; /* refused packets while nothing is acknowledged */
    uint64_t datagrams; /* started so far */
    recovery recovery;

    uint64_t *unsequenced_map;
    packet *first_packet, *last_packet;
    uint32_t packet_count;
    uint32_t unread; /* reported, and not read by the program yet */
    uint64_t unread_data;
    uint64_t waiting_data, buffered_bytes; /* buffered_bytes: overhead included */
    uint32_t held;
    uint32_t pass_number, pass_commands, pass_bytes; /* the pass, and how much of its budget is used (see budget.py) */
    uint32_t suspect_pass; /* the latest pass with a useless datagram in its name */
    uint32_t backlog_count;
    backlog_datagram *backlog_first, *backlog_last; /* datagrams over budget */
    uint64_t releasing[CHANNEL_WORDS]; /* a bit for each channel with deliverable packets over budget */
    struct peer *late_next, *late_prev;
    streak over_budget; /* datagrams dropped because the backlog is full */
    struct peer *dispatch_next, *dispatch_prev;

    uint64_t rtt, rtt_variance, last_rtt, last_rtt_variance, lowest_rtt, highest_rtt_variance;
    int64_t last_receive_time, earliest_timeout;
    int64_t validation_credit; /* bytes that may be sent before validation; negative: validated (see transmit.py) */
    int64_t validation_started; /* when the first was sent, acknowledgements aside; negative: not yet */
    timeouts timeouts;
    int64_t timer, deadline;
    uint64_t timer_serial; /* of its entry among the timers */

    loss_statistic loss;
    int64_t throttle_epoch;
    uint32_t throttle_acceleration, throttle_deceleration, throttle_interval;
    uint32_t pending_throttle[3];
    uint32_t incoming_bandwidth, outgoing_bandwidth;
    int64_t incoming_throttle_epoch, outgoing_throttle_epoch;
    uint64_t incoming_data_total, outgoing_data_total;
} peer;

/* What the tables are searched for: an address, and a number or connect id there. Hashed once, for all tables. */
typedef struct {
    const gde_address *address;
    uint32_t value, hash;
} peer_key;

typedef struct prefix prefix;
typedef struct network_count network_count;

/* A half-open connection; see half_open.py for the fields. */
typedef struct half_open {
    struct half_open *next, *prev; /* all, oldest first */
    struct half_open *prefix_next, *prefix_prev; /* those of one network */
    struct half_open *request_next, *number_next; /* others in the same chains of the hashes */
    prefix *prefix; /* NULL for this machine */
    gde_address address;
    int64_t created, answered;
    uint64_t credit;
    uint32_t request_hash, number_hash, network_hash; /* network_hash: 0 for this machine */
    uint32_t connect_id, proof; /* proof: sequence number << 16 | time */
    uint16_t number;
    uint8_t incoming_session, outgoing_session;
    uint8_t command[CONNECT_SIZE];
} half_open;

/* Small blocks are kept for reuse: a game's messages are small, and many. */
enum { POOL_BLOCK = 256, POOL_LIMIT = 4096 };

typedef struct pool_block {
    struct pool_block *next;
} pool_block;

typedef struct {
    int64_t at;
    uint64_t serial;
    uint64_t peer;
} timer_entry;

typedef struct {
    uint8_t *data;
    uint32_t length;
    gde_address to;
    half_open *unpaid; /* if the caller compresses: whose credit pays; valid until the next datagram */
    bool pooled;
} outgoing_datagram;

typedef struct gde_group gde_group; /* see group.c */
typedef struct returned_event returned_event;
struct returned_event {
    gde_event event;
    packet *packet;
    returned_event *next;
};

/* One pass over the backlog (see backlog.py). */
typedef struct {
    peer *current;
    uint32_t turn_end, exhausted, taken;
} turns;

enum { RANDOM_WORDS = 8 };

struct gde_engine {
    gde_config config;
    uint32_t incoming_bandwidth, outgoing_bandwidth, channel_limit;
    uint64_t random_count; /* random numbers generated so far */
    uint32_t random_words[RANDOM_WORDS]; /* the latest of them: a digest, which BLAKE2s also takes as its state */
    uint32_t random_keyed[RANDOM_WORDS]; /* the state after the key, with which each digest begins */
    uint64_t hash_key[2];
    uint32_t compressor;

    /* slots */
    uint64_t used[PEER_WORDS], active[PEER_WORDS];
    slot_set dirty, held_back;
    peer *late_first, *late_last; /* peers with a backlog, in order of turns (see backlog.py) */
    uint32_t late_peers;
    turns turns;
    bool draining, has_received;
    uint32_t fresh; /* first slot that was never used */
    uint64_t generation;
    half_open **half_requests, **half_numbers; /* hashes by address and connect id, and by address and number */
    prefix **half_prefixes;
    half_open *half_first, *half_last;
    uint32_t half_count, half_chains;
    uint32_t rate_limit; /* connections a second of one network */
    network_count **rate_counts; /* of this second */
    int64_t rate_second;
    peer **by_address, **by_number; /* hashes of by_address_slots chains each */
    uint32_t by_address_slots, peer_total, any_sources;

    peer *dispatch_first, *dispatch_last;
    uint64_t total_queued, flushed_up_to; /* flushed_up_to: packets up to here may leave in an urgent pass */
    uint32_t connected_peers, limited_peers;
    bool refusing; /* CONNECTs are refused as if no slot were free */
    uint32_t refusal; /* the data of the DISCONNECT that refused clients get */
    bool recalculate, throttled, transmitting;
    int64_t throttle_epoch;

    timer_entry *timers;
    uint32_t timer_count, timer_capacity;
    uint64_t timer_serial;

    outgoing_datagram *outbox;
    uint32_t outbox_count, outbox_first, outbox_capacity;
    half_open *unpaid; /* whose credit pays for the datagram taken last */
    slot_set turn, again; /* peers left in this turn, and in the next */

    uint64_t drops[DROP_COUNT];
    gde_drop_report reports[DROP_COUNT];
    uint32_t report_order[DROP_COUNT], report_count;

    pool_block *pool;
    uint32_t pool_count;
    uint64_t buffered_bytes; /* received bytes that the program has not read, overhead included */
    uint64_t queued_data; /* bytes queued or unacknowledged, overhead included */
    uint64_t buffered_limit, buffered_share, queued_share; /* a share: of each peer, see budget.py */
    gde_group *group; /* whose limits count over several engines; NULL: over this one alone */
    uint32_t shard; /* which of them this is */
    uint64_t buffered_elsewhere, queued_elsewhere; /* the same bytes of the others */
    uint64_t buffered_told, queued_told; /* of ours, those that the others know of */
    uint64_t reassembly_exempt; /* may complete a packet although the memory limit is reached */
    uint32_t pass_number, unverified_commands; /* see budget.py */
    uint64_t pass_commands;
    packet *taken; /* the packet of the last event */
    returned_event *returned, *last_returned; /* events put back by callers that could not pass them on */
    uint8_t scratch[MAXIMUM_DATAGRAM + 8];
    uint8_t body_scratch[MAXIMUM_DATAGRAM + 8];

    /* By slot and number. Last, so that a host with few peers has the rest in few pages of memory. */
    peer *slots[MAXIMUM_PEER_ID];
    uint8_t sessions[MAXIMUM_PEER_ID][2];
    uint32_t number_uses[MAXIMUM_PEER_ID + 1]; /* peers and half-open connections that have this number */
};

#define COMMAND_OF(list) CONTAINER(list, command, node)

static inline bool same_address(const gde_address *a, const gde_address *b) {
    return memcmp(a->ip, b->ip, 16) == 0 && a->port == b->port && a->scope == b->scope;
}
static inline bool in_session(const peer *p) {
    return p->state == STATE_CONNECTED || p->state == STATE_DISCONNECT_LATER;
}
static inline bool has_outgoing(const peer *p) { return p->queued_count || !list_empty(&p->sent); }

/* Which of the chains (a power of two) a number belongs to. Numbers that follow each other, as they do without an attack,
 * take one chain after the other. Where a round over the chains begins is secret (Dietzfelbinger's multiply-shift of the
 * round), so that an attacker cannot choose colliding numbers: two of different rounds collide with a probability of one
 * in the number of chains, two of one round never do. */
static inline uint32_t keyed_chain(const gde_engine *e, uint32_t number, uint32_t chains) {
    uint32_t within = chains - 1, round = number & ~within;
    return (number + (uint32_t)((round * e->hash_key[0] + e->hash_key[1]) >> 32)) & within;
}

#endif
