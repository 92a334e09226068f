/* What the engine's files share: the structs, and the functions that cross files. Not part of the ABI. */
#ifndef GDE_INTERNAL_H
#define GDE_INTERNAL_H

#include <stdbool.h>
#include <string.h>

#include "gde.h"

/* Doubly linked lists with a sentinel, as in the reference. */
typedef struct list_node {
    struct list_node *next, *prev;
} list_node;

static inline void list_init(list_node *list) { list->next = list->prev = list; }
static inline bool list_empty(const list_node *list) { return list->next == list; }
static inline void list_remove(list_node *node) {
    node->prev->next = node->next;
    node->next->prev = node->prev;
}
static inline void list_insert(list_node *before, list_node *node) {
    node->prev = before->prev;
    node->next = before;
    before->prev->next = node;
    before->prev = node;
}
static inline void list_append(list_node *list, list_node *node) { list_insert(list, node); }

/* The bytes of a packet on its way out, shared by its fragments and by all peers of a broadcast. */
typedef struct {
    uint32_t references;
    uint8_t data[];
} body;

typedef struct channel channel;

/* A command on its way out. Packed once, when it is queued; short packets lie behind their command's header. */
typedef struct command {
    list_node node;
    struct command *hash_next;
    channel *channel; /* NULL for control commands */
    body *body;       /* where the data is, if not in `wire` */
    uint64_t queue_time;
    int64_t sent_time, spared_at; /* spared_at: when the last copy left, spare or not */
    uint16_t *earlier; /* when those before it did */
    uint64_t timeout;
    uint64_t datagram; /* which of the peer's it last left in */
    uint32_t key; /* channel id << 16 | reliable number; unreliable: reliable << 16 | unreliable number */
    uint32_t offset;
    uint32_t length; /* bytes of data */
    uint32_t attempts;
    uint8_t number;
    bool reliable, starts, has_packet, pooled;
    bool in_flight; /* in `sent`, and not waiting to be sent again */
    bool spared; /* had ever a spare copy (see recovery.py) */
    uint8_t spares; /* since it was last sent itself */
    uint8_t earlier_count;
    uint8_t head_size;
    uint8_t wire[];
} command;

typedef struct {
    uint32_t number, offset, length;
    uint32_t next; /* in the same chain: its place plus 1 */
    uint8_t *data;
} piece;

/* Received and not deliverable yet: an early command, or a packet in fragments (fragment_count > 0). */
typedef struct held {
    struct held *next; /* in the same chain of `early` */
    struct packet *packet; /* all of it: an early command, or fragments of which none is missing */
    uint32_t total_length;
    uint32_t fragment_count, remaining, stored;
    uint32_t kept; /* bytes that are really there, with what keeping them costs */
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
    held **early; /* hash of early_chains chains, by reliable number */
    uint32_t early_chains, early_count;
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

/* A datagram that waits for the next pass (see budget.py). */
typedef struct late_datagram {
    struct late_datagram *next;
    uint32_t length;
    uint8_t data[];
} late_datagram;

/* See recovery.py for what these mean. */
typedef struct {
    uint64_t acknowledged, last_sample, reordering;
    int64_t reordered_at, lost_since, counts_from;
    uint32_t backoff, answered, lost;
} recovery;

enum { FIRST_CHANNELS = 4, FIRST_CHAINS = 8 };

typedef struct peer {
    uint64_t handle;
    gde_address address;
    uint16_t slot, number; /* number: what the remote's datagrams name (see peer_table.py) */
    uint8_t state;
    uint8_t incoming_session, outgoing_session;
    bool continue_sending, needs_dispatch, connect_pending, throttle_pending, has_timer, has_deadline;
    bool any_source; /* connecting, and `address` is not what answers: the first that does becomes the remote */
    uint8_t reason, timed_out;
    bool recalculates; /* whether the end shares the bandwidth anew */
    uint16_t outgoing_peer_id;
    uint16_t outgoing_reliable_sequence, outgoing_unsequenced_group;
    uint16_t incoming_unsequenced_group;
    uint16_t incoming_control; /* the highest number of a control command that came */
    uint32_t connect_id, connect_data, event_data, mtu, fragment_length, window_size;
    struct peer *chain_next, *chain_prev; /* others in the same chain of by_address */
    struct peer *number_next, *number_prev; /* and of by_number */

    uint32_t channel_count;
    channel **channels;     /* channel_slots entries, in the order of first use */
    uint8_t *channel_index; /* place in `channels` plus 1, by id; not there while a search through the ids does */
    uint8_t first_ids[FIRST_CHANNELS];
    uint8_t channels_used, channel_slots;

    ack *acks;
    uint32_t ack_count, ack_first, ack_capacity;
    list_node control, unreliable, reliable; /* commands that wait, with one order: see queue_time */
    list_node sent;
    uint32_t queued_count; /* in the three queues */
    command *first_chains[FIRST_CHAINS];
    command **unacknowledged; /* hash of unacknowledged_chains chains, by key: `sent`, and what waits to be sent again */
    uint32_t sent_count, unacknowledged_count, unacknowledged_chains;
    uint64_t reliable_data_in_transit;
    uint64_t queued_data; /* bytes of the packets in these, with what keeping them costs (see budget.py) */
    bool refused, stalls; /* a packet was refused; packets are, since `stalled_since`, while none is acknowledged */
    int64_t stalled_since, stalled_at;
    uint64_t datagrams; /* begun so far */
    recovery recovery;

    uint64_t *unsequenced_map;
    packet *first_packet, *last_packet;
    uint32_t packet_count;
    uint32_t untaken; /* reported, and not taken as far as the program says */
    uint64_t untaken_data;
    uint64_t waiting_data, kept; /* kept: with what keeping it costs */
    uint32_t held;
    uint32_t served, served_commands, served_bytes; /* in which pass, and how much of its budget (see budget.py) */
    late_datagram *backlog_first, *backlog_last; /* what came beyond it */
    uint32_t backlog_count;
    uint32_t suspect_pass;                          /* the latest pass with a useless datagram in its name */
    bool exceeds;                                   /* since `excess_since` */
    int64_t excess_since, excess_at;
    struct peer *dispatch_next, *dispatch_prev;

    uint64_t rtt, rtt_variance, last_rtt, last_rtt_variance, lowest_rtt, highest_rtt_variance;
    int64_t last_receive_time, earliest_timeout;
    int64_t trial; /* bytes that may leave before any is acknowledged; negative: some was (see outgoing.py) */
    int64_t tried_at; /* when the first of them left; negative: not yet */
    uint32_t timeout_limit, timeout_minimum, timeout_maximum, ping_interval;
    int64_t timer, deadline;

    uint64_t packet_loss, packet_loss_variance, packets_sent, packets_lost;
    int64_t packet_loss_epoch, throttle_epoch;
    uint32_t throttle, throttle_limit, throttle_counter;
    uint32_t throttle_acceleration, throttle_deceleration, throttle_interval;
    uint32_t pending_throttle[3];
    uint32_t incoming_bandwidth, outgoing_bandwidth;
    int64_t incoming_throttle_epoch, outgoing_throttle_epoch;
    uint64_t incoming_data_total, outgoing_data_total;
} peer;

typedef struct prefix prefix;
typedef struct network_count network_count;

/* A connection that somebody asked for; see half_open.py for the fields. */
typedef struct half_open {
    struct half_open *next, *prev;               /* all, oldest first */
    struct half_open *prefix_next, *prefix_prev; /* those of one network */
    struct half_open *request_next, *number_next; /* others in the same chains of the hashes */
    prefix *prefix;                              /* NULL for this machine */
    gde_address address;
    int64_t created, answered;
    uint64_t credit;
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
    half_open *unpaid; /* where the caller compresses, who is to pay for it; good until the next datagram comes */
} outgoing_datagram;

enum { PEER_WORDS = 64 };
_Static_assert(PEER_WORDS * 64 > MAXIMUM_PEER_ID, "a bit for each slot");

/* Peer slots; `words_used` has a bit for each word that is not 0, so that little is looked at where little is in. */
typedef struct {
    uint64_t words_used, words[PEER_WORDS];
} slot_set;

typedef struct returned_event returned_event;
struct returned_event {
    gde_event event;
    packet *packet;
    returned_event *next;
};

struct gde_engine {
    gde_config config;
    uint32_t incoming_bandwidth, outgoing_bandwidth, channel_limit;
    uint64_t random_count; /* numbers drawn so far */
    uint64_t hash_key[2];
    uint32_t compressor;

    /* slots */
    peer *slots[MAXIMUM_PEER_ID];
    uint64_t used[PEER_WORDS], active[PEER_WORDS];
    slot_set dirty, held_back, backlog, backlog_turn; /* backlog_turn: whose turn is to come in this pass */
    bool draining, has_received;
    uint8_t sessions[MAXIMUM_PEER_ID][2];
    uint32_t fresh; /* slots never used begin here */
    uint64_t generation;
    half_open **half_requests, **half_numbers; /* hashes by address and connect id, and by address and number */
    prefix **half_prefixes;
    half_open *half_first, *half_last;
    uint32_t half_count, half_chains;
    uint32_t rate_limit;         /* connections a second of one network */
    network_count **rate_counts; /* of this second */
    int64_t rate_second;
    peer **by_address, **by_number; /* hashes of by_address_slots chains each */
    uint32_t by_address_slots, peer_total, any_sources;
    uint32_t number_uses[MAXIMUM_PEER_ID]; /* peers and half-open connections that have this number */

    peer *dispatch_first, *dispatch_last;
    uint64_t total_queued, released; /* packets queued up to `released` may leave in an urgent pass, too */
    uint32_t connected_peers, limited_peers;
    bool recalculate, throttled, transmitting;
    int64_t throttle_epoch;

    timer_entry *timers;
    uint32_t timer_count, timer_capacity;
    uint64_t timer_serial;

    outgoing_datagram *outbox;
    uint32_t outbox_count, outbox_first, outbox_capacity;
    half_open *unpaid; /* who is to pay for the datagram taken last */
    slot_set turn, again; /* peers yet to be asked in this pass, and in the next */

    uint64_t drops[DROP_COUNT];
    gde_drop_report reports[DROP_COUNT];
    uint32_t report_order[DROP_COUNT], report_count;

    pool_block *pool;
    uint32_t pool_count;
    uint64_t kept; /* bytes of everything received and not taken, with what keeping it costs */
    uint64_t queued_data; /* bytes of all packets that wait to be sent or acknowledged, with what keeping them costs */
    uint64_t favoured; /* who may finish a packet although the memory is used up */
    uint32_t pass_number, suspect_pass, suspect_commands; /* see budget.py */
    packet *taken; /* the packet of the last event */
    returned_event *returned, *last_returned; /* taken, and put back by whoever could not hand them on */
    uint8_t scratch[MAXIMUM_DATAGRAM + 8];
    uint8_t body_scratch[MAXIMUM_DATAGRAM + 8];
};

#define CONTAINER(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))
#define COMMAND_OF(list) CONTAINER(list, command, node)

static inline uint16_t read16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline uint32_t read32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}
static inline uint32_t read32_little(const uint8_t *at) {
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}
static inline uint8_t *write16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}
static inline uint8_t *write32(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
    return at + 4;
}
static inline uint8_t *write32_little(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)(value >> 16);
    at[3] = (uint8_t)(value >> 24);
    return at + 4;
}
static inline uint32_t min32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static inline uint32_t max32(uint32_t a, uint32_t b) { return a > b ? a : b; }
static inline bool same_address(const gde_address *a, const gde_address *b) {
    return memcmp(a->ip, b->ip, 16) == 0 && a->port == b->port && a->scope == b->scope;
}
static inline bool in_session(const peer *p) { return p->state == STATE_CONNECTED || p->state == STATE_DISCONNECT_LATER; }
static inline bool has_outgoing(const peer *p) {
    return p->queued_count || !list_empty(&p->sent);
}

/* channel.c: windows, and the table of early commands */
bool channel_accepts(const channel *c, uint16_t number);
bool channel_acknowledges(const channel *c, uint16_t number);
bool channel_gate_closed(const channel *c, uint16_t number);
channel *peer_channel(peer *p, uint32_t id); /* makes it; NULL without memory */
channel *peer_find_channel(const peer *p, uint32_t id);
void peer_free_channels(gde_engine *e, peer *p);
held *early_find(const gde_engine *e, const channel *c, uint16_t number);
bool early_insert(const gde_engine *e, channel *c, held *h);
void early_remove(const gde_engine *e, channel *c, held *h);
held *held_create(uint16_t reliable, uint16_t unreliable, uint8_t flags, uint32_t length, uint32_t fragment_count);
void held_free(gde_engine *e, held *h);
bool held_has(const gde_engine *e, const held *h, uint32_t number);
/* A fragment that is not there yet; false without memory. */
bool held_add(const gde_engine *e, held *h, uint32_t number, uint32_t offset, const uint8_t *data, uint32_t length);

/* peer_table.c */
/* A fresh peer in the lowest free slot, under this number or else under the slot's; there must be a slot. NULL without
 * memory. Without a connect id it draws one. */
peer *table_allocate(gde_engine *e, const gde_address *address, uint32_t number, const uint32_t *connect_id);
void table_release(gde_engine *e, peer *p);
void table_set_any_source(gde_engine *e, peer *p);
void table_move(gde_engine *e, peer *p, const gde_address *address); /* the peer with any source is there */
/* The peer whose datagrams come from there and name this number. */
peer *table_at(const gde_engine *e, const gde_address *address, uint32_t number);
peer *table_get(gde_engine *e, uint64_t handle);
bool table_has_connection(gde_engine *e, const gde_address *address, uint32_t connect_id);
/* Peers that connected from an IP address; 0 where their number is not limited. */
uint32_t table_count_from(gde_engine *e, const gde_address *address);

/* budget.c (see budget.py) */
bool must_wait(gde_engine *e, peer *p);
void put_off(gde_engine *e, peer *p, const uint8_t *data, uint32_t length, int64_t now);
void backlog_clear(gde_engine *e, peer *p);
void charge_nobody(gde_engine *e, uint32_t commands);
bool is_nobody_exhausted(const gde_engine *e);
uint32_t cost_of_decoding(const gde_engine *e, uint32_t coded, uint32_t decoded);
void suspect(gde_engine *e, peer *p, uint32_t cost);
bool is_suspect(const gde_engine *e, const peer *p);
bool may_keep(gde_engine *e, peer *p, uint64_t size, bool finishes);
bool may_queue(gde_engine *e, peer *p, uint64_t length);
bool takes_nothing(peer *p, int64_t now);

/* delivery.c: each returns whether the command succeeded (see delivery.py) */
bool receive_reliable(gde_engine *e, peer *p, channel *c, uint32_t id, uint16_t number, const uint8_t *data,
                      uint32_t length);
bool receive_unreliable(gde_engine *e, peer *p, channel *c, uint32_t id, uint16_t reliable, uint16_t unreliable,
                        const uint8_t *data, uint32_t length);
bool receive_unsequenced(gde_engine *e, peer *p, uint32_t id, uint16_t group, const uint8_t *data, uint32_t length);
bool receive_fragment(gde_engine *e, peer *p, channel *c, uint32_t id, uint16_t start, uint32_t count, uint32_t number,
                      uint32_t total, uint32_t offset, const uint8_t *data, uint32_t length);
bool receive_unreliable_fragment(gde_engine *e, peer *p, channel *c, uint32_t id, uint16_t reliable, uint16_t start,
                                 uint32_t count, uint32_t number, uint32_t total, uint32_t offset, const uint8_t *data,
                                 uint32_t length);

/* outgoing.c */
/* `shared` holds the data for several peers; NULL to begin with, NULL itself for one peer. */
int32_t queue_packet(gde_engine *e, peer *p, uint32_t id, const uint8_t *data, uint64_t length, uint32_t flags,
                     body **shared);
/* `tail` is what follows the four bytes of the command's header. */
bool queue_control(gde_engine *e, peer *p, uint8_t number, const uint8_t *tail, uint32_t size);
bool queue_ping(gde_engine *e, peer *p);
bool queue_farewell(gde_engine *e, peer *p, uint32_t data);
/* Header, commands, compression and checksum; sent_time: negative for none. Returns the length. */
uint32_t seal(gde_engine *e, const peer *p, const uint8_t *commands, uint32_t length, int32_t sent_time,
              uint8_t *buffer);
uint32_t build_datagram(gde_engine *e, peer *p, int64_t now, uint64_t latest, uint8_t *buffer);
/* The DISCONNECT that nobody acknowledges, as a datagram of its own; its length. */
uint32_t farewell(gde_engine *e, const peer *p, uint8_t *buffer);
void command_free(gde_engine *e, command *c);
/* The same for one that was queued. */
void command_forget(gde_engine *e, peer *p, command *c);
void body_release(body *b);

/* reliability.c */
void sample_round_trip(peer *p, uint64_t sample, int64_t now);
enum { NEVER_SENT = -1 };
/* The command of this key that is under way, or waits to be sent again. */
command *find_unacknowledged(const gde_engine *e, peer *p, uint32_t key);
/* Forgets a command that was acknowledged; sent_time: of the datagram that was, or NEVER_SENT. */
void acknowledge(gde_engine *e, peer *p, command *c, int64_t sent_time);
/* True if the peer must be given up; `timed_out` says then what for. */
bool check_timeouts(const gde_engine *e, peer *p, int64_t now);
/* A copy leaves, spare or not. */
void command_leave(command *c, int64_t now);
/* Whether a copy left then. */
bool command_has_left(const command *c, uint16_t time);
bool is_trial_over(const peer *p, int64_t now);
bool due_at(const gde_engine *e, const peer *p, int64_t *due);

/* recovery.c */
void recovery_learn(peer *p, const command *c, int64_t sent_time);
uint32_t spares_wanted(const gde_engine *e, const peer *p);
int64_t spare_gap(const peer *p);
bool spare_due_at(const gde_engine *e, const peer *p, int64_t *due);
bool call_due_at(const gde_engine *e, const peer *p, int64_t *due);
uint64_t recovery_timeout(const peer *p);
uint64_t recovery_patience(const peer *p, const command *c);
/* The command is under way from now on; false without memory. */
void sent_insert(const gde_engine *e, peer *p, command *c);
void unacknowledged_clear(peer *p);

/* throttle.c */
void adapt_throttle(peer *p, uint64_t sample);
void measure_loss(peer *p, int64_t now);
uint32_t clamp_window(uint32_t size);
uint32_t window_for(uint32_t outgoing, uint32_t incoming);
void bandwidth_throttle(gde_engine *e, int64_t now);

/* incoming.c */
/* `wire`: the bytes it had on the wire. `expanded`: somebody has decompressed it, whatever its flag says. */
void receive_datagram(gde_engine *e, const uint8_t *data, uint32_t length, uint32_t wire, bool expanded,
                      const gde_address *from, int64_t now);

/* half_open.c */
half_open *half_open_find(gde_engine *e, const gde_address *address, uint32_t connect_id, int64_t now);
half_open *half_open_at(gde_engine *e, const gde_address *address, uint32_t number);
/* A record that is over: that of this CONNECT, or else the oldest. */
half_open *half_open_expired(gde_engine *e, const gde_address *address, uint32_t connect_id, int64_t now);
/* The record that must go before one of this address comes; NULL if there is room. */
half_open *half_open_to_evict(gde_engine *e, const gde_address *address);
half_open *half_open_add(gde_engine *e, const half_open *wanted);
void half_open_remove(gde_engine *e, half_open *h);
void half_open_clear(gde_engine *e);
/* Bytes of the address that name its network; 0 for this machine. */
uint8_t prefix_size(const gde_address *address);
uint64_t hash_prefix(const gde_engine *e, const gde_address *address, uint8_t size);
/* Counts an answer of so many bytes; false if they are more than came. */
static inline bool half_open_pay(half_open *h, uint32_t bytes, int64_t now) {
    if (bytes > h->credit) return false;
    h->credit -= bytes;
    h->answered = now;
    return true;
}

/* connect_rate.c */
bool connect_rate_has_room(gde_engine *e, const gde_address *from, int64_t now);
void connect_rate_count(gde_engine *e, const gde_address *from);
void connect_rate_clear(gde_engine *e);

/* handshake.c */
peer *handle_connect(gde_engine *e, const uint8_t *at, const gde_address *from, uint32_t received, int64_t now);
/* Whether the commands from `at` on answer our CONNECT; their sender is the remote then. */
bool accept_answer(gde_engine *e, peer *p, const uint8_t *at, const uint8_t *end, const gde_address *from);
/* Where the commands behind the proof begin; NULL without one, and then another is asked for. */
const uint8_t *proof_end(gde_engine *e, half_open *h, const uint8_t *at, const uint8_t *end, uint32_t received,
                         int64_t now);
peer *promote(gde_engine *e, half_open *h, int64_t now);
/* The first number from this one on that the address does not use yet; there must be a free slot. */
uint32_t free_number(gde_engine *e, const gde_address *address, uint32_t number);
static inline uint32_t clamp_mtu(uint32_t mtu) { return max32(MINIMUM_MTU, min32(mtu, MAXIMUM_MTU)); }

/* engine.c */
/* Sends a datagram of no peer, with the next pass; `unpaid`: see gde_afford. */
void post(gde_engine *e, const uint8_t *data, uint32_t length, const gde_address *to, half_open *unpaid);
void engine_drop(gde_engine *e, uint32_t cause, const gde_address *from);
void enqueue(gde_engine *e, peer *p);
void unqueue_peer(gde_engine *e, peer *p);
void transmit_to_outbox(gde_engine *e, int64_t now);
void *pool_take(gde_engine *e, size_t size, bool *pooled);
void pool_give(gde_engine *e, void *block, bool pooled);
void packet_free(gde_engine *e, packet *waiting);
void put_back(gde_engine *e, const gde_event *event, packet *packet);

/* timers.c */
void schedule(gde_engine *e, peer *p);
bool timers_reserve(gde_engine *e); /* for one peer more, whose timers cannot fail then */

/* calls.c */
bool configure_throttle(gde_engine *e, peer *p, const uint32_t *values);

/* lifecycle.c */
void change_state(gde_engine *e, peer *p, uint8_t state);
void peer_connected(gde_engine *e, peer *p);
void peer_lost(gde_engine *e, peer *p);
void become_zombie(gde_engine *e, peer *p, uint8_t reason);
/* Ends the connection of a peer that was over its budget for too long; `buffer` has what it is told then. */
uint32_t evict(gde_engine *e, peer *p, uint8_t *buffer);
void reset_queues(gde_engine *e, peer *p);
void peer_release(gde_engine *e, peer *p);
void disconnect_peer(gde_engine *e, peer *p, uint32_t data, uint32_t mode, int64_t now);
void set_mtu(gde_engine *e, peer *p, uint32_t mtu);

/* Sets of slots */
static inline void set_bit(uint64_t *words, uint32_t bit) { words[bit >> 6] |= (uint64_t)1 << (bit & 63); }
static inline void clear_bit(uint64_t *words, uint32_t bit) { words[bit >> 6] &= ~((uint64_t)1 << (bit & 63)); }
static inline void slots_add(slot_set *set, uint32_t slot) {
    set_bit(set->words, slot);
    set->words_used |= (uint64_t)1 << (slot >> 6);
}
static inline void slots_remove(slot_set *set, uint32_t slot) {
    clear_bit(set->words, slot);
    if (!set->words[slot >> 6]) set->words_used &= ~((uint64_t)1 << (slot >> 6));
}
/* The number of the lowest bit that is set; there must be one. */
static inline uint32_t lowest_bit(uint64_t word) {
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(word);
#else
    uint32_t bit = 0;
    while (!(word >> bit & 1)) bit++;
    return bit;
#endif
}
/* Moves everything from one set into another. */
static inline void slots_move(slot_set *to, slot_set *from) {
    for (; from->words_used; from->words_used &= from->words_used - 1) {
        uint32_t word = lowest_bit(from->words_used);
        to->words[word] |= from->words[word];
        to->words_used |= (uint64_t)1 << word;
        from->words[word] = 0;
    }
}

/* Which of the chains (a power of two) a number belongs to. Multiplied by a secret, so that nobody can choose numbers that
 * meet in one: two of them do so once in as many times as there are chains (Dietzfelbinger's multiply-shift). */
static inline uint32_t keyed_chain(const gde_engine *e, uint32_t number, uint32_t chains) {
    return (uint32_t)((number * e->hash_key[0] + e->hash_key[1]) >> 32) & (chains - 1);
}

/* blake2s.c */
uint32_t engine_random(gde_engine *e);
/* Keyed, so that nobody can choose addresses that meet in one chain. */
uint64_t hash_address(const gde_engine *e, const gde_address *address, uint32_t value);

/* crc32.c */
uint32_t gde_crc32(uint32_t crc, const uint8_t *data, size_t length);

/* rangecoder.c, fastlz.c: bytes written, or 0 where it does not fit or is not valid */
typedef uint32_t coding(const uint8_t *data, uint32_t length, uint8_t *out, uint32_t limit);
coding range_coder_compress, range_coder_decompress, fastlz_compress_datagram, fastlz_decompress_datagram;

/* codec.c */
typedef struct {
    coding *compress, *decompress;
} codec;
extern const codec CODECS[];

#endif
