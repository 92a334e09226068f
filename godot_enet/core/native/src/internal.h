/* The functions that cross files, under the file that has them. An engine's file calls only what is further down here,
 * as in the layers of godot_enet/core/engine; tests/packaging/test_shape.py checks both. Not part of the ABI. */
#ifndef GDE_INTERNAL_H
#define GDE_INTERNAL_H

#include "state.h"

/* incoming.c */
/* `wire`: its length on the wire. `expanded`: the caller has decompressed it, whatever its flag says. */
void receive_datagram(gde_engine *e, const uint8_t *data, uint32_t length, uint32_t wire, bool expanded,
                      const gde_address *from, int64_t now);
/* See gde_expansion_limit. */
uint32_t expansion_limit(gde_engine *e, const uint8_t *data, uint32_t length, const gde_address *from);

/* dispatch.c */
/* Whether there is an event; its packet is valid until the next call. */
bool poll_event(gde_engine *e, gde_event *event);
/* Of several, the first one put back comes first. */
bool put_back(gde_engine *e, const gde_event *event, packet *packet); /* false without memory */
void free_returned(gde_engine *e);

/* disconnect.c */
void disconnect_peer(gde_engine *e, peer *p, uint32_t data, uint32_t mode, int64_t now);

/* backlog.c */
/* Keeps a datagram that is over budget for the next pass. Returns whether to evict the peer for it. */
bool defer_datagram(gde_engine *e, peer *p, const uint8_t *data, uint32_t length, int64_t now);
/* See gde_poll_backlog. */
uint32_t poll_backlog(gde_engine *e, uint8_t *buffer, gde_address *from);

/* handlers.c */
/* The data of a command, and whether there was no room for it: then it is not acknowledged. */
typedef struct {
    const uint8_t *at;
    uint32_t length;
    bool refused;
} span;
/* Returns false to ignore the rest of the datagram; `data` follows the command. */
bool handle_command(gde_engine *e, peer *p, const uint8_t *at, const uint8_t *body_at, const uint8_t *end, int64_t now,
                    span *data);

/* handshake.c */
/* A peer that connects, in the lowest free slot; there must be one. NULL without memory. */
peer *begin_connect(gde_engine *e, const gde_address *to, uint32_t channels, uint32_t data, bool any_source);
peer *handle_connect(gde_engine *e, const uint8_t *at, const gde_address *from, uint32_t received, int32_t sent_time,
                     int64_t now);
bool refuse_verified(gde_engine *e, const uint8_t *at, const gde_address *from);
/* Whether the commands from `at` on answer our CONNECT; their sender is the remote then. */
bool accept_answer(gde_engine *e, peer *p, const uint8_t *at, const uint8_t *end, const gde_address *from);
/* The commands after the address proof; NULL without a valid proof, which is then requested again. */
const uint8_t *parse_address_proof(gde_engine *e, half_open *h, const uint8_t *at, const uint8_t *end,
                                   uint32_t received, int64_t now);
peer *promote(gde_engine *e, half_open *h, int64_t now);
static inline uint32_t clamp_mtu(uint32_t mtu) { return max32(MINIMUM_MTU, min32(mtu, MAXIMUM_MTU)); }

/* transmit.c */
/* The next datagram of a send pass: its length, 0 when there is no more. */
uint32_t transmit_next(gde_engine *e, int64_t now, bool urgent, uint8_t *buffer, gde_address *to);
/* Runs a whole send pass into the outbox, before a peer is removed. */
void transmit_to_outbox(gde_engine *e, int64_t now);
/* The next datagram of the outbox: its length, 0 when there is none. */
uint32_t poll_answers(gde_engine *e, uint8_t *buffer, gde_address *to);

/* delivery.c */
/* Deliver every reliable command that is next, then what waited for them, or for one that `moved` before. */
void advance(gde_engine *e, peer *p, channel *c, uint32_t id, bool moved);
/* Each returns whether the command succeeded (see delivery.py). */
bool receive_reliable(gde_engine *e, peer *p, channel *c, uint32_t id, uint16_t number, const uint8_t *data,
                      uint32_t length);
bool receive_unreliable(gde_engine *e, peer *p, channel *c, uint32_t id, uint16_t reliable, uint16_t unreliable,
                        const uint8_t *data, uint32_t length);
bool receive_unsequenced(gde_engine *e, peer *p, uint32_t id, uint16_t group, const uint8_t *data, uint32_t length);
bool receive_fragment(gde_engine *e, peer *p, channel *c, uint32_t id, const send_fragment_fields *fragment,
                      const uint8_t *data);
bool receive_unreliable_fragment(gde_engine *e, peer *p, channel *c, uint32_t id, uint16_t reliable,
                                 const send_fragment_fields *fragment, const uint8_t *data);

/* timers.c */
void schedule(gde_engine *e, peer *p);
bool timers_reserve(gde_engine *e); /* for one peer more, whose timers cannot fail then */
void fire_timers(gde_engine *e, int64_t now);
bool next_due(gde_engine *e, int64_t *due);

/* lifecycle.c */
void change_state(gde_engine *e, peer *p, uint8_t state);
void peer_connected(gde_engine *e, peer *p);
void peer_lost(gde_engine *e, peer *p);
void become_zombie(gde_engine *e, peer *p, uint8_t reason);
/* Disconnects a peer that was over its budget for too long, with the DISCONNECT in `buffer`. */
uint32_t evict(gde_engine *e, peer *p, uint8_t *buffer);
void reset_queues(gde_engine *e, peer *p);
void forget_undelivered(gde_engine *e, peer *p);
void peer_release(gde_engine *e, peer *p);
/* Sends a DISCONNECT to a peer in session. */
void begin_disconnect(gde_engine *e, peer *p, uint32_t data);
void set_mtu(gde_engine *e, peer *p, uint32_t mtu);

/* reliability.c */
void sample_round_trip(peer *p, uint64_t sample, int64_t now);
enum { NEVER_SENT = -1 };
/* Removes a command that was acknowledged; sent_time: of the datagram that was, or NEVER_SENT. */
void acknowledge(gde_engine *e, peer *p, command **link, int64_t sent_time);
/* True if the peer has timed out; `timed_out` is then the command. */
bool check_timeouts(const gde_engine *e, peer *p, int64_t now);
bool is_validation_overdue(const peer *p, int64_t now);
bool due_at(const gde_engine *e, const peer *p, int64_t *due);

/* throttle.c */
void adapt_throttle(peer *p, uint64_t sample);
void measure_loss(peer *p, int64_t now);
uint32_t clamp_window(uint32_t size);
uint32_t window_for(uint32_t outgoing, uint32_t incoming);
/* Interval, acceleration and deceleration; false without memory. */
bool configure_throttle(gde_engine *e, peer *p, const uint32_t *values);
bool throttle_due(const gde_engine *e, int64_t *due);
void bandwidth_throttle(gde_engine *e, int64_t now);

/* outgoing.c */
/* `shared` holds the data for several peers; NULL to begin with, NULL itself for one peer. */
int32_t queue_packet(gde_engine *e, peer *p, uint32_t id, const uint8_t *data, uint64_t length, uint32_t flags,
                     body **shared);
/* The same for all connected peers that have the channel. */
int32_t queue_broadcast(gde_engine *e, uint32_t id, const uint8_t *data, uint64_t length, uint32_t flags,
                        body **shared);
/* `wire`: the whole command except its head, which is written here. */
bool queue_control(gde_engine *e, peer *p, uint8_t number, const uint8_t *wire, uint32_t size);
bool queue_ping(gde_engine *e, peer *p);
/* An unacknowledged DISCONNECT. */
bool queue_disconnect_now(gde_engine *e, peer *p, uint32_t data);

/* budget.c */
void set_shares(gde_engine *e);
void begin_pass(gde_engine *e);
bool is_host_exhausted(const gde_engine *e);
bool is_exhausted(gde_engine *e, peer *p);
void charge(gde_engine *e, peer *p, uint32_t commands);
bool must_defer(gde_engine *e, peer *p);
/* Drops a datagram because the backlog is full. Returns whether that has lasted too long, so the peer is evicted. */
bool on_over_budget(gde_engine *e, peer *p, int64_t now);
void charge_unverified(gde_engine *e, uint32_t commands);
bool is_unverified_exhausted(const gde_engine *e);
uint32_t cost_of_decoding(const gde_engine *e, uint32_t coded, uint32_t decoded);
void suspect(gde_engine *e, peer *p, uint32_t cost);
bool is_suspect(const gde_engine *e, const peer *p);
bool can_buffer(gde_engine *e, peer *p, uint64_t size, bool completes_next);
bool can_queue(gde_engine *e, peer *p, uint64_t length);
bool is_stalled(peer *p, int64_t now);

/* framing.c */
/* Header, commands, compression and checksum; sent_time: negative for none. Returns the length. */
uint32_t seal(gde_engine *e, const peer *p, const uint8_t *commands, uint32_t length, int32_t sent_time,
              uint8_t *buffer);
/* A datagram with one unacknowledged DISCONNECT; its length. */
uint32_t disconnect_datagram(gde_engine *e, const peer *p, uint32_t data, uint8_t *buffer);

/* redundancy.c */
uint32_t redundancy_for(const gde_engine *e, const peer *p);
int64_t copy_gap(const peer *p);
bool copy_due_at(const gde_engine *e, const peer *p, int64_t *due);
bool probe_due_at(const gde_engine *e, const peer *p, int64_t *due);

/* state.c */
void engine_drop(gde_engine *e, uint32_t cause, const gde_address *from);
/* Puts a finished datagram into the outbox; `unpaid`: see gde_afford. */
void post(gde_engine *e, const uint8_t *data, uint32_t length, const gde_address *to, half_open *unpaid);
/* Queues a peer that has events for dispatch. */
void enqueue(gde_engine *e, peer *p);
void queue_peer(gde_engine *e, peer *p);
void unqueue_peer(gde_engine *e, peer *p);
/* The peer has a backlog for the next pass (see backlog.py), or no longer has. */
void backlog_add(gde_engine *e, peer *p);
void backlog_remove(gde_engine *e, peer *p);

/* peer_table.c */
peer_key key_for(const gde_engine *e, const gde_address *address, uint32_t value);
uint32_t table_lowest_free(const gde_engine *e);
/* A fresh peer in the lowest free slot; there must be one. The keys: its connect id, and its number. NULL without memory. */
peer *table_allocate(gde_engine *e, const peer_key *request, const peer_key *number);
void table_release(gde_engine *e, peer *p);
void table_set_any_source(gde_engine *e, peer *p);
void table_move(gde_engine *e, peer *p, const gde_address *address); /* sets the address of a peer with any source */
/* The peer with this address and number. */
peer *table_at(const gde_engine *e, const peer_key *number);
peer *table_get(gde_engine *e, uint64_t handle);
bool table_has_connection(gde_engine *e, const peer_key *request);
/* Peers that connected from an IP address; 0 where their number is not limited. */
uint32_t table_count_from(gde_engine *e, const gde_address *address);

/* connect_rate.c */
bool connect_rate_has_room(gde_engine *e, const gde_address *from, int64_t now);
void connect_rate_count(gde_engine *e, const gde_address *from);
void connect_rate_clear(gde_engine *e);

/* group.c */
/* The limits of a host, for all engines that are added. */
gde_group *group_create(const gde_config *config);
void group_free(gde_group *g);
void group_after_fork(gde_group *g);
void group_add(gde_group *g, gde_engine *e, uint32_t shard);
void group_remove(gde_engine *e); /* it must have no peers and no data */
uint32_t group_set_peer_limit(gde_group *g, uint32_t limit); /* returns the one before */
/* Learn of the bytes that the others hold; tell them of ours. */
void group_enter(gde_engine *e);
void group_leave(gde_engine *e);
/* The part of the host's bandwidth for the peers of this engine. */
uint64_t group_part(const gde_engine *e, uint64_t bandwidth);
/* Whether there is room for a peer from this address; takes it, if there is; gives it back. */
bool group_has_room(const gde_engine *e, const gde_address *from);
bool group_add_peer(gde_engine *e, const gde_address *from);
void group_remove_peer(gde_engine *e, const gde_address *from);
/* The same for half-open connections; `size`: see prefix_size. */
bool group_is_prefix_full(const gde_engine *e, const gde_address *from, uint8_t size);
bool group_is_half_open_full(const gde_engine *e);
bool group_add_half_open(gde_engine *e, const gde_address *from, uint8_t size); /* false without memory */
void group_remove_half_open(gde_engine *e, const gde_address *from, uint8_t size);

/* half_open.c */
half_open *half_open_find(gde_engine *e, const peer_key *request, int64_t now);
half_open *half_open_at(gde_engine *e, const peer_key *number);
/* An expired record: that of this CONNECT, or else the oldest. */
half_open *half_open_expired(gde_engine *e, const peer_key *request, int64_t now);
/* The record to evict before adding this one; NULL if there is room. */
half_open *half_open_to_evict(gde_engine *e, const half_open *wanted);
half_open *half_open_add(gde_engine *e, const half_open *wanted);
void half_open_remove(gde_engine *e, half_open *h);
void half_open_clear(gde_engine *e);
/* Bytes of the address that name its network; 0 for this machine. */
uint8_t prefix_size(const gde_address *address);
uint32_t hash_prefix(const gde_engine *e, const gde_address *address, uint8_t size);
/* Spends credit for a reply; false if there is not enough. */
static inline bool half_open_pay(half_open *h, uint32_t bytes, int64_t now) {
    if (bytes > h->credit) return false;
    h->credit -= bytes;
    h->answered = now;
    return true;
}

/* recovery.c */
void recovery_on_acknowledged(peer *p, const command *c, int64_t sent_time);
uint64_t recovery_timeout(const peer *p);
uint64_t recovery_loss_delay(const peer *p, const command *c);

/* commands.c */
/* `room` is for the header and what data lies behind it. */
command *command_create(gde_engine *e, uint8_t number, bool reliable, channel *c, uint32_t key, size_t room);
void command_free(gde_engine *e, command *c);
/* The same for one that was queued. */
void command_forget(gde_engine *e, peer *p, command *c);
/* Its size in the send queue. */
uint32_t command_queued_size(const command *c);
/* Records that a copy leaves, redundant or not. */
void command_on_sent(command *c, int64_t now);
/* Whether a copy left at that time. */
bool command_was_sent_at(const command *c, uint16_t time);
body *body_create(const uint8_t *data, uint64_t length);
void body_release(body *b);
/* The command is in flight from now on. */
void sent_insert(const gde_engine *e, peer *p, command *c);
/* The link to the command with this key that is in flight, or waits to be resent; valid until the next change. */
command **find_unacknowledged(const gde_engine *e, peer *p, uint32_t key);
command *unacknowledged_remove(peer *p, command **link);
void unacknowledged_clear(peer *p);

/* channel.c: windows, and the table of early commands */
bool channel_accepts(const channel *c, uint16_t number);
bool channel_acknowledges(const channel *c, uint16_t number);
bool channel_gate_closed(const channel *c, uint16_t number);
channel *peer_channel(peer *p, uint32_t id); /* makes it; NULL without memory */
channel *peer_find_channel(const peer *p, uint32_t id);
void peer_init_channels(peer *p);
void peer_free_channels(gde_engine *e, peer *p);
held *early_find(const gde_engine *e, const channel *c, uint16_t number);
bool early_insert(const gde_engine *e, channel *c, held *h);
void early_remove(const gde_engine *e, channel *c, held *h);

/* reassembly.c */
held *held_create(uint16_t reliable, uint16_t unreliable, uint8_t flags, uint32_t length, uint32_t fragment_count);
void held_free(gde_engine *e, held *h);
bool held_has(const gde_engine *e, const held *h, uint32_t number);
/* Adds a new fragment; false without memory. */
bool held_add(const gde_engine *e, held *h, const send_fragment_fields *fragment, const uint8_t *data);

/* pool.c */
void *pool_take(gde_engine *e, size_t size, bool *pooled);
void pool_give(gde_engine *e, void *block, bool pooled);
void packet_free(gde_engine *e, packet *waiting);

/* blake2s.c */
void set_random_key(gde_engine *e);
uint32_t engine_random(gde_engine *e);
/* Keyed, so that an attacker cannot choose addresses that collide. */
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
